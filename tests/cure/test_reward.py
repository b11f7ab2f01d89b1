"""Rewards of programs and tests, the precision behind them, and advantages."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cure import reward
from cure.reward import AdvantageKind, Booleans, Floats, PrecisionCounts, TestRule

GENERATED = np.array(
    [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0] * 6], bool
)
LABELS = np.array([[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]], bool)
RIGHT = np.array([1, 1, 1, 0, 0, 0], bool)
"""Figure 3 of the CURE paper (arXiv 2506.03136): GENERATED and LABELS are (codes, tests), RIGHT is (codes,)."""


def floats(*values: float) -> Floats:
    return np.array(values, dtype=np.float64)


def earned(generated: Booleans, right: Booleans, **rule: Any) -> list[float]:
    rewards = reward.test_rewards(generated, right, TestRule(**rule))
    assert rewards is not None
    return cast("list[float]", rewards.tolist())


@st.composite
def groups(draw: st.DrawFn, right: int = 1, wrong: int = 0) -> tuple[Booleans, Booleans]:
    """A table (codes, tests) with at least `right` right and `wrong` wrong codes, and which codes are right."""
    codes, tests = draw(st.integers(right + wrong, 8)), draw(st.integers(1, 8))
    flags = draw(st.lists(st.booleans(), min_size=codes, max_size=codes))
    assume(sum(flags) >= right and codes - sum(flags) >= wrong)
    cells = draw(st.lists(st.booleans(), min_size=codes * tests, max_size=codes * tests))
    return np.array(cells, bool).reshape(codes, tests), np.array(flags, bool)


REWARDS = st.lists(st.integers(-20, 20).map(lambda number: number / 4), min_size=2, max_size=16).map(np.array)


def test_figure_3_of_the_paper() -> None:
    assert reward.right_codes(LABELS).tolist() == RIGHT.tolist()
    assert earned(GENERATED, RIGHT) == [3, 2, 1, 0, 0, -1]
    assert reward.code_rewards(LABELS, "count").tolist() == [3, 3, 3, 2, 1, 0]
    assert reward.code_rewards(LABELS, "all").tolist() == [1, 1, 1, 0, 0, 0]
    assert reward.code_rewards(LABELS, "fraction").tolist() == [1, 1, 1, 2 / 3, 1 / 3, 0]


def test_rewards_over_the_number_of_wrong_codes_and_the_naive_reward() -> None:
    assert earned(GENERATED, RIGHT, scale="mean") == [1, 2 / 3, 1 / 3, 0, 0, -1 / 3]
    assert earned(GENERATED, RIGHT, kind="validity") == [1, 1, 1, 0, 0, 0]


def test_a_bonus_tells_a_useless_valid_test_from_a_harmless_invalid_one() -> None:
    useless_and_harmless = np.array([[1, 0], [1, 0]], bool)
    right = np.array([1, 0], bool)
    assert earned(useless_and_harmless, right) == [0, 0]
    assert earned(useless_and_harmless, right, validity_bonus=0.25) == [0.25, 0]
    for bonus in (-1.0, float("nan")):
        with pytest.raises(ValueError, match="expected a number of at least 0"):
            TestRule(validity_bonus=bonus)


def test_with_no_right_code_nothing_can_be_said_about_tests() -> None:
    nobody = np.zeros(6, bool)
    assert reward.test_rewards(GENERATED, nobody) is None
    assert reward.precision_counts(GENERATED, nobody) == PrecisionCounts()


def test_with_no_wrong_code_validity_is_all_there_is() -> None:
    everybody = np.ones(2, bool)
    assert earned(GENERATED[:2], everybody) == [1, 1, 1, 1, -1, -1]
    assert earned(GENERATED[:2], everybody, kind="validity") == [1, 1, 1, 1, 0, 0]
    assert reward.test_rewards(GENERATED[:2], everybody, TestRule(on_all_right="skip")) is None


def test_no_parsed_test_is_an_empty_group() -> None:
    assert earned(np.zeros((6, 0), bool), RIGHT) == []
    assert reward.precision_counts(np.zeros((6, 0), bool), RIGHT) == PrecisionCounts()
    assert reward.advantages(floats(), "standard") is None


def test_without_ground_truth_no_code_is_right() -> None:
    """The released code counts all programs as right and trains on NaN (difference R1 in docs/rewards.md)."""
    with pytest.raises(ValueError, match="no ground-truth tests"):
        reward.right_codes(np.zeros((2, 0), bool))
    for kind in ("fraction", "count", "all"):
        with pytest.raises(ValueError, match="no ground-truth tests"):
            reward.code_rewards(np.zeros((2, 0), bool), cast(Any, kind))


@given(groups(), st.randoms(use_true_random=False))
def test_rewards_follow_a_permutation_of_codes_and_tests(table: tuple[Booleans, Booleans], random: Any) -> None:
    generated, right = table
    codes, tests = list(range(generated.shape[0])), list(range(generated.shape[1]))
    random.shuffle(codes)
    random.shuffle(tests)
    before = np.array(earned(generated, right))
    assert earned(generated[codes][:, tests], right[codes]) == before[tests].tolist()
    assert reward.code_rewards(generated[codes], "fraction").tolist() == (
        reward.code_rewards(generated, "fraction")[codes].tolist()
    )
    assert reward.precision_counts(generated[codes][:, tests], right[codes]) == (
        reward.precision_counts(generated, right)
    )


@given(groups(), st.sampled_from(["count", "mean"]), st.sampled_from([0.0, 0.5]))
def test_valid_tests_earn_at_least_nothing_and_invalid_ones_at_most(
    table: tuple[Booleans, Booleans], scale: str, bonus: float
) -> None:
    generated, right = table
    valid = generated[right].all(axis=0)
    rewards = np.array(earned(generated, right, scale=scale, validity_bonus=bonus))
    assert (rewards[valid] >= 0).all()
    assert (rewards[~valid] <= 0).all()


@given(groups(right=1, wrong=1))
def test_the_mean_test_reward_is_the_number_of_wrong_codes_times_mu(table: tuple[Booleans, Booleans]) -> None:
    generated, right = table
    mu = reward.precision_counts(generated, right).mu
    assert mu is not None
    assert np.mean(earned(generated, right)) == pytest.approx((~right).sum() * mu, abs=1e-12)
    assert np.mean(earned(generated, right, scale="mean")) == pytest.approx(mu, abs=1e-12)


def test_the_precision_of_figure_3() -> None:
    found = reward.precision_counts(GENERATED, RIGHT)
    assert found == PrecisionCounts(6, 3, 9, 3, 9, 1)
    assert (found.p_u, found.p_01, found.p_00) == (1 / 2, 1 / 3, 1 / 9)
    assert found.mu == pytest.approx(1 / 2 * 2 / 3 - 1 / 2 * 1 / 9)


def test_counts_of_problems_add_up_and_ratios_pool_them() -> None:
    first = reward.precision_counts(GENERATED, RIGHT)
    second = reward.precision_counts(np.array([[1], [1]], bool), np.array([1, 0], bool))
    both = sum([first, second], PrecisionCounts())
    assert both == PrecisionCounts(7, 4, 10, 4, 9, 1)
    assert both.p_u == 4 / 7


def test_a_ratio_without_data_is_none_and_mu_needs_only_what_counts() -> None:
    nothing = PrecisionCounts()
    assert (nothing.p_u, nothing.p_01, nothing.p_00, nothing.mu) == (None, None, None, None)
    only_valid = PrecisionCounts(2, 2, 4, 1, 0, 0)
    assert (only_valid.p_00, only_valid.mu) == (None, 0.75)
    only_invalid = PrecisionCounts(2, 0, 0, 0, 4, 1)
    assert (only_invalid.p_01, only_invalid.mu) == (None, -0.25)
    no_wrong_code = PrecisionCounts(2, 1, 0, 0, 0, 0)
    assert (no_wrong_code.p_u, no_wrong_code.mu) == (0.5, None)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("standard", [3**0.5, -(3**-0.5), -(3**-0.5), -(3**-0.5)]),
        ("centre", [0.75, -0.25, -0.25, -0.25]),
        ("loo", [1, -1 / 3, -1 / 3, -1 / 3]),
        ("maxrl", [3, -1, -1, -1]),
    ],
)
def test_advantages_of_one_success_in_four(kind: AdvantageKind, expected: list[float]) -> None:
    assert reward.advantages(floats(1, 0, 0, 0), kind) == pytest.approx(np.array(expected), abs=1e-15)


KINDS: tuple[AdvantageKind, ...] = ("standard", "centre", "loo", "maxrl")


@given(REWARDS, st.sampled_from(KINDS))
def test_advantages_have_mean_0_and_keep_the_order(rewards: Floats, kind: AdvantageKind) -> None:
    rewards = np.abs(rewards) if kind == "maxrl" else rewards
    found = reward.advantages(rewards, kind)
    if np.ptp(rewards) == 0:
        assert found is None
        return
    assert found is not None
    assert found.mean() == pytest.approx(0, abs=1e-12)
    assert (np.argsort(found, kind="stable") == np.argsort(rewards, kind="stable")).all()
    if kind == "standard":
        assert found.std() == pytest.approx(1, abs=1e-12)


@given(REWARDS)
def test_leave_one_out_is_each_reward_minus_the_mean_of_the_others(rewards: Floats) -> None:
    found = reward.advantages(rewards, "loo")
    if found is not None:
        others = [np.delete(rewards, index).mean() for index in range(rewards.size)]
        assert found == pytest.approx(rewards - others, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_of_equal_rewards_has_no_advantages(kind: AdvantageKind) -> None:
    for group in (floats(), floats(1), floats(0, 0), floats(2, 2, 2), np.full(15, 1 / 3)):
        assert reward.advantages(group, kind) is None


def test_equal_fractions_are_equal_although_their_deviation_is_not_zero() -> None:
    """The deviation of fifteen times 1/3 is a rounding error: the released code divides by it, and gets 1 or -1."""
    group = np.full(15, 1 / 3)
    assert group.std() > 0
    assert reward.advantages(group, "standard") is None
    assert reward.shorten(group, np.arange(15)).tolist() == [0] * 15


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_not_a_number_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        reward.advantages(floats(1, value), "centre")
    with pytest.raises(ValueError, match="not finite"):
        reward.shorten(floats(1, value), np.array([1, 2]))


def test_maxrl_refuses_rewards_below_0() -> None:
    with pytest.raises(ValueError, match="at least 0"):
        reward.advantages(floats(1, -1), "maxrl")
