"""Tasks of small programs: which tests are shown, hidden and left out, and what the repository holds."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.repository_tasks.measure import task_of_program
from benchmarks.repository_tasks.store import read_task, write_task
from benchmarks.repository_tasks.task import Definition, RepositoryTask
from benchmarks.repository_tasks.trials import Bench, Trial, run_trials
from tests.agent.repository.tasks.conftest import CLAMP, FIXED

pytestmark = pytest.mark.bubblewrap


def test_hidden_tests_fail_before_the_fix_and_a_test_that_no_program_passes_is_left_out(task: RepositoryTask) -> None:
    assert task.hidden.fail_to_pass == ("tests.test_clamp::test_clamp_2", "tests.test_clamp::test_clamp_4")
    assert set(task.hidden.pass_to_pass) == {
        *(f"tests.test_clamp::test_clamp_{number}" for number in (0, 1, 3)),
        *(f"tests.test_sign::test_sign_{number}" for number in range(3)),
    }
    assert "test_clamp_5" not in "".join(task.hidden.files.values())
    assert task.changed == (Definition("small/clamp.py", "clamp"),)


def test_the_text_names_a_call_that_is_wrong(task: RepositoryTask) -> None:
    assert "`clamp(8, 0, 9)` should return `8`, but returns `9`" in task.text


def test_the_repository_is_committed_and_its_own_suite_passes(task: RepositoryTask, tmp_path: Path) -> None:
    folder = task.build(tmp_path / "repository")
    assert not subprocess.run(
        ["git", "-C", str(folder), "status", "--porcelain"], capture_output=True, check=True
    ).stdout
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0 and "5 passed" in done.stdout


@pytest.mark.parametrize("plain", [True, False])
async def test_both_ways_to_run_tests_give_the_same_verdicts(
    task: RepositoryTask, bench: Bench, tmp_path: Path, plain: bool
) -> None:
    endless = FIXED.replace("    lower = low\n", "    while value == 4:\n        pass\n    lower = low\n")
    repository = task.build(tmp_path / "repository")
    trials = [Trial("before", {}, ("tests",)), Trial("endless", {"small/clamp.py": endless}, ("tests",))]
    ran = await run_trials(repository, task.needs, trials, replace(bench, plain=plain), task.hidden.files)
    assert all(outcome.ended for outcome in ran.values())
    wrong = {name: {test for test, said in ran[name].verdicts.items() if said != "pass"} for name in ran}
    assert wrong == {"before": set(task.hidden.fail_to_pass), "endless": {"tests.test_clamp::test_clamp_4"}}
    assert len(ran["endless"].verdicts) == 8


async def test_a_program_without_a_bug_is_no_task(bench: Bench) -> None:
    with pytest.raises(ValueError, match="no test fails before the fix"):
        await task_of_program(replace(CLAMP, buggy=FIXED), "small", [], {}, None, bench)


def test_a_stored_task_is_read_as_it_was(task: RepositoryTask, tmp_path: Path) -> None:
    write_task(tmp_path, task)
    assert read_task(tmp_path, task.id) == task


async def test_pytest_ends_with_a_test_that_hangs_where_that_is_asked_for(
    task: RepositoryTask, bench: Bench, tmp_path: Path
) -> None:
    endless = {"small/clamp.py": "def clamp(value, low, high):\n    while True:\n        pass\n"}
    repository = task.build(tmp_path / "repository")
    trials = [Trial(str(ends), endless, ("tests/test_clamp.py",), ends) for ends in (False, True)]
    ran = await run_trials(repository, task.needs, trials, replace(bench, plain=False), task.hidden.files)
    assert {name: (len(each.verdicts), each.ended) for name, each in ran.items()} == {
        "False": (5, True),
        "True": (1, True),
    }
