"""Patches that would win by changing what judges them are refused; honest ones are not."""

from __future__ import annotations

import textwrap

import pytest

from agent.repository.checks.protected import Policy, Reason, policy_of, violations
from agent.repository.checks.suite import Runner, Suite
from agent.repository.files import Changed
from tests.agent.repository.checks.held import Held, files_of

SOURCE = '''
"""Sums."""

import os
import sys


def add(left, right):
    """The sum.

    >>> add(1, 2)
    3
    """
    return left - right


def main():
    print(add(1, 2))
    sys.exit(0)


if __name__ == "__main__":
    main()
'''
TESTS = """
import pytest

from sums import add

LIMIT = 10


@pytest.fixture
def numbers():
    return [1, 2]


def helper(value):
    return value


@pytest.mark.parametrize("left, right, total", [(1, 2, 3), (2, 2, 4)])
def test_add(left, right, total):
    assert add(left, right) == total


def test_limit(numbers):
    assert add(*numbers) < LIMIT
    assert helper(add(*numbers)) == 3


class TestMore:
    def test_negative(self):
        assert add(-1, 1) == 0

    def test_raises(self):
        with pytest.raises(TypeError):
            add(None, 1)
"""
FILES = files_of(
    {
        "sums.py": SOURCE,
        "pkg/__init__.py": "",
        "pkg/testing/__init__.py": "def check():\n    return True\n",
        "tests/__init__.py": "",
        "tests/conftest.py": "import pytest\n",
        "tests/test_sums.py": TESTS,
        "tests/data/expected.json": '{"total": 3}\n',
        "pyproject.toml": '[project]\nname = "sums"\nversion = "1"\n[tool.pytest.ini_options]\ntestpaths = ["tests"]\n',
        "setup.cfg": "[metadata]\nname = sums\n",
        "tox.ini": "[tox]\nenvlist = py311\n[testenv]\ncommands = pytest\n",
        "Makefile": "test:\n\tpytest\n",
        "README.md": "# sums\n",
        "docs/use.rst": "Use it\n\n>>> add(1, 2)\n3\n",
    }
)
TEST = FILES.read("tests/test_sums.py").decode()
CODE = FILES.read("sums.py").decode()


def with_tests(old: str, new: str) -> dict[str, bytes | None]:
    assert old in TEST
    return {"tests/test_sums.py": TEST.replace(old, new).encode()}


def code_with(lines: str, *, at_the_end: bool = False) -> dict[str, bytes | None]:
    lines = textwrap.dedent(lines)
    fixed = CODE.replace("left - right", "left + right")
    return {
        "sums.py": (fixed + lines if at_the_end else fixed.replace("import sys\n", f"import sys\n{lines}", 1)).encode()
    }


REFUSED: dict[str, tuple[Changed, Reason]] = {
    "deletes the test file": ({"tests/test_sums.py": None}, Reason.DELETED),
    "moves the test file": ({"tests/test_sums.py": None, "tests/sums_old.txt": TEST.encode()}, Reason.DELETED),
    "deletes data of tests": ({"tests/data/expected.json": None}, Reason.DELETED),
    "empties the test file": ({"tests/test_sums.py": b""}, Reason.WEAKENED),
    "breaks the test file": ({"tests/test_sums.py": b"def test(:\n"}, Reason.WEAKENED),
    "removes a test": (with_tests("def test_limit(numbers):", "def check_limit(numbers):"), Reason.WEAKENED),
    "removes a method": (with_tests("def test_raises(self):", "def raises(self):"), Reason.WEAKENED),
    "skips a test": (with_tests("def test_limit(", "@pytest.mark.skip\ndef test_limit("), Reason.WEAKENED),
    "expects a failure": (with_tests("class TestMore", "@pytest.mark.xfail\nclass TestMore"), Reason.WEAKENED),
    "skips all tests": (with_tests("LIMIT = 10\n", "LIMIT = 10\npytestmark = pytest.mark.skip\n"), Reason.WEAKENED),
    "skips the module": (
        with_tests("LIMIT = 10\n", "LIMIT = 10\npytest.skip(allow_module_level=True)\n"),
        Reason.WEAKENED,
    ),
    "skips inside of a test": (
        with_tests("    assert add(-1", "    pytest.skip()\n        assert add(-1"),
        Reason.WEAKENED,
    ),
    "returns before the assertions": (
        with_tests("    assert add(*numbers) <", "    return\n    assert add(*numbers) <"),
        Reason.WEAKENED,
    ),
    "drops an assertion": (with_tests("    assert helper(add(*numbers)) == 3\n", ""), Reason.WEAKENED),
    "changes an expected value": (with_tests("(1, 2, 3)", "(1, 2, -1)"), Reason.WEAKENED),
    "drops a case": (with_tests("(1, 2, 3), ", ""), Reason.WEAKENED),
    "weakens a comparison": (with_tests("add(-1, 1) == 0", "add(-1, 1) != 0"), Reason.WEAKENED),
    "changes a constant": (with_tests("LIMIT = 10", "LIMIT = 1000"), Reason.WEAKENED),
    "changes a helper": (with_tests("    return value", "    return 3"), Reason.WEAKENED),
    "changes a fixture": (with_tests("return [1, 2]", "return [2, -1]"), Reason.WEAKENED),
    "defines a test again": (
        with_tests("class TestMore", "def test_limit():\n    pass\n\n\nclass TestMore"),
        Reason.WEAKENED,
    ),
    "replaces the tested function": (
        with_tests("LIMIT = 10\n", "LIMIT = 10\ndef add(a, b):\n    return a + b\n"),
        Reason.WEAKENED,
    ),
    "replaces it by an import": (with_tests("LIMIT = 10\n", "LIMIT = 10\nfrom operator import add\n"), Reason.WEAKENED),
    "deletes a test at the end": ({"tests/test_sums.py": (TEST + "\ndel test_add\n").encode()}, Reason.WEAKENED),
    "adds a fixture for all": (
        {"tests/test_sums.py": (TEST + "\n@pytest.fixture(autouse=True)\ndef no():\n    pytest.skip()\n").encode()},
        Reason.WEAKENED,
    ),
    "adds a set-up that skips": (
        {"tests/test_sums.py": (TEST + "\ndef setup_module():\n    pytest.skip()\n").encode()},
        Reason.WEAKENED,
    ),
    "switches a class off": (
        with_tests("class TestMore:\n", "class TestMore:\n    __test__ = False\n\n"),
        Reason.WEAKENED,
    ),
    "changes data of tests": ({"tests/data/expected.json": b'{"total": -1}\n'}, Reason.WEAKENED),
    "plants a conftest": ({"conftest.py": b"collect_ignore = ['tests']\n"}, Reason.SETTINGS),
    "changes the conftest": (
        {"tests/conftest.py": b"def pytest_runtest_makereport(item, call): ...\n"},
        Reason.SETTINGS,
    ),
    "plants pytest.ini": ({"pytest.ini": b"[pytest]\naddopts = -k nothing\n"}, Reason.SETTINGS),
    "changes pytest's settings": (
        {"pyproject.toml": FILES.read("pyproject.toml").replace(b'["tests"]', b'["none"]')},
        Reason.SETTINGS,
    ),
    "adds pytest's settings to setup.cfg": (
        {"setup.cfg": b"[metadata]\nname = sums\n[tool:pytest]\ntestpaths = x\n"},
        Reason.SETTINGS,
    ),
    "adds pytest's settings to tox.ini": (
        {"tox.ini": FILES.read("tox.ini") + b"[pytest]\naddopts = --collect-only\n"},
        Reason.SETTINGS,
    ),
    "changes tox's command": ({"tox.ini": FILES.read("tox.ini").replace(b"= pytest", b"= true")}, Reason.SETTINGS),
    "registers a plug-in": (
        {"pyproject.toml": FILES.read("pyproject.toml") + b'\n[project.entry-points.pytest11]\nx = "sums"\n'},
        Reason.SETTINGS,
    ),
    "deletes the settings": ({"pyproject.toml": None}, Reason.SETTINGS),
    "plants sitecustomize": ({"sitecustomize.py": b"import os\n"}, Reason.PLANTED),
    "plants a .pth": ({"x.pth": b"import os; os._exit(0)\n"}, Reason.PLANTED),
    "plants a module for pytest": ({"pytest.py": b"def main(*a, **k): return 0\n"}, Reason.PLANTED),
    "plants a package for _pytest": ({"_pytest/__init__.py": b""}, Reason.PLANTED),
    "plants a module of the standard library": ({"tests/json.py": b"def loads(x): return 3\n"}, Reason.PLANTED),
    "plants the tested module beside the tests": ({"tests/sums.py": b"def add(a, b): return a + b\n"}, Reason.PLANTED),
    "plants a compiled module": ({"sums.so": b"\x7fELF"}, Reason.PLANTED),
    "plants metadata of a plug-in": ({"x.dist-info/entry_points.txt": b"[pytest11]\nx = sums\n"}, Reason.PLANTED),
    "puts code into the package of tests": ({"tests/unit/__init__.py": b"import os\nos._exit(0)\n"}, Reason.PLANTED),
    "changes the package of tests": (
        {"tests/__init__.py": b"import sums\nsums.add = lambda a, b: 3\n"},
        Reason.WEAKENED,
    ),
    "adds a test that patches pytest": ({"tests/test_a.py": b"import pytest\npytest.raises = None\n"}, Reason.PLANTED),
    "adds a test that loads a plug-in": ({"tests/test_a.py": b"pytest_plugins = ['sums']\n"}, Reason.PLANTED),
    "adds a test that ends the interpreter": ({"tests/test_a.py": b"import os\nos._exit(0)\n"}, Reason.PLANTED),
    "imports pytest": (code_with("import pytest\n"), Reason.TAMPERS),
    "imports pytest's inside in a function": (
        code_with("def f():\n    from _pytest import runner\n", at_the_end=True),
        Reason.TAMPERS,
    ),
    "patches unittest": (code_with("from unittest import TestCase\nTestCase.assertEqual = print\n"), Reason.TAMPERS),
    "ends the interpreter": (code_with("os._exit(0)\n"), Reason.TAMPERS),
    "ends it under another name": (code_with("from os import _exit as leave\nleave(0)\n"), Reason.TAMPERS),
    "exits at import": (code_with("try:\n    sys.exit(0)\nfinally:\n    pass\n"), Reason.TAMPERS),
    "raises SystemExit at import": (code_with("if True:\n    raise SystemExit(0)\n"), Reason.TAMPERS),
    "waits for the end": (code_with("import atexit\natexit.register(os._exit, 0)\n"), Reason.TAMPERS),
    "asks whether it is tested": (code_with('TESTED = "PYTEST_CURRENT_TEST" in os.environ\n'), Reason.TAMPERS),
    "looks for pytest among the modules": (code_with('TESTED = "pytest" in sys.modules\n'), Reason.TAMPERS),
    "looks at its callers": (code_with("CALLER = sys._getframe(1)\n"), Reason.TAMPERS),
    "patches builtins": (code_with("import builtins\nbuiltins.AssertionError = Exception\n"), Reason.TAMPERS),
    "patches builtins by setattr": (
        code_with("import builtins as b\nsetattr(b, 'isinstance', print)\n"),
        Reason.TAMPERS,
    ),
    "puts itself among the modules": (code_with("sys.modules['operator'] = None\n"), Reason.TAMPERS),
    "runs a text": (code_with("exec('import py' + 'test')\n"), Reason.TAMPERS),
    "is equal to everything": (
        code_with("class Any:\n    def __eq__(self, other):\n        return True\n", at_the_end=True),
        Reason.TAMPERS,
    ),
    "writes the tests": (code_with('open("tests/test_sums.py", "w").close()\n'), Reason.TAMPERS),
    "changes an example of a text": ({"docs/use.rst": b"Use it\n\n>>> add(1, 2)\n-1\n"}, Reason.WEAKENED),
    "ends it by name": (code_with("getattr(os, '_exit')(0)\n"), Reason.TAMPERS),
    "changes an example": ({"sums.py": CODE.replace("    3\n", "    -1\n").encode()}, Reason.WEAKENED),
    "writes into .git": ({".git/hooks/post-checkout": b"#!/bin/sh\n"}, Reason.OUTSIDE),
    "leaves the repository": ({"../outside.py": b""}, Reason.OUTSIDE),
    "names an absolute path": ({"/etc/passwd": b""}, Reason.OUTSIDE),
    "touches what the user protects": ({"README.md": b"# other\n"}, Reason.PROTECTED),
    "changes what the command reads": ({"Makefile": b"test:\n\ttrue\n"}, Reason.SETTINGS),
}
HONEST: dict[str, Changed] = {
    "fixes a function": code_with(""),
    "adds a function": code_with("def twice(value):\n    return 2 * value\n", at_the_end=True),
    "adds a class with equality": code_with(
        "class Sum:\n    def __eq__(self, other):\n        return self.value == other.value\n", at_the_end=True
    ),
    "adds a new module": {"more.py": b"def more():\n    return 1\n"},
    "adds a new package": {"extra/__init__.py": b"VALUE = 1\n", "extra/types.py": b"Number = int\n"},
    "deletes a module": {"pkg/__init__.py": None},
    "adds an exit to the command": code_with("def end():\n    sys.exit(1)\n", at_the_end=True),
    "changes a product's own testing helpers": {"pkg/testing/__init__.py": b"def check():\n    return 1 == 1\n"},
    "changes the version and the dependencies": {
        "pyproject.toml": FILES.read("pyproject.toml").replace(b'version = "1"', b'version = "2"\ndependencies = ["x"]')
    },
    "adds an environment to tox": {"tox.ini": FILES.read("tox.ini").replace(b"py311", b"py311,py312")},
    "adds an example": {"docs/use.rst": b"Use it:\n\n>>> add(1, 2)\n3\n>>> add(1, 1)\n2\n"},
    "changes the readme": {"docs/index.md": b"# sums\n"},
    "adds a test": {"tests/test_sums.py": (TEST + "\n\ndef test_zero():\n    assert add(0, 0) == 0\n").encode()},
    "adds a test in the middle": with_tests(
        "class TestMore:", "def test_zero():\n    assert not add(0, 0)\n\n\nclass TestMore:"
    ),
    "adds a method": with_tests(
        "    def test_raises", "    def test_two(self):\n        assert add(1, 1) == 2\n\n    def test_raises"
    ),
    "adds a case": with_tests("(2, 2, 4)]", "(2, 2, 4), (5, 5, 10)]"),
    "adds an assertion": with_tests("== 3\n", "== 3\n    assert add(3, 4) == 7\n"),
    "adds an import and a helper": with_tests("LIMIT = 10\n", "import math\n\nLIMIT = 10\nSMALL = 1\n"),
    "formats and comments the tests": with_tests("LIMIT = 10", "LIMIT = (10)  # as documented"),
    "adds a test file": {
        "tests/test_more.py": b"import pytest\nimport unittest\n\ndef setup_module(): ...\n\ndef test_x():\n    pass\n"
    },
    "adds data for tests": {"tests/data/more.json": b"{}\n"},
    "adds a package of tests": {
        "tests/unit/__init__.py": b"",
        "tests/unit/test_one.py": b"def test_one():\n    assert True\n",
    },
    "changes nothing": {"tests/test_sums.py": TEST.encode()},
}
POLICY = Policy(protect=("*.md", "!docs/**"), command_files=("Makefile",), doctests=True, doctest_files=("*.rst",))


@pytest.mark.parametrize("name", REFUSED)
def test_a_patch_that_cheats_is_refused_with_its_reason(name: str) -> None:
    changed, reason = REFUSED[name]
    found = violations(FILES, changed, POLICY)
    assert reason in {violation.reason for violation in found}, [violation.words for violation in found]
    assert all(violation.detail and violation.path in changed for violation in found)


@pytest.mark.parametrize("name", HONEST)
def test_an_honest_patch_is_not_refused(name: str) -> None:
    assert [violation.words for violation in violations(FILES, HONEST[name], POLICY)] == []


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][1] in (Reason.DELETED, Reason.WEAKENED)])
def test_the_user_may_ask_for_changes_of_tests(name: str) -> None:
    assert (
        violations(FILES, REFUSED[name][0], Policy(allow_test_changes=True, doctests=True, doctest_files=("*",))) == []
    )


@pytest.mark.parametrize("name", [name for name in REFUSED if REFUSED[name][1] in (Reason.TAMPERS, Reason.OUTSIDE)])
def test_tampering_is_refused_even_then(name: str) -> None:
    assert violations(FILES, REFUSED[name][0], Policy(allow_test_changes=True))


def test_what_a_module_did_before_it_may_go_on_doing() -> None:
    files = Held({**FILES.contents, "sums.py": b"import atexit\nimport pytest\nexec('')\n"})
    assert violations(files, {"sums.py": b"import pytest\nimport atexit\n\nexec('')\nVALUE = 1\n"}) == []


def test_the_policy_of_a_suite_protects_what_its_command_reads() -> None:
    command = policy_of(FILES, Suite(Runner.COMMAND, ("/bin/sh", "-c", "make test && ./sums.py README.md")))
    assert command.command_files == ("Makefile", "README.md", "sums.py") and not command.doctests
    modules = policy_of(FILES, Suite(Runner.PYTEST, ("--doctest-modules", "--doctest-glob=*.rst")), protect=("x",))
    assert modules == Policy(protect=("x",), doctests=True, doctest_files=("*.rst",))
