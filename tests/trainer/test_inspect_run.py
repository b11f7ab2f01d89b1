"""`cure-agent train inspect` on a run that the trainer made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from trainer.commands import train

pytestmark = [pytest.mark.local, pytest.mark.slow, pytest.mark.bubblewrap]
pytest.importorskip("torch", reason="training needs torch")

from tests.trainer import runs  # noqa: E402 (it imports torch)
from trainer.micro.problems import problem  # noqa: E402


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a run of two steps of two tasks, evaluated before and after."""
    path = tmp_path_factory.mktemp("made") / "run"
    settings = ("steps=2", "coder.samples=3", "tester.samples=3")
    evaluation = ("evaluation.problems=micro", "evaluation.count=2", "evaluation.samples=2")
    runs.run(runs.small(*settings, *evaluation), path)
    return path


def inspect(*arguments: object) -> str:
    result = CliRunner().invoke(train, ["inspect", *map(str, arguments)], env={"COLUMNS": "160"})
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_its_figures_are_those_of_its_metrics(made: Path) -> None:
    record = json.loads(inspect(made, "--json"))
    assert (record["steps"], record["last_checkpoint"], record["held_out_steps"]) == (2, 2, [0, 2])
    before, after = runs.metrics(made, "evaluation")
    accuracy = next(change for change in record["held_out"] if change["name"] == "code accuracy")
    assert [accuracy["first"], accuracy["last"]] == [before["eval/code/accuracy"], after["eval/code/accuracy"]]
    assert sum(phase["share"] for phase in record["phases"]) == pytest.approx(1)
    assert sum(group["count"] for group in record["groups"]) == 8


def test_its_steps_tasks_and_answers(made: Path) -> None:
    step = json.loads(inspect(made, "--step", 2, "--json"))
    assert [task["slot"] for task in step["tasks"]] == [0, 1] and step["committed"]
    task = json.loads(inspect(made, "--step", 2, "--task", 1, "--json"))
    assert task["statement"] == problem(0, "train", task["index"]).question and task["index"] == 3
    assert len(task["programs"]) == len(task["tests"]) == 3 and len(task["labels"]) == len(task["label_passes"][0])
    shown = inspect(made, "--step", 2, "--task", 1)
    assert task["statement"] in shown and task["labels"][0]["stdin"].strip() in shown
    answer = json.loads(inspect(made, "--step", 2, "--task", 1, "--answer", "tester/2", "--json"))
    assert answer["version"] == "step-1" and len(answer["token_ids"]) == len(answer["logprobs"]) > 0
    text = inspect(made, "--step", 2, "--task", 1, "--answer", "tester/2")
    assert answer["text"].splitlines()[0] in text and "<|end|>" in text  # the tokens' texts, from the checkpoint


def test_its_curves_can_be_drawn(made: Path) -> None:
    pytest.importorskip("matplotlib", reason="curves need matplotlib")
    inspect(made)
    assert (made / "curves.png").stat().st_size > 20_000
