"""How tests are run is read from whatever the repository writes down, with the reason; nothing is run."""

from __future__ import annotations

import pytest

from agent.repository.checks import Runner, find_suite
from agent.repository.checks.written import assignments, written
from agent.repository.errors import RepositoryError
from tests.agent.repository.checks.held import files_of

TESTS = {"tests/test_a.py": "def test_a(): pass\n", "pkg/__init__.py": ""}
WAYS = {
    "pyproject": (
        {
            "pyproject.toml": """
                [tool.pytest.ini_options]
                testpaths = ["tests"]
                addopts = "-q --strict-markers -m 'not slow'"
                """
        },
        "pytest -m 'not slow'",
        "pytest's settings in pyproject.toml name testpaths",
    ),
    "pyproject of pytest 9": (
        {"pyproject.toml": '[tool.pytest]\ntestpaths = ["tests"]\naddopts = ["--doctest-modules", "-ra"]\n'},
        "pytest --doctest-modules",
        "pyproject.toml",
    ),
    "pytest.ini": ({"pytest.ini": "[pytest]\naddopts = --cov=pkg\n  -k a\n"}, "pytest -k a tests", "pytest.ini"),
    "an empty pytest.ini": (
        {"pytest.ini": "", "setup.cfg": "[tool:pytest]\ntestpaths = x\n"},
        "pytest tests",
        "pytest.ini",
    ),
    "setup.cfg": ({"setup.cfg": "[tool:pytest]\ntestpaths = tests\n"}, "pytest", "setup.cfg"),
    "tox": (
        {
            "tox.ini": """
                [testenv]
                setenv =
                  MODE = fast
                  OUT = {envdir}
                commands =
                  pytest --cov=pkg {posargs:tests}
                """
        },
        "MODE=fast pytest tests",
        "tox's [testenv] calls pytest",
    ),
    "tox.toml": ({"tox.toml": '[env_run_base]\ncommands = [["pytest", "tests"]]\n'}, "pytest tests", "tox.toml"),
    "nox": (
        {
            "noxfile.py": """
                import nox

                @nox.session
                def tests(session):
                    session.run("pytest", "-x", "tests", *session.posargs, env={"A": "1"})
                """
        },
        "A=1 pytest tests",
        "nox's session tests",
    ),
    "hatch": (
        {"pyproject.toml": '[tool.hatch.envs.default.scripts]\ntest = "pytest {args:tests}"\n'},
        "pytest tests",
        "test in hatch's environment default",
    ),
    "hatch-test": (
        {"pyproject.toml": '[tool.hatch.envs.hatch-test]\ndefault-args = ["tests"]\n'},
        "pytest tests",
        "hatch's environment hatch-test",
    ),
    "pdm": (
        {"pyproject.toml": '[tool.pdm.scripts]\ntest = {cmd = "pytest tests", env = {A = "1"}}\n'},
        "A=1 pytest tests",
        "tool.pdm.scripts",
    ),
    "poe": (
        {"pyproject.toml": '[tool.poe.tasks]\nlint = "ruff check"\ntest = ["pytest", "-q"]\n'},
        "pytest tests",
        "tool.poe.tasks",
    ),
    "make": (
        {"Makefile": "RUN = poetry run\ntest: lint\n\t@$(RUN) pytest -v tests\nlint:\n\truff .\n"},
        "pytest tests",
        "Makefile's test",
    ),
    "GitHub": (
        {
            ".github/workflows/ci.yml": """
                on: push
                jobs:
                  tests:
                    env: {SEED: 1}
                    steps:
                      - uses: actions/checkout@v4
                      - run: |
                          pip install .
                          pytest tests -p no:warnings
                """
        },
        "SEED=1 pytest -p no:warnings tests",
        ".github/workflows/ci.yml, job tests",
    ),
    "GitLab": (
        {".gitlab-ci.yml": "unit:\n  script:\n    - pip install .\n    - python -m pytest tests\n"},
        "pytest tests",
        "gitlab",
    ),
    "the layout": ({}, "pytest tests", "tests in tests"),
    "unittest": (
        {"Makefile": "test:\n\tpython -m unittest discover -s tests\n"},
        "pytest tests",
        "Makefile's test calls unittest",
    ),
    "broken files": (
        {"pyproject.toml": "[", "tox.ini": "x", ".github/workflows/a.yml": "a: ["},
        "pytest tests",
        "tests",
    ),
}


@pytest.mark.parametrize("name", WAYS)
def test_the_way_is_found_with_its_reason(name: str) -> None:
    contents, words, reason = WAYS[name]
    suite = find_suite(files_of({**TESTS, **contents}))
    assert suite.words == words and reason in suite.reason and suite.runner == Runner.PYTEST


def test_the_more_trusted_place_wins_and_the_others_are_told() -> None:
    suite = find_suite(
        files_of(
            {
                **TESTS,
                "Makefile": "test:\n\tpytest -k no\ncheck:\n\ttox -e py\n",
                "tox.ini": "[testenv]\ncommands = pytest -m fast\n[testenv:pure]\nsetenv = PURE = 1\n",
            }
        )
    )
    assert suite.words == "pytest -m fast tests"
    assert [other.words for other in suite.alternatives] == ["PURE=1 pytest -m fast tests", "pytest -k no tests"]
    assert any("pytest -k no" in rejected.what and rejected.why for rejected in suite.rejected)


def test_the_user_s_command_is_taken_as_it_is_or_as_pytest() -> None:
    files = files_of({**TESTS, "pytest.ini": "[pytest]\n"})
    given = find_suite(files, "python -m pytest -x tests -k a")
    assert (given.runner, given.words, given.config) == (Runner.PYTEST, "pytest -k a tests", "pytest.ini")
    other = find_suite(files, "make test && ./more.sh")
    assert (other.runner, other.arguments) == (Runner.COMMAND, ("/bin/sh", "-c", "make test && ./more.sh"))
    with pytest.raises(RepositoryError, match="empty"):
        find_suite(files, "  ")


MONOREPO = {
    "README.md": "",
    "backend/pyproject.toml": '[project]\nname = "b"\n[tool.pytest.ini_options]\naddopts = "-k b"\n',
    "backend/tests/test_b.py": "",
    "backend/src/b/__init__.py": "",
}


def test_a_project_in_a_directory_is_found_there() -> None:
    suite = find_suite(files_of(MONOREPO))
    assert (suite.rootdir, suite.config, suite.words) == (
        "backend",
        "pyproject.toml",
        "cd backend && pytest -k b tests",
    )
    assert find_suite(files_of(MONOREPO), "cd backend && pytest tests").rootdir == "backend"
    both = files_of({**MONOREPO, "pyproject.toml": "", "tests/test_a.py": ""})
    assert find_suite(both).words == "pytest backend/tests tests"
    assert find_suite(both, standing="backend/src/b").rootdir == "backend"
    assert find_suite(both, standing="docs").rootdir == "."


def test_without_tests_the_user_is_asked() -> None:
    with pytest.raises(RepositoryError, match="--test-cmd"):
        find_suite(files_of({"pkg/__init__.py": "", "docs/test.py": ""}))


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["pkg/tests/test_a.py", "pkg/a.py"], "pytest pkg/tests"),
        (["test_a.py", "b_test.py", "a.py"], "pytest b_test.py test_a.py"),
        (["tests.py", "a.py"], "pytest tests.py"),
        (["test/unit/test_a.py", "examples/test_b.py"], "pytest test"),
    ],
)
def test_the_layout_is_enough(paths: list[str], words: str) -> None:
    assert find_suite(files_of(dict.fromkeys(paths, ""))).words == words


def test_values_that_only_tox_knows_are_left_out() -> None:
    assert assignments("A = 1\nB={envdir}\nPASS\nTERM =\n") == {"A": "1", "TERM": ""}


def test_writers_of_all_kinds_are_read() -> None:
    places = [
        line.place for line in written(files_of({"justfile": "test:\n    pytest\n", ".travis.yml": "script: pytest\n"}))
    ]
    assert places == ["justfile's test", ".travis.yml, script"]
