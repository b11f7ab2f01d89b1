"""A run that is interrupted at any point and started again equals, bit for bit, an uninterrupted run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.trainer.runs import SMALL, metrics, moments, run, small, weights
from trainer.errors import TrainerError
from trainer.record.journal import Journal, closed_file, read_journal
from trainer.record.run_directory import RunDirectory

pytestmark = [pytest.mark.slow, pytest.mark.local, pytest.mark.bubblewrap]

STEPS = 4


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run of four steps without interruption."""
    path = tmp_path_factory.mktemp("whole") / "run"
    run(small(f"steps={STEPS}"), path)
    return path


def assert_same(path: Path, whole: Path) -> None:
    assert weights(path, STEPS) == weights(whole, STEPS)
    assert all(torch.equal(one, other) for one, other in zip(moments(path, STEPS), moments(whole, STEPS), strict=True))
    assert metrics(path) == metrics(whole)
    logs = [path / "rollouts", whole / "rollouts"]
    for step in range(1, STEPS + 1):
        mine, theirs = (
            [{k: v for k, v in record.items() if k != "seconds"} for record in read_journal(log, step)] for log in logs
        )
        for record in (*mine, *theirs):
            record.get("table", {}).pop("seconds", None)
        assert mine == theirs
    assert not list(path.rglob("*.partial")) and not list((path / "rollouts").glob("*.jsonl"))


def test_training_changes_the_weights(whole: Path) -> None:
    assert weights(whole, 2) != weights(whole, 4)
    assert [line["step"] for line in metrics(whole)] == [1, 2, 3, 4]


def test_two_steps_and_two_steps_are_four(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    run(small("steps=2"), path)
    run(small(f"steps={STEPS}"), path)
    assert_same(path, whole)


def test_killed_and_started_again(whole: Path, tmp_path: Path) -> None:
    path = tmp_path / "run"
    arguments = [sys.executable, "-m", "trainer", "micro", str(path), *SMALL, f"steps={STEPS}"]
    child = subprocess.Popen(arguments, stderr=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
    try:
        for _ in range(1200):
            # In the middle of step 3, which no checkpoint holds.
            if (path / "checkpoints" / "step-000002").is_dir() and (path / "rollouts" / "step-000003.jsonl").exists():
                break
            assert child.poll() is None, "the run ended before it could be killed"
            time.sleep(0.05)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    run(small(f"steps={STEPS}"), path)
    assert_same(path, whole)


class Killed(BaseException):
    """Ends a run from inside its process, as nearly like `kill -9` as possible."""


@pytest.fixture(params=["plan", "answers", "tables", "rewards", "update", "commit", "torn line", "checkpoint"])
def ended_in_step_3_or_4(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    stage: str = request.param
    done, publish = Journal._done, RunDirectory.publish_checkpoint

    def end_after(journal: Journal, part: str) -> None:
        if part == stage and journal.step == 3:
            done(journal, part)
            raise Killed
        if stage == "torn line" and part == "answers" and journal.step == 3:
            journal._file.write('{"table": {"slot": 0, "pro')
            journal._file.flush()
            raise Killed
        done(journal, part)

    def end_before(directory: RunDirectory, step: int, state: dict[str, object]) -> None:
        if stage == "checkpoint" and step == 4:
            raise Killed
        publish(directory, step, state)

    monkeypatch.setattr(Journal, "_done", end_after)
    monkeypatch.setattr(RunDirectory, "publish_checkpoint", end_before)
    yield stage
    monkeypatch.undo()


def test_ended_at_each_part_of_the_journal(
    ended_in_step_3_or_4: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run"
    with pytest.raises(Killed):
        run(small(f"steps={STEPS}"), path)
    monkeypatch.undo()
    run(small(f"steps={STEPS}"), path)
    assert_same(path, whole)


def test_answers_once_sampled_are_not_asked_for_again(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from trainer import rollout_workers

    path = tmp_path / "run"
    run(small("steps=3"), path)
    # The checkpoint of step 3 is lost; its journal is not.
    last = path / "checkpoints" / "step-000003"
    for file in last.iterdir():
        file.unlink()
    last.rmdir()
    sampled: list[int] = []
    real = rollout_workers.roll_out

    async def counting(*arguments: object, **named: object) -> object:
        sampled.append(int(arguments[3]))  # type: ignore[call-overload]
        return await real(*arguments, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(rollout_workers, "roll_out", counting)
    run(small(f"steps={STEPS}"), path)
    assert sampled == [4]
    assert_same(path, whole)
    assert closed_file(path / "rollouts", 3).is_file()


def test_another_configuration_is_refused(whole: Path) -> None:
    with pytest.raises(TrainerError, match=r"was begun with optimiser.learning_rate = 0.0005, not 1e-05"):
        run(small(f"steps={STEPS}", "optimiser.learning_rate=1e-5"), whole)


def test_a_foreign_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.jsonl").write_text("{}\n")
    with pytest.raises(TrainerError, match="holds something else"):
        run(small("steps=1"), tmp_path)


def test_a_finished_run_does_nothing_more(whole: Path) -> None:
    before = weights(whole, STEPS)
    run(small(f"steps={STEPS}"), whole)
    assert weights(whole, STEPS) == before and len(metrics(whole)) == STEPS
