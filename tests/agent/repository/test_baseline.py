"""The tests of a repository before a model is asked: what is recorded of them, and what a patch must leave alone."""

from __future__ import annotations

import sys
from pathlib import Path

from agent import load_run
from agent.repository.baseline import RepositoryTests, opened_tests
from agent.repository.checks import violations
from agent.repository.checks.environment import prepared
from agent.repository.checks.index import index_of
from agent.repository.checks.interpreter import Interpreter
from agent.repository.checks.requirements import Requirements
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from agent.repository.record import TaskRecord
from agent.repository.settings import ChangeSettings
from agent.runs.events import Started, SuiteReady
from agent.runs.recorder import Recorder
from agent.runs.store import RunWriter
from tests.agent.conftest import Desk
from tests.agent.repository.conftest import RIGHT, git, make_script

DOCUMENTED = '''def double(number):
    """
    >>> double(2)
    4
    """
    return number * 2
'''


async def opened(repository: Path, folder: Path, **settings: object) -> tuple[SuiteReady, RepositoryTests, list[str]]:
    """What is recorded and said when the tests are opened, without a sandbox, and the tests, of which a replay has the
    same policy.
    """
    said: list[str] = []
    chosen = ChangeSettings.model_validate({"sandbox": "none", "python": sys.executable, **settings})
    with open_repository(repository) as open_:
        writer = RunWriter(folder / "run")
        snapshot = take_snapshot(open_, writer.id)
        record = TaskRecord(task="t", root=str(open_.root), standing=".", commit=snapshot.commit, head=snapshot.head)
        recorder = Recorder(writer)
        recorder.emit(Started(problem=recorder.blob("t"), name="t", settings={}, isolation="", kind="repository"))
        async with opened_tests(record, chosen, snapshot, recorder, writer.folder, said.append) as tests:
            live = tests
        writer.close()
        past = load_run(writer.folder)
        async with opened_tests(record, chosen, snapshot, Recorder(None, past), writer.folder, said.append) as replayed:
            assert replayed.policy == live.policy and replayed.checker is None
        assert past.state.suite is not None
        return past.state.suite, live, said


async def test_the_suite_its_environment_and_its_isolation_are_recorded(repository: Path, tmp_path: Path) -> None:
    ready, _, said = await opened(repository, tmp_path)
    assert ready.command == "pytest tests" and ready.passed == 1 and ready.failing == []
    assert sys.executable in ready.environment and "given by the user" in ready.environment
    assert ready.isolation.startswith("none (plain processes")
    assert any(line.startswith("1 test passes on the unchanged code (") for line in said)


async def test_what_the_users_own_command_reads_is_protected_also_in_a_replay(repository: Path, tmp_path: Path) -> None:
    (repository / "check.sh").write_text(f"exec {sys.executable} -m pytest -q\n")
    ready, tests, _ = await opened(repository, tmp_path, test_cmd="sh check.sh")
    assert ready.command_files == ["check.sh"]
    with open_repository(repository) as open_:
        files = take_snapshot(open_, "second").files
        found = violations(files, {"check.sh": b"exit 0\n"}, tests.policy)
    assert [each.path for each in found] == ["check.sh"]


async def test_examples_in_docstrings_are_protected_where_the_suite_runs_them(repository: Path, tmp_path: Path) -> None:
    (repository / "double.py").write_text(DOCUMENTED)
    (repository / "pytest.ini").write_text("[pytest]\naddopts = --doctest-modules\ntestpaths = .\n")
    ready, tests, _ = await opened(repository, tmp_path, allow_test_changes=False)
    assert ready.doctests and ready.passed == 2
    assert tests.policy.doctests and not tests.policy.allow_test_changes


async def test_what_keeps_tests_from_telling_the_truth_is_said_and_recorded(repository: Path, tmp_path: Path) -> None:
    (repository / "fast.pyx").write_text("cdef int one = 1\n")
    ready, _, said = await opened(repository, tmp_path)
    (warning,) = ready.warnings
    assert "fast.pyx" in warning and f"note: {warning}" in said


def test_warnings_and_isolation_are_shown_by_why(desk: Desk, repository: Path, tmp_path: Path) -> None:
    (repository / "fast.pyx").write_text("cdef int one = 1\n")
    git(repository, "add", ".")
    model = make_script(tmp_path / "answers.json", [RIGHT], [])
    words = ("--mode", "plan", "--model", model, "-n", 1, "-m", 0, "--sandbox", "none", "--python", sys.executable)
    done = desk.run("change", "page 1 is the first", "--repo", repository, *words)
    assert "fast.pyx" in done.stderr and "1 test passes on the unchanged code" in done.stderr
    shown = desk.run("why").stdout
    assert "sandbox: none (plain processes" in shown and "fast.pyx" in shown
    assert desk.run("replay").code == 0


def test_an_index_with_a_password_is_named_and_not_handed_over() -> None:
    index = index_of({"PIP_INDEX_URL": "https://me:word@host/simple"}, Path("/nowhere"))
    environment = prepared(Interpreter("/usr/bin/python3", "of PATH"), Requirements(install=("pytest",)), index)
    (warning,) = environment.warnings
    assert "PIP_INDEX_URL" in warning and "word@" not in warning
    assert environment.setup is not None and "word@" not in "".join(environment.setup.commands)
