"""A run that an earlier version began, killed in its second step: it can be inspected and continued.

`recorded/run` is the directory it left, without checkpoints; `recorded/expected.jsonl` has the metrics of both steps.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.trainer.runs import metrics, run
from trainer.config import load
from trainer.inspect.figures import figures
from trainer.inspect.recorded import open_run, open_step

RECORDED = Path(__file__).parent / "recorded"


def test_it_can_be_inspected() -> None:
    found = open_run(RECORDED / "run")
    assert (found.done, found.journals) == (1, (1, 2))
    assert {change.name: change.last for change in figures(found).own}["code accuracy"] == 0.75
    assert open_step(found, 1).committed
    step = open_step(found, 2)
    assert step.parts == ("plan", "answers", "tables")
    table = step.task(0).table
    assert table is not None and table.label_passes.shape == (4, 8)


@pytest.mark.slow
@pytest.mark.local
@pytest.mark.bubblewrap
def test_it_is_continued_without_sampling_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from trainer import rollout_workers

    async def no_rollout(*_: object) -> None:
        raise AssertionError("sampled again")

    monkeypatch.setattr(rollout_workers, "roll_out", no_rollout)
    path = tmp_path / "run"
    shutil.copytree(RECORDED / "run", path)
    run(load(str(path / "config.toml")), path)
    expected = [json.loads(line) for line in (RECORDED / "expected.jsonl").read_text().splitlines()]
    for line, known in zip(metrics(path), expected, strict=True):
        numbers = {name: value for name, value in line.items() if isinstance(value, (int, float))}
        # Losses and gradients depend on the processor a little.
        assert numbers == pytest.approx({name: known[name] for name in numbers}, rel=0.01, abs=1e-4)
