"""Test files that a change touches come first; a generated test goes where its neighbours are."""

from __future__ import annotations

import pytest

from agent.repository.checks.placing import place_test
from agent.repository.checks.relevant import import_graph, relevant
from tests.agent.repository.checks.held import files_of

FILES = files_of(
    {
        "src/pkg/__init__.py": "from pkg.core import run\n",
        "src/pkg/core.py": "from . import parts\nfrom .low import deep\n",
        "src/pkg/parts.py": "",
        "src/pkg/low/__init__.py": "",
        "src/pkg/low/deep.py": "import json\n",
        "src/pkg/alone.py": "",
        "tests/conftest.py": "from helpers import make\n",
        "tests/helpers.py": "",
        "tests/test_core.py": "from pkg import core\n",
        "tests/test_deep.py": "import os\n",
        "tests/test_low.py": "from pkg.low.deep import x\n",
        "tests/test_other.py": "import os\n",
        "tests/test_pkg.py": "import pkg\n",
        "other/test_far.py": "import nothing\n",
    }
)


def test_imports_are_followed() -> None:
    edges = import_graph(FILES).edges
    assert edges["src/pkg/core.py"] == {
        *("src/pkg/__init__.py", "src/pkg/parts.py", "src/pkg/low/__init__.py", "src/pkg/low/deep.py")
    }
    assert edges["tests/conftest.py"] == {"tests/helpers.py"}
    assert import_graph(FILES).distances(["src/pkg/parts.py"])["tests/test_pkg.py"] == 3


@pytest.mark.parametrize(
    ("changed", "first", "never"),
    [
        (["src/pkg/low/other.py", "src/pkg/low/deep.py"], ["tests/test_deep.py", "tests/test_other.py"], ["other"]),
        (["src/pkg/low/deep.py"], ["tests/test_deep.py", "tests/test_low.py"], ["other/test_far.py"]),
        (["src/pkg/core.py"], ["tests/test_core.py"], ["tests/test_deep.py", "tests/test_other.py"]),
        (["src/pkg/__init__.py"], ["tests/test_pkg.py", "tests/test_core.py"], ["tests/test_other.py"]),
        (["tests/helpers.py"], ["tests/test_core.py", "tests/test_deep.py"], ["other/test_far.py"]),
    ],
)
def test_the_most_telling_tests_come_first(changed: list[str], first: list[str], never: list[str]) -> None:
    found = relevant(FILES, changed)
    assert found[: len(first)] == first and not set(never) & set(found)


def test_where_nothing_reaches_the_change_all_tests_are_run() -> None:
    everything = [path for path in FILES.paths if "test_" in path]
    assert sorted(relevant(FILES, ["src/pkg/alone.py"])) == everything == sorted(relevant(FILES, ["data.bin"]))


def test_what_a_test_executed_counts_most() -> None:
    executed = {"other/test_far.py": {"src/pkg/core.py": {1, 2}}, "tests/test_core.py": {"src/pkg/core.py": {9}}}
    core = ["src/pkg/core.py"]
    assert relevant(FILES, core, executed=executed)[:2] == ["tests/test_core.py", "other/test_far.py"]
    assert relevant(FILES, core, executed=executed, lines={"src/pkg/core.py": [2]})[0] == "other/test_far.py"


def test_a_generated_test_goes_where_most_tests_are_and_overwrites_nothing() -> None:
    assert place_test(FILES, "Adds: numbers!") == "tests/test_cure_agent_adds_numbers.py"
    assert place_test(FILES, "x", near="other/test_far.py") == "other/test_cure_agent_x.py"
    there = files_of({"pkg/tests/test_cure_agent_x.py": "", "pkg/tests/test_a.py": ""})
    first = place_test(there, "x")
    assert first == "pkg/tests/test_cure_agent_x_2.py" and place_test(there, "x", taken=[first]).endswith("_3.py")
    assert place_test(files_of({"a.py": ""}), "../../é") == "tests/test_cure_agent_1.py"
    assert "/" not in place_test(files_of({"test_a.py": ""}), "/etc/passwd")


def test_a_generated_test_has_a_name_that_the_project_s_patterns_match() -> None:
    files = files_of({"pytest.ini": "[pytest]\npython_files = check_*.py\n", "checks/check_a.py": ""})
    assert place_test(files, "x") == "checks/check_test_cure_agent_x.py"
    only = files_of({"pytest.ini": "[pytest]\ntestpaths = unit\npython_files = *_spec.py\n"})
    assert place_test(only, "x") == "unit/test_cure_agent_x_spec.py"
