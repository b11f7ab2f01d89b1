"""The losses: gradients by hand, laws of the estimators, and the same sum however answers are packed.

The policy here is a table of logits, one row per previous token, in double precision.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from math import exp, log
from random import Random
from typing import Literal

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from trainer.config.schema import Loss
from trainer.update.loss import Estimator, Measured, Tokens, divergence, policy_loss
from trainer.update.pack import Aggregate, Pack, Sample, packs_for

pytestmark = pytest.mark.local

Kind = Literal["ppo", "reinforce", "gspo", "cispo"]
Correction = Literal["truncate", "mask", "none"]
KINDS: tuple[Kind, ...] = ("ppo", "reinforce", "gspo", "cispo")
CLIPPED: tuple[Kind, ...] = ("ppo", "gspo", "cispo")
WORDS = 11


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def table(seed: int) -> torch.Tensor:
    return torch.randn(WORDS, WORDS, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def logprobs(logits: torch.Tensor, pack: Pack) -> torch.Tensor:
    rows = logits[torch.from_numpy(pack.ids[pack.where])] / torch.from_numpy(pack.temperatures)[:, None]
    return rows.log_softmax(-1).gather(1, torch.from_numpy(pack.targets)[:, None]).squeeze(1)


def measure(logits: torch.Tensor, pack: Pack, rules: Loss, old: torch.Tensor | None) -> Measured:
    return policy_loss(
        Tokens(
            new=logprobs(logits, pack),
            old=None if old is None else logprobs(old, pack),
            sampled=torch.from_numpy(pack.sampler_logprobs),
            reference=logprobs(table(9), pack),
            advantages=torch.from_numpy(pack.advantages),
            weights=torch.from_numpy(pack.weights),
            sample=torch.from_numpy(pack.sample),
        ),
        rules,
    )


def whole(rows: list[Pack], rules: Loss, old: torch.Tensor | None) -> tuple[torch.Tensor, dict[str, float]]:
    """Gradient and sums of an update on these rows; the loss is one of the sums."""
    logits = table(1).requires_grad_()
    sums: dict[str, float] = {}
    for row in rows:
        measured = measure(logits, row, rules, old)
        torch.autograd.backward(measured.loss)
        for name, value in {"loss": measured.loss.detach(), **measured.sums}.items():
            sums[name] = sums.get(name, 0.0) + float(value)
    assert logits.grad is not None
    return logits.grad, sums


@st.composite
def samples(draw: st.DrawFn) -> list[Sample]:
    random = Random(draw(st.integers(0, 1 << 30)))
    batch = []
    for _ in range(draw(st.integers(1, 8))):
        prompt, tokens = ([random.randrange(WORDS) for _ in range(random.randint(1, 12))] for _ in range(2))
        sampled = [-random.expovariate(0.5) for _ in tokens]
        batch.append(
            Sample(tuple(prompt), tuple(tokens), tuple(sampled), random.gauss(0, 1), random.choice((0.7, 1.0)))
        )
    return batch


def one_row(batch: list[Sample], aggregate: Aggregate = "sequence") -> Pack:
    (row,) = packs_for(batch, aggregate, 20, 10_000)
    return row


@settings(max_examples=60, deadline=None)
@given(
    samples(),
    st.sampled_from(KINDS),
    st.sampled_from(("token", "sequence", "constant")),
    st.sampled_from(("truncate", "mask", "none")),
    st.integers(1, 40),
    st.integers(1, 4),
    st.booleans(),
    st.randoms(),
)
def test_rows_processes_and_order_change_neither_loss_nor_gradient(
    batch: list[Sample],
    kind: Kind,
    aggregate: Aggregate,
    correction: Correction,
    budget: int,
    processes: int,
    several_updates: bool,
    random: Random,
) -> None:
    rules = Loss(kind=kind, kl_weight=0.3, correction=correction)
    old = table(2) if several_updates else None
    gradient, sums = whole([one_row(batch, aggregate)], rules, old)
    shuffled = sorted(batch, key=lambda _: random.random())
    rows = [packs_for(shuffled, aggregate, 20, budget, rank, processes) for rank in range(processes)]
    again, others = whole(list(chain.from_iterable(rows)), rules, old)
    assert torch.allclose(gradient, again, rtol=1e-6, atol=1e-9)
    assert sums == pytest.approx(others, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_of_weight_zero_changes_nothing(kind: Kind) -> None:
    batch = [Sample((1,), (2, 3), (-1.0, -40.0), 1.0)]
    (filler,) = packs_for(batch, "sequence", 1, 64, 1, 2)
    gradient, sums = whole([filler], Loss(kind=kind, kl_weight=0.5), table(2))
    assert not gradient.any()
    assert not any(sums.values())


@given(samples(), st.sampled_from(CLIPPED))
@settings(max_examples=40, deadline=None)
def test_at_ratio_one_the_gradient_is_reinforces(batch: list[Sample], kind: Kind) -> None:
    # With one update per stage, the old policy is the new one. The sampler is the policy too, so nothing is corrected.
    row = one_row(batch)
    row = replace(row, sampler_logprobs=logprobs(table(1), row).float().numpy())
    expected, _ = whole([row], Loss(kind="reinforce"), None)
    for old in (None, table(1)):
        gradient, sums = whole([row], Loss(kind=kind), old)
        assert torch.allclose(gradient, expected, atol=1e-6)
        assert sums["ratio"] == pytest.approx(1)
        assert sums["clipped"] == 0
        assert sums["mismatch_kl"] == pytest.approx(0, abs=1e-6)


def test_reinforce_by_hand() -> None:
    logits = table(1)
    row = one_row([Sample((3,), (5,), (float(logits[3].log_softmax(-1)[5]),), 2.0)])
    gradient, sums = whole([row], Loss(kind="reinforce"), None)
    expected = torch.zeros_like(logits)
    expected[3] = 2.0 * logits[3].softmax(-1)
    expected[3, 5] -= 2.0
    assert torch.allclose(gradient, expected, atol=1e-6)
    assert sums["loss"] == pytest.approx(-2.0 * float(logits[3].log_softmax(-1)[5]))


def of_one_token(
    new: float, old: float | None, sampler: float, advantage: float, rules: Loss
) -> tuple[float, float, dict[str, float]]:
    """Loss, its derivative with respect to the log-probability `new`, and the sums of a single token."""
    value = torch.tensor([new], dtype=torch.float64, requires_grad=True)
    one = torch.ones(1, dtype=torch.float64)
    tokens = Tokens(
        new=value,
        old=None if old is None else old * one,
        sampled=sampler * one,
        reference=None,
        advantages=advantage * one,
        weights=one,
        sample=torch.zeros(1).long(),
    )
    measured = policy_loss(tokens, rules)
    (gradient,) = torch.autograd.grad(measured.loss, value)
    return (
        float(measured.loss.detach()),
        float(gradient),
        {name: float(number) for name, number in measured.sums.items()},
    )


@pytest.mark.parametrize("kind", ["ppo", "gspo"])
@pytest.mark.parametrize(
    ("ratio", "advantage", "clipped"),
    [(1.5, 1.0, True), (0.5, 1.0, False), (1.1, 1.0, False), (0.5, -1.0, True), (1.5, -1.0, False), (0.9, -1.0, False)],
)
def test_the_clip_acts_only_where_the_policy_went_too_far(
    kind: Kind, ratio: float, advantage: float, clipped: bool
) -> None:
    rules = Loss(kind=kind, clip_low=0.2, clip_high=0.3, correction="none")
    loss, gradient, sums = of_one_token(log(ratio) - 2, -2.0, -2.0, advantage, rules)
    bound = 1.3 if advantage > 0 else 0.8
    assert loss == pytest.approx(-advantage * (bound if clipped else ratio))
    assert gradient == pytest.approx(0 if clipped else -advantage * ratio)
    assert sums["clipped"] == clipped


@pytest.mark.parametrize(("ratio", "weight"), [(1.5, 1.3), (0.5, 0.8), (1.1, 1.1)])
def test_cispo_clips_the_weight_and_keeps_the_gradient(ratio: float, weight: float) -> None:
    rules = Loss(kind="cispo", clip_low=0.2, clip_high=0.3, correction="none")
    _, gradient, sums = of_one_token(log(ratio) - 2, -2.0, -2.0, 1.7, rules)
    assert gradient == pytest.approx(-1.7 * weight)
    assert sums["clipped"] == (weight != ratio)


def test_gspo_has_one_ratio_for_an_answer() -> None:
    new = torch.tensor([-1.0, -2.0, -3.0, -0.5], requires_grad=True)
    old = torch.tensor([-1.2, -2.0, -2.9, -0.4])
    weights = torch.tensor([1 / 6, 1 / 6, 1 / 6, 1 / 2])
    tokens = Tokens(
        new=new,
        old=old,
        sampled=old,
        reference=None,
        advantages=torch.tensor([1.0, 1, 1, 2]),
        weights=weights,
        sample=torch.tensor([0, 0, 0, 1]),
    )
    loss = policy_loss(tokens, Loss(kind="gspo")).loss
    first, second = exp((0.2 + 0 - 0.1) / 3), exp(-0.1)
    assert float(loss.detach()) == pytest.approx(-(0.5 * first + 0.5 * 2 * second))
    (gradient,) = torch.autograd.grad(loss, new)
    assert gradient.tolist() == pytest.approx([-first / 6] * 3 + [-second])


@pytest.mark.parametrize(
    ("correction", "ratio", "weight", "capped"),
    [
        ("truncate", 3.0, 2.0, True),
        ("truncate", 1.5, 1.5, False),
        ("truncate", 0.1, 0.1, False),
        ("mask", 3.0, 0.0, True),
        ("mask", 1.5, 1.5, False),
        ("mask", 0.4, 0.0, True),
        ("none", 3.0, 1.0, True),
        ("none", 0.1, 1.0, False),
    ],
)
def test_importance_weights_between_sampler_and_trainer(
    correction: Correction, ratio: float, weight: float, capped: bool
) -> None:
    rules = Loss(kind="ppo", correction=correction, correction_cap=2.0)
    _, gradient, sums = of_one_token(-1.0, None, -1.0 - log(ratio), 1.0, rules)
    assert gradient == pytest.approx(-weight)
    assert sums["capped"] == capped
    assert sums["ratio"] == pytest.approx(1)


def test_the_importance_weight_is_that_of_the_policy_before_the_first_update() -> None:
    # Two ratios of probabilities, each bounded on its own: of the policy before the stage to the sampler, and of the
    # policy now to that before the stage.
    _, gradient, _ = of_one_token(-1.0, -1.1, -1.5, 1.0, Loss(kind="ppo"))
    assert gradient == pytest.approx(-exp(0.4) * exp(0.1))


def test_a_token_the_sampler_all_but_ruled_out_stays_finite() -> None:
    for correction in ("truncate", "mask", "none"):
        loss, gradient, _ = of_one_token(-0.1, None, -500.0, 1.0, Loss(kind="ppo", correction=correction))
        assert torch.isfinite(torch.tensor([loss, gradient])).all()


def test_temperature_divides_the_logits() -> None:
    logits = table(1)
    row = one_row([Sample((3,), (5,), (-1.0,), 1.0, 0.5)])
    assert float(logprobs(logits, row)[0]) == pytest.approx(float((logits[3] / 0.5).log_softmax(-1)[5]))
    gradient, _ = whole([row], Loss(kind="reinforce", correction="none"), None)
    # d/dz of log softmax(z / T) has 1 / T in front.
    assert float(gradient[3, 5]) == pytest.approx(-(1 - float((logits[3] / 0.5).softmax(-1)[5])) / 0.5, rel=1e-5)


@pytest.mark.parametrize("estimator", ["k1", "k2", "k3"])
def test_no_divergence_from_itself(estimator: Estimator) -> None:
    new = torch.tensor([-0.5, -2.0], dtype=torch.float64, requires_grad=True)
    value = divergence(new, new.detach(), estimator)
    (gradient,) = torch.autograd.grad(value.sum(), new)
    assert value.tolist() == [0, 0]
    # k1's gradient is 1 for each token; it is 0 only on average over the policy's own tokens.
    assert gradient.tolist() == ([1, 1] if estimator == "k1" else [0, 0])


def categorical() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits of a policy, its probabilities and those of another near it."""
    logits = table(3)[0].clone().requires_grad_()
    return logits, logits.softmax(-1), (table(3)[0] + 0.3 * table(4)[0]).softmax(-1)


@pytest.mark.parametrize(("estimator", "exact"), [("k1", True), ("k3", True), ("k2", False)])
def test_expectation_of_the_estimators(estimator: Estimator, exact: bool) -> None:
    _, policy, other = categorical()
    divergence_exact = float((policy * (policy / other).log()).sum().detach())
    expected = float((policy.detach() * divergence(policy.detach().log(), other.log(), estimator)).sum())
    assert expected == pytest.approx(divergence_exact, rel=1e-12 if exact else 0.2)
    sampled = divergence(policy.detach().log(), other.log(), estimator)
    assert estimator == "k1" or bool((sampled >= 0).all())


def test_expectation_where_the_sampler_drew_the_token() -> None:
    _, policy, sampler = categorical()
    exact = float((sampler * (sampler / policy).log()).sum().detach())
    for estimator in ("k1", "k3"):
        values = divergence(policy.detach().log(), sampler.log(), estimator, of_sampler=True)  # type: ignore[arg-type]
        assert float((sampler * values).sum()) == pytest.approx(exact, rel=1e-12)


def test_k2s_gradient_is_that_of_the_divergence_and_k3s_that_of_the_reverse() -> None:
    # On average over tokens drawn from the policy; no gradient flows through the drawing, as in the loss.
    logits, policy, other = categorical()
    forward, reverse = (policy * (policy / other).log()).sum(), (other * (other / policy).log()).sum()
    expected = {"k2": forward, "k3": reverse}
    for estimator, exact in expected.items():
        values = (policy.detach() * divergence(policy.log(), other.log(), estimator)).sum()  # type: ignore[arg-type]
        (gradient,) = torch.autograd.grad(values, logits, retain_graph=True)
        (wanted,) = torch.autograd.grad(exact, logits, retain_graph=True)
        assert torch.allclose(gradient, wanted, atol=1e-12), estimator


def test_k3_of_a_token_given_up_stays_finite() -> None:
    assert torch.isfinite(divergence(torch.tensor([-400.0]), torch.tensor([-0.1]), "k3")).all()


def test_k3_of_a_small_difference_is_not_rounding() -> None:
    new = torch.full((1000,), -2.0) - torch.linspace(0.9e-3, 1.1e-3, 1000)
    expected = ((new.double() + 2).neg().expm1() - (new.double() + 2).neg()).mean()
    assert float(divergence(new, torch.full((1000,), -2.0), "k3").mean()) == pytest.approx(float(expected), rel=1e-3)


def test_the_divergence_is_measured_without_weight_and_added_with_it() -> None:
    row = one_row([Sample((3,), (5, 6), (-1.0, -2.0), 1.0)])
    free, measured = whole([row], Loss(kl_weight=0.0), None)
    held, weighted = whole([row], Loss(kl_weight=0.5), None)
    assert measured["kl"] == weighted["kl"] > 0
    assert weighted["loss"] == pytest.approx(measured["loss"] + 0.5 * measured["kl"])
    assert not torch.allclose(free, held)
