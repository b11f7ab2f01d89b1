"""One training loop for every configuration: two policies, a frozen tester or coder, labels by a tester, any loss."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.trainer.runs import metrics, run, small
from trainer.errors import TrainerError

pytestmark = [pytest.mark.slow, pytest.mark.local, pytest.mark.bubblewrap]

BASE = (Path(__file__).parents[2] / "engines" / "micro-base" / "model.safetensors").read_bytes()


def checkpoint(path: Path, step: int = 1, policy: str = "") -> bytes:
    return (path / "checkpoints" / f"step-{step:06d}" / policy / "model.safetensors").read_bytes()


def two(tmp_path: Path) -> Path:
    """A configuration file with a policy for each role."""
    file = tmp_path / "two.toml"
    file.write_text(
        'preset = "micro"\n[policies.writer]\nmodel = "micro-base"\n[policies.checker]\nmodel = "micro-base"\n'
        '[coder]\npolicy = "writer"\n[tester]\npolicy = "checker"\n'
    )
    return file


def test_two_policies_learn_apart_and_resume(tmp_path: Path) -> None:
    from tests.trainer.runs import SMALL
    from trainer.config import load

    file = two(tmp_path)
    for steps in (1, 2):
        run(load(str(file), (*SMALL, f"steps={steps}")), tmp_path / "run")
    writer, checker = (checkpoint(tmp_path / "run", 2, name) for name in ("writer", "checker"))
    assert writer != checker and BASE not in (writer, checker)
    assert [line["step"] for line in metrics(tmp_path / "run")] == [1, 2]


def test_a_frozen_tester_is_asked_and_not_trained(tmp_path: Path) -> None:
    run(small("steps=1", "tester.policy=none", "tester.model=micro-base"), tmp_path)
    line = metrics(tmp_path)[0]
    assert line["code/updates"] == 1 and "test/updates" not in line
    assert line["test/answers"] == 8 and line["test/p_u"] is not None


def test_a_frozen_coder_is_asked_and_not_trained(tmp_path: Path) -> None:
    run(small("steps=1", "coder.policy=none", "coder.model=micro-base"), tmp_path)
    line = metrics(tmp_path)[0]
    assert line["test/updates"] == 1 and "code/updates" not in line


def test_two_frozen_roles_are_refused() -> None:
    with pytest.raises(TrainerError, match="nothing to train"):
        small("coder.policy=none", "coder.model=micro-base", "tester.policy=none", "tester.model=micro-base")


def test_labels_by_a_frozen_tester_need_no_hidden_tests(tmp_path: Path) -> None:
    labels = ("labels.source=tester", "labels.model=micro-base", "labels.style=micro", "labels.samples=6")
    run(small("steps=1", *labels, "labels.max_tokens=128"), tmp_path)
    line = metrics(tmp_path)[0]
    assert line["label/answers"] == 12 and line["code/updates"] == 1


def test_one_update_on_both_roles(tmp_path: Path) -> None:
    run(small("steps=1", "optimiser.stages=joint"), tmp_path)
    line = metrics(tmp_path)[0]
    assert line["joint/updates"] == 1 and "code/updates" not in line


def test_several_updates_a_stage_use_every_answer_once(tmp_path: Path) -> None:
    run(small("steps=1", "optimiser.updates=2", "coder.samples=6", "data.tasks_per_step=3"), tmp_path / "two")
    run(small("steps=1", "coder.samples=6", "data.tasks_per_step=3"), tmp_path / "one")
    twice, once = metrics(tmp_path / "two")[0], metrics(tmp_path / "one")[0]
    assert twice["code/updates"] == 2
    assert twice["code/trained_tokens"] == once["code/trained_tokens"]


@pytest.mark.parametrize("kind", ["reinforce", "gspo", "cispo"])
def test_every_loss_trains(tmp_path: Path, kind: str) -> None:
    run(small("steps=1", f"loss.kind={kind}", "loss.kl_weight=0.01"), tmp_path)
    line = metrics(tmp_path)[0]
    assert line["code/updates"] == 1 and line["test/kl"] > 0 and checkpoint(tmp_path) != BASE


def test_a_truncated_answer_is_trained_without_an_end(tmp_path: Path) -> None:
    from trainer.record.journal import read_journal

    run(small("steps=1", "coder.max_tokens=8"), tmp_path)
    records = read_journal(tmp_path / "rollouts", 1)
    coders = [answer for record in records if "answers" in record for answer in record["answers"]["answers"]["coder"]]
    assert {len(answer["token_ids"]) for answer in coders if answer["finish"] == "length"} == {8}
    assert metrics(tmp_path)[0]["code/truncated"] > 0
