"""`cure-agent change` from the task to a patch that is applied, taken back and replayed: real git, pytest, sandbox."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import pytest

from agent import load_run
from agent.runs.store import list_runs
from tests.agent.conftest import Desk
from tests.agent.repository.conftest import (
    BREAKING,
    FIRST,
    MISTAKEN,
    RIGHT,
    SECOND,
    SUITE,
    TASK,
    VACUOUS,
    WEAKENING,
    WRONG,
    git,
    make_repository,
    make_script,
)

pytestmark = pytest.mark.bubblewrap
ONCE = ("--first-share", 1, "--rounds", 1, "--min-gain", 0, "--confident", 0.5)


@dataclass(frozen=True)
class Changed:
    """A run of `change`, whose folders each test gets a copy of."""

    folder: Path
    repository: Path
    said: dict[str, Any]
    code: int
    stderr: str
    before: str


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, require: Callable[[str, str], NoReturn]) -> Iterator[Changed]:
    """One run in a tree with edits and an untracked file."""
    if shutil.which("bwrap") is None:
        require("bubblewrap", "bwrap is not installed")
    folder = tmp_path_factory.mktemp("change")
    repository = make_repository(folder / "repository")
    (repository / "notes.txt").write_text("not tracked\n")
    before = state_of(repository)
    model = make_script(
        folder / "answers.json",
        [WRONG, RIGHT, BREAKING, RIGHT, WEAKENING, "I cannot."],
        [FIRST, SECOND, MISTAKEN, VACUOUS],
    )
    words = [sys.executable, "-m", "agent", "change", TASK, "--json", "--model", model, "-n", 6, "-m", 4, *ONCE]
    done = subprocess.run(
        [*map(str, words), "--receipt", str(folder / "receipt"), "--repo", str(repository)],
        capture_output=True,
        text=True,
        env={**os.environ, "CURE_AGENT_STATE": str(folder)},
        check=False,
    )
    assert done.stdout, done.stderr
    yield Changed(folder, repository, json.loads(done.stdout), done.returncode, done.stderr, before)


def state_of(repository: Path) -> str:
    """Everything that may not change: status, index, refs of the user, stash, reflog, contents."""
    files = sorted(path for path in repository.rglob("*") if path.is_file() and ".git" not in path.parts)
    contents = "\n".join(f"{path}: {path.read_bytes()!r}" for path in files)
    index = (repository / ".git" / "index").read_bytes()
    refs = git(repository, "for-each-ref", "refs/heads", "refs/tags", "refs/stash")
    return "\n".join(
        [git(repository, "status", "--porcelain=v2"), repr(index), refs, git(repository, "reflog"), contents]
    )


@pytest.fixture
def desk_with(whole: Changed, desk: Desk, tmp_path: Path) -> tuple[Desk, Path]:
    """The recorded run, with the repository at the path that the record names."""
    for path in list_runs(whole.folder):
        shutil.copytree(path, tmp_path / "runs" / path.name)
    return desk, whole.repository


def test_the_right_patch_is_handed_over_and_the_tree_is_untouched(whole: Changed) -> None:
    assert whole.code == 0, whole.stderr
    assert whole.said["status"] == "verified"
    assert "+    start = (number - 1) * size" in whole.said["program"]
    assert state_of(whole.repository) == whole.before


def test_the_unchanged_code_is_a_row_and_a_test_that_it_passes_is_no_evidence(whole: Changed) -> None:
    rows = {each["name"]: each for each in whole.said["candidates"]}
    passed = {name: cell["passed"] for name, cell in rows["base"]["cells"].items()}
    assert passed == {"e1": True, "t1": False, "t2": False, "t3": False, "t4": True}
    (run,) = map(load_run, list_runs(whole.folder))
    (ranked,) = run.state.rankings.values()
    assert "t4" not in ranked.validity and "base" not in ranked.order
    assert ranked.validity["t1"] > 0.5 > ranked.validity["t3"]


def test_a_patch_that_breaks_an_existing_test_has_no_chance(whole: Changed) -> None:
    (run,) = map(load_run, list_runs(whole.folder))
    (ranked,) = run.state.rankings.values()
    assert ranked.probability["c3"] == 0 and ranked.order[-1] == "c3"
    cell = run.state.cells["c3", "e1"]
    assert cell.passed is False and run.blob(cell.stdout) == "broken tests/test_pager.py::test_full_pages_are_counted\n"


def test_a_patch_that_weakens_tests_is_refused_before_it_is_run(whole: Changed) -> None:
    (run,) = map(load_run, list_runs(whole.folder))
    reasons = {rejected.index: rejected.reason for rejected in run.state.rejected}
    assert "tests/test_pager.py" in reasons[4] and "existing test" in reasons[4]
    assert "no code" in reasons[5]


def test_the_answer_was_run_on_the_whole_suite(whole: Changed) -> None:
    (run,) = map(load_run, list_runs(whole.folder))
    assert run.state.whole_suites["c2"].broken == [] and run.state.whole_suites["c2"].passed == 1
    assert whole.said["candidate"] == "c2"


def test_prompts_show_the_code_and_what_the_repository_asks_for(whole: Changed) -> None:
    (run,) = map(load_run, list_runs(whole.folder))
    coder, tester = (run.blob(run.state.asked[key].prompt) for key in ("coder/1", "tester/1"))
    assert "Keep functions short." in coder and "start = number * size" in coder
    assert "from pager import pages" in tester and TASK in tester


def test_the_receipt_says_what_was_run(whole: Changed) -> None:
    said = json.loads((whole.folder / "receipt.json").read_text())
    assert said["existing_tests"] == {"tests/test_pager.py": {"passed_before": 1, "kept": True}}
    assert [each["counted"] for each in said["generated_tests"]] == [True, True, True, False]
    page = (whole.folder / "receipt.md").read_text()
    assert "Whole suite: 1 pass, broken: none." in page and "+    start = (number - 1) * size" in page


def test_a_run_is_replayed_without_model_and_sandbox(desk_with: tuple[Desk, Path]) -> None:
    desk, _ = desk_with
    done = desk.run("replay")
    assert done.code == 0, done.stderr
    assert "c2 on all existing tests: 1 pass, 0 broken" in done.stdout


def test_why_shows_the_unchanged_code_and_vacuous_tests(desk_with: tuple[Desk, Path]) -> None:
    desk, _ = desk_with
    shown = desk.run("why").stdout
    assert "unchanged" in shown and "vacuous" in shown and "passes 1 of 1 files of existing tests" in shown
    assert "start = (number - 1) * size" in desk.run("why", "--candidate", "c2").stdout
    assert "assert page(list(range(30)), 1) == list(range(10))" in desk.run("why", "--test", "t1").stdout
    assert "c2" in desk.run("table", "--compare").stdout


def test_the_table_tells_the_unchanged_code_from_patches(desk_with: tuple[Desk, Path]) -> None:
    desk, _ = desk_with
    said = json.loads(desk.run("table", "--json").stdout)
    assert said["kind"] == "repository" and said["answer"] == "c2"
    assert {name for name, row in said["candidates"].items() if row["origin"] == "base"} == {"base"}
    assert said["tests"]["e1"] == {"origin": "existing", "trusted": True, "stdin": "tests/test_pager.py"}
    assert said["cells"]["base"]["t4"]["passed"] and not said["cells"]["base"]["t1"]["passed"]
    shown = desk.run("table").stdout
    assert "unchanged" in shown and "vacuous" in shown and "existing" in shown


def test_a_recorded_patch_is_applied_taken_back_and_applied_again(desk_with: tuple[Desk, Path], whole: Changed) -> None:
    desk, repository = desk_with
    assert desk.run("undo", "--repo", repository).code == 7
    applied = desk.run("apply", "--yes")
    assert applied.code == 0 and "pager.py" in applied.stderr
    assert git(repository, "diff", "--stat").startswith(" pager.py | 2 +-")
    assert desk.run("undo", "--repo", repository).code == 0
    assert state_of(repository) == whole.before
    assert desk.run("redo", "--repo", repository).code == 0
    assert "(number - 1) * size" in (repository / "pager.py").read_text()
    assert desk.run("undo", "--repo", repository / "tests").code == 0
    assert state_of(repository) == whole.before


def test_a_patch_goes_to_a_branch_and_leaves_the_tree(desk_with: tuple[Desk, Path], whole: Changed) -> None:
    desk, repository = desk_with
    assert desk.run("apply", "--yes", "--branch", "fix").code == 0
    try:
        assert "(number - 1) * size" in git(repository, "show", "fix:pager.py")
        assert git(repository, "show", "fix:tests/test_pager.py") == SUITE
        assert desk.run("apply", "--yes", "--branch", "fix").code == 7
    finally:
        git(repository, "branch", "-q", "-D", "fix")
    assert (repository / "pager.py").read_text() in whole.before.encode().decode("unicode_escape")


def test_a_question_needs_a_terminal(desk: Desk, repository: Path) -> None:
    done = desk.run("change", TASK, "--repo", repository, "--model", "scripted:nowhere.json")
    assert done.code == 2 and "--mode plan" in done.stderr


def test_several_words_are_a_task(desk: Desk, tmp_path: Path) -> None:
    done = desk.run(TASK, "--repo", tmp_path, "--mode", "plan", "--model", "scripted:nowhere.json")
    assert done.code == 7 and "repository" in done.stderr


def test_one_unknown_word_is_a_mistyped_command(desk: Desk) -> None:
    done = desk.run("chnge")
    assert done.code == 2 and "'change'" in done.stderr


def test_tests_that_cannot_be_run_cost_no_sample(desk: Desk, repository: Path, tmp_path: Path) -> None:
    (repository / "tests" / "test_pager.py").write_text("import nothing_of_this_name\n")
    model = make_script(tmp_path / "answers.json", [RIGHT], [FIRST])
    done = desk.run("change", TASK, "--repo", repository, "--mode", "plan", "--model", model)
    assert done.code == 7 and "nothing_of_this_name" in done.stderr
    assert desk.newest.state.asked == {} and desk.newest.state.result is not None
