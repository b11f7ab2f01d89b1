"""DeepSpeed's policy gives the plain policy's numbers, in one process and in two, at every stage of ZeRO."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch

from tests.trainer.policies import (
    ALONE,
    KINDS,
    ROOT,
    Kind,
    answers,
    checkpoint,
    largest_difference,
    policy,
    relative_distance,
)

from tests.trainer.policies import deepspeed_policy, rows, start, step, weights  # isort: skip
from trainer.errors import TrainerError

pytestmark = [pytest.mark.slow, pytest.mark.local, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def deepspeed(require: Callable[[str, str], NoReturn]) -> None:
    if find_spec("deepspeed") is None:
        require("deepspeed", "not installed: pip install 'cure-agent[deepspeed]'")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint with tied embeddings, biases and grouped heads."""
    torch.set_num_threads(1)
    return checkpoint(tmp_path_factory.mktemp("base"), "qwen2")


Found = dict[Kind, dict[str, Any]]
"""What was measured with each kind of DeepSpeed policy."""


@pytest.fixture(scope="module")
def two_processes(base: Path, deepspeed: None) -> Found:
    found: Found = start("zero_stages", 2, base, base.parent / "2.pt")[0]
    return found


@pytest.fixture(scope="module")
def one_process_and_refusals(base: Path, two_processes: Found) -> tuple[Found, list[str]]:
    """What was measured in one process, and the error messages for checkpoints that do not fit."""
    found, said = start("zero_stages,refusals", 1, base, base.parent / "1.pt")
    return found, said


@pytest.fixture(scope="module")
def one_process(one_process_and_refusals: tuple[Found, list[str]]) -> Found:
    return one_process_and_refusals[0]


@pytest.fixture(scope="module", params=["one_process", "two_processes"])
def found(request: pytest.FixtureRequest) -> Found:
    found: Found = request.getfixturevalue(request.param)
    return found


def name_of(kind: Kind) -> str:
    return " ".join(f"{name}={value}" for name, value in kind)


EXACT = [kind for kind in KINDS if ("dtype", "bfloat16") not in kind]


@pytest.mark.parametrize("kind", EXACT, ids=name_of)
def test_it_trains_as_the_plain_policy_does(base: Path, found: Found, kind: Kind) -> None:
    plain = policy(base, **dict(kind))
    begun = weights(plain)
    mine = found[kind]
    updates = [step(plain, 1), step(plain, 2, count=2)]
    for theirs, wanted in zip(mine["updates"], updates, strict=False):
        assert not theirs.skipped
        assert theirs.loss == pytest.approx(wanted.loss, abs=1e-6)
        assert theirs.gradient_norm == pytest.approx(wanted.gradient_norm, rel=1e-5)
        assert theirs.entropy == pytest.approx(wanted.entropy, rel=1e-5)
        assert theirs.sums == pytest.approx(wanted.sums, abs=1e-5)
    names = mine["weights"].keys()
    assert begun.keys() - names == {"lm_head.weight"}, "one name is enough for tied weights"
    expected = {name: weight for name, weight in weights(plain).items() if name in names}
    assert largest_difference(mine["weights"], expected) < 1e-6
    assert relative_distance(mine["weights"], expected, {name: begun[name] for name in names}) < 1e-4
    # The update that was skipped in between has changed nothing, not even the optimiser's moments.
    step(plain, 4)
    expected = {name: weight for name, weight in weights(plain).items() if name in names}
    assert relative_distance(mine["after"], expected, {name: begun[name] for name in names}) < 1e-4


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_what_is_not_finite_in_one_process_changes_nothing_in_any(found: Found, kind: Kind) -> None:
    assert found[kind]["updates"][2].skipped.startswith("loss nan, gradient norm ")
    assert largest_difference(found[kind]["skipped"], found[kind]["weights"]) == 0
    assert not found[kind]["updates"][3].skipped


@pytest.mark.parametrize("kind", KINDS, ids=name_of)
def test_saved_and_loaded_it_goes_on_bit_for_bit(found: Found, kind: Kind) -> None:
    assert largest_difference(found[kind]["after"], found[kind]["skipped"]) > 1e-6
    assert largest_difference(found[kind]["after"], found[kind]["again"]) == 0
    assert found[kind]["updates"][3] == found[kind]["updates"][4]


@pytest.mark.parametrize("kind", [KINDS[1], KINDS[3], KINDS[5]], ids=name_of)
def test_what_is_saved_is_a_checkpoint_for_transformers(found: Found, kind: Kind) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    saved = found[kind]["saved"]
    model = AutoModelForCausalLM.from_pretrained(saved)
    assert (
        largest_difference({name: model.state_dict()[name] for name in found[kind]["skipped"]}, found[kind]["skipped"])
        == 0
    )
    assert len(AutoTokenizer.from_pretrained(saved)) == 259


def test_bfloat16_passes_keep_float32_master_weights(base: Path, found: Found) -> None:
    """Results agree only within bfloat16's precision: sums over differently packed rows are rounded differently."""
    kind = KINDS[-1]
    packs = rows(answers(1))
    whole, half = (policy(base, dtype=dtype) for dtype in ("float32", "bfloat16"))
    exact, plain = (torch.cat(one.logprobs(packs)) for one in (whole, half))
    rounding = float((exact - plain).abs().mean())
    if sum(map(len, found[kind]["logprobs"])) == len(exact):
        mine = torch.cat(found[kind]["logprobs"])
        assert 0 < float((mine - exact).abs().mean()) < 2 * rounding
    assert all(weight.dtype == torch.float32 for weight in found[kind]["weights"].values())
    begun = weights(half)
    step(half, 1)
    step(half, 2, count=2)
    expected = {name: weight for name, weight in weights(half).items() if name in found[kind]["weights"]}
    assert relative_distance(found[kind]["weights"], expected, {name: begun[name] for name in expected}) < 0.1


def test_a_checkpoint_that_does_not_fit_is_refused(one_process_and_refusals: tuple[Found, list[str]]) -> None:
    assert one_process_and_refusals[1] == [
        " was saved with train.zero = 2, and cannot be continued with 1",
        " was saved with processes = 2, and cannot be continued with 1",
        " was saved with train.zero = 2, and cannot be continued with 1",
        " has no training.json: it was not saved by train.backend = deepspeed",
    ]


@pytest.mark.bubblewrap
def test_the_loop_trains_with_it_in_two_processes(tmp_path: Path, deepspeed: None) -> None:
    from tests.trainer.runs import SMALL, metrics

    changed = ("train.processes=2", "train.backend=deepspeed", "train.zero=2", "loss.kl_weight=0.01")
    small = [part for pair in (*SMALL, *changed) for part in ("--set", pair)]
    command = [sys.executable, "-c", "from agent.command import main; main()", "train", "micro"]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "run"), *small, "--steps", "2"],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=250,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert done.stdout == ""
    lines = metrics(tmp_path / "run")
    assert [line["step"] for line in lines] == [1, 2]
    assert all(line["code/kl"] is not None or line["code/updates"] == 0 for line in lines)


def test_without_the_package_it_says_what_to_install(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "deepspeed", None)
    monkeypatch.setenv("DS_ACCELERATOR", "cpu")
    with pytest.raises(TrainerError, match=r"pip install 'cure-agent\[deepspeed\]'"):
        deepspeed_policy(base, ALONE, 1)
