"""The supervised warm-up of the micro model lowers the loss, and gives the same weights for the same seed."""

from __future__ import annotations

import operator
from dataclasses import replace
from pathlib import Path

import pytest

pytestmark = pytest.mark.local
torch = pytest.importorskip("torch", reason="the warm-up needs torch")
pytest.importorskip("transformers", reason="the warm-up needs transformers")

from trainer.errors import TrainerError  # noqa: E402  (after the skip)
from trainer.micro.muon import Muon, orthogonal  # noqa: E402  (after the skip)
from trainer.micro.shards import process_group  # noqa: E402
from trainer.micro.warmup import WarmModel, WarmupConfig, padded, warm_up  # noqa: E402

TINY = WarmupConfig(steps=20, batch=16, warm_steps=4, hidden=64, layers=2)


def same(left: WarmModel, right: WarmModel) -> bool:
    pairs = zip(left.model.state_dict().values(), right.model.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def tiny() -> WarmModel:
    return warm_up(TINY)


def test_twenty_steps_lower_the_loss(tiny: WarmModel) -> None:
    losses = [report.loss for report in tiny.reports]
    assert len(losses) == 20
    assert sum(losses[-3:]) < 0.85 * sum(losses[:3])


@pytest.mark.slow
def test_the_same_seed_gives_identical_weights_with_one_process_or_two(tiny: WarmModel) -> None:
    seen: list[int] = []
    again = warm_up(TINY, processes=2, on_step=lambda report: seen.append(report.step))
    assert seen == list(range(1, 21))
    assert same(tiny, again)


@pytest.mark.slow
def test_a_process_that_dies_ends_the_warm_up_with_one_clear_line() -> None:
    with (
        pytest.raises(TrainerError, match="ended early"),
        process_group(2, operator.neg) as mine,
    ):  # no World can be negated
        mine.add_up([], [1.0])


def test_another_seed_gives_other_weights(tiny: WarmModel) -> None:
    assert not same(tiny, warm_up(replace(TINY, seed=1, steps=1)))


def test_the_learning_rate_rises_stays_and_falls() -> None:
    config = WarmupConfig(steps=1000, warm_steps=100, decay_share=0.5)
    assert config.rate(0) == pytest.approx(0.01)
    assert config.rate(100) == config.rate(499) == 1.0
    assert 0.05 < config.rate(999) < 0.06


def test_prompts_and_padding_are_not_trained_on() -> None:
    ids, answers = padded([([5, 6], [7, 8]), ([5], [9])], pad=0)
    assert ids.tolist() == [[5, 6, 7, 8], [5, 9, 0, 0]]
    assert answers.tolist() == [[False, False, True, True], [False, True, False, False]]


def test_orthogonal_levels_the_singular_values() -> None:
    torch.manual_seed(0)
    for shape in ((8, 8), (8, 20), (20, 8)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(shape)))
        assert values.min() > 0.3
        assert values.max() < 1.3


def test_muon_finds_the_minimum_of_a_quadratic() -> None:
    torch.manual_seed(0)
    target = torch.randn(6, 9)
    matrix = torch.zeros(6, 9, requires_grad=True)
    optimizer = Muon([matrix], lr=0.02)
    first = float(target.square().sum())
    for _ in range(200):
        loss = (matrix - target).square().sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert loss.item() < 0.1 * first


def test_a_saved_checkpoint_loads_with_transformers_and_gives_the_same_numbers(tiny: WarmModel, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from trainer.micro.checkpoint import save

    save(tiny, tmp_path)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path, local_files_only=True)
    ids = torch.arange(20, 60)[None]
    with torch.no_grad():
        assert torch.equal(loaded(ids).logits, tiny.model(ids).logits)
