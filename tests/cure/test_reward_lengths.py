"""The length transformation of section 3.4 of the CURE paper (arXiv 2506.03136); docs/rewards.md explains fault R3."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.reward import Floats, shorten


def shortened(rewards: Sequence[float], lengths: list[int]) -> Floats:
    return shorten(np.array(rewards, dtype=np.float64), np.array(lengths, dtype=np.int64))


def test_a_group_computed_by_hand() -> None:
    """T is 200, l_max 400; s is 100, 0, -200, -200; the factor is 4; the deviation of 400, 0, -200, -200 is 244.95."""
    found = shortened([1, 1, 1, 0], [100, 200, 400, 50])
    assert found == pytest.approx(np.array([400, 0, -200, -200]) / 60000**0.5, abs=1e-12)


def test_rewards_of_any_size_matter_only_by_being_above_the_mean() -> None:
    counts = shortened([3, 2, 1, 0, 0, -1], [10, 20, 900, 5, 5, 5])
    assert counts == pytest.approx(shortened([1, 1, 1, 0, 0, 0], [10, 20, 900, 5, 5, 5]), abs=1e-12)


def test_a_reward_that_equals_the_mean_is_not_good_whatever_its_rounding() -> None:
    rewards = [0.1, 0.5, 0.7, 0.7]
    assert 0 < 0.5 - np.mean(rewards) < 1e-15
    found = shortened(rewards, [5, 5, 100, 300])
    assert found.tolist() == shortened([0, 0, 1, 1], [5, 5, 100, 300]).tolist()


@pytest.mark.parametrize(
    ("case", "lengths"),
    [
        ("no s is positive", [100, 100, 100, 400, 50, 50]),
        ("no s is negative", [100, 400, 400, 400, 50, 50]),
        ("all s are zero", [100, 100, 100, 100, 50, 50]),
    ],
)
def test_where_one_side_is_empty_lengths_do_not_count(case: str, lengths: list[int]) -> None:
    root = 2**0.5
    assert shortened([1, 1, 1, 1, 0, 0], lengths) == pytest.approx(np.array([1 / root] * 4 + [-root] * 2)), case


def test_a_single_good_answer_keeps_its_advantage() -> None:
    assert shortened([1, 0], [500, 20]) == pytest.approx(np.array([1, -1]))


def test_a_group_without_a_signal_gets_none_from_its_lengths() -> None:
    assert shortened([1, 1, 1], [10, 20, 30]).tolist() == [0, 0, 0]
    assert shortened([1], [10]).tolist() == [0]
    assert shortened([], []).tolist() == []


def test_short_answers_keep_their_group() -> None:
    """R3: the released code drops this group: all right answers are shorter than its lowest threshold, 1000 tokens."""
    found = shortened([1] * 8 + [0] * 8, [*range(100, 900, 100)] * 2)
    assert found.std() == pytest.approx(1)
    assert (found[:4] > 0).all()
    assert (found[4:] < 0).all()


def test_lengths_must_belong_to_the_rewards() -> None:
    with pytest.raises(ValueError, match="2 rewards and 1 lengths"):
        shortened([1, 0], [1])


@given(
    st.lists(st.tuples(st.integers(-8, 8), st.integers(1, 10_000)), min_size=2, max_size=16),
    st.randoms(use_true_random=False),
)
def test_the_laws_of_the_transformation(answers: list[tuple[int, int]], random: Random) -> None:
    rewards, lengths = ([answer[part] for answer in answers] for part in (0, 1))
    found = shortened([float(value) for value in rewards], lengths)
    assert np.isfinite(found).all()
    assert found.mean() == pytest.approx(0, abs=1e-9)
    if len(set(rewards)) == 1:
        assert not found.any()
        return
    assert found.std() == pytest.approx(1, abs=1e-9)
    good = np.array(rewards) > np.mean(rewards)
    assert (found[~good] <= 0).all()
    assert found[good].min() >= found[~good].min() - 1e-9
    equal = {(length, number) for number, length in enumerate(lengths) if good[number]}
    by_length = [found[number] for _, number in sorted(equal)]
    if len({rewards[number] for _, number in equal}) == 1:
        assert all(later <= earlier + 1e-9 for earlier, later in itertools.pairwise(by_length))
    order = list(range(len(answers)))
    random.shuffle(order)
    again = shortened([float(rewards[index]) for index in order], [lengths[index] for index in order])
    assert again == pytest.approx(found[order], abs=1e-9)
