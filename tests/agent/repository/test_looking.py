"""Where a run looks: a model's votes, the lines that tests execute, what is around the code, all of it recorded."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.repository.context import search, understand
from agent.repository.files import Files
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from tests.agent.conftest import Desk
from tests.agent.repository.conftest import FIRST, RIGHT, TASK
from tests.agent.repository.test_baseline import opened

PLAIN = ("--mode", "plan", "-n", 1, "-m", 1, "--rounds", 1, "--sandbox", "none", "--python", sys.executable)


@contextmanager
def files_of(repository: Path) -> Iterator[Files]:
    """The files of a snapshot of the repository."""
    with open_repository(repository) as open_:
        yield take_snapshot(open_, "looked").files


def test_a_model_is_asked_once_where_to_look_and_its_answer_is_replayed(desk: Desk, repository: Path) -> None:
    model = desk.script(coder=[RIGHT], tester=[FIRST], places=["The function pages."])
    words = ("change", TASK, "--repo", repository, "--model", model, *PLAIN)
    assert desk.run(*words).code in (0, 1)
    state = desk.newest.state
    assert "places/1" not in state.asked and state.places is not None
    assert state.places.places[0] == "pager.py::page"
    done = desk.run(*words, "--votes", 3)
    assert done.code in (0, 1), done.stderr
    state = desk.newest.state
    assert state.asked["places/1"].n == 3 and state.places is not None
    assert state.places.places[0] == "pager.py::pages" and "the model named it" in state.places.reasons[0]
    assert state.candidates["c1"].key == "coder/1", "votes are no candidates"
    assert "Looked at pager.py::pages" in desk.run("why").stdout
    replayed = desk.run("replay")
    assert replayed.code == 0 and "prompts show pager.py::pages" in replayed.stdout, replayed.stderr


def test_test_files_that_execute_the_code_shown_come_first(repository: Path) -> None:
    for name in ("a", "z"):
        (repository / "tests" / f"test_{name}.py").write_text("def test_one():\n    assert True\n")
    with files_of(repository) as files:
        found = search(TASK, files)
        assert understand(found, ["pager"]).tests == ("tests/test_pager.py",)
        line = found.found.places[0].symbol.last
        executed: Mapping[str, Mapping[str, list[int]]] = {
            "tests/test_z.py": {"pager.py": [line]},
            "tests/test_a.py": {"pager.py": [1]},
        }
        assert understand(found, ["pager"], executed).tests == ("tests/test_z.py", "tests/test_pager.py")
        assert understand(found, ["pager"], executed, ["tests/test_a.py"]).tests == ("tests/test_a.py",)


async def test_lines_are_noted_where_not_every_test_file_is_run_for_each_patch(
    repository: Path, tmp_path: Path
) -> None:
    pytest.importorskip("coverage")
    for number in range(8):
        (repository / "tests" / f"test_{number}.py").write_text("def test_one():\n    assert True\n")
    hidden = "import importlib\n\n\ndef test_it():\n    assert importlib.import_module('pager').page([1], 0) == [1]\n"
    (repository / "tests" / "test_7.py").write_text(hidden)
    _, tests, _ = await opened(repository, tmp_path)
    assert tests.base is not None
    with files_of(repository) as files:
        context = understand(search("page returns items", files), tests.modules, tests.base.report.lines)
    assert "tests/test_7.py" in context.tests


def test_prompts_show_what_is_around_the_best_place(repository: Path) -> None:
    (repository / "show.py").write_text("from pager import page\n\n\ndef show(items):\n    return page(items, 1)\n")
    with files_of(repository) as files:
        context = understand(search(TASK, files), ["pager"])
    assert context.shown[0].place.name == "page"
    assert "# Used by\nshow.py:5 in show: return page(items, 1)" in context.map_text
    assert context.instructions.endswith("Keep functions short.")
