"""Rows of packed answers: nothing is lost or repeated, and weights do not depend on rows or processes."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainer.update.pack import Aggregate, Pack, Sample, cut, packs_for, rows_of, spread, token_weights

AGGREGATES: tuple[Aggregate, ...] = ("token", "sequence", "constant")


@st.composite
def samples(draw: st.DrawFn, most: int = 12) -> list[Sample]:
    """Answers with distinguishable tokens, numbers and keys."""
    made = []
    for number in range(draw(st.integers(1, most))):
        prompt = tuple(range(1, draw(st.integers(1, 9)) + 1))
        size = draw(st.integers(1, 20))
        tokens = tuple(100 * (number + 1) + place for place in range(size))
        logprobs = tuple(-0.01 * (place + 1) for place in range(size))
        made.append(Sample(prompt, tokens, logprobs, float(number) - 2, draw(st.sampled_from((0.7, 1.0))), f"{number}"))
    return made


def every_row(batch: list[Sample], aggregate: Aggregate, budget: int, processes: int) -> list[list[Pack]]:
    return [packs_for(batch, aggregate, 50, budget, rank, processes) for rank in range(processes)]


def trained(rows: list[Pack]) -> Counter[tuple[float, ...]]:
    """Counts of the trained tokens, which have a weight other than 0.

    Each is given as the token, the token before it, the position of the token before it, then its advantage, weight,
    log-probability in the sampler and temperature.
    """
    found: Counter[tuple[float, ...]] = Counter()
    for row in rows:
        for place in range(len(row.where)):
            if row.weights[place]:
                at = row.where[place]
                found[
                    int(row.targets[place]),
                    int(row.ids[at]),
                    int(row.positions[at]),
                    float(row.advantages[place]),
                    float(row.weights[place]),
                    float(row.sampler_logprobs[place]),
                    float(row.temperatures[place]),
                ] += 1
    return found


@given(samples(), st.sampled_from(AGGREGATES), st.integers(1, 80), st.integers(1, 5), st.randoms())
def test_rows_processes_and_order_change_nothing(
    batch: list[Sample], aggregate: Aggregate, budget: int, processes: int, random: Random
) -> None:
    alone = packs_for(batch, aggregate, 50, 10_000)
    assert len(alone) == 1
    shuffled = sorted(batch, key=lambda _: random.random())
    spread_out = every_row(shuffled, aggregate, budget, processes)
    assert trained(alone) == trained(list(chain.from_iterable(spread_out)))
    assert sum(trained(alone).values()) == sum(len(sample.tokens) for sample in batch)


@given(samples(), st.sampled_from(AGGREGATES), st.integers(1, 80), st.integers(1, 5))
def test_every_process_gets_as_many_rows_and_none_is_empty(
    batch: list[Sample], aggregate: Aggregate, budget: int, processes: int
) -> None:
    rows = every_row(batch, aggregate, budget, processes)
    assert len({len(mine) for mine in rows}) == 1
    for row in chain.from_iterable(rows):
        assert len(row.ids) and len(row.where)
        assert len(row.ids) <= budget or len(row.bounds) - 1 == 1


@given(samples(), st.sampled_from(("token", "sequence")), st.integers(1, 80), st.integers(1, 5))
def test_weights_add_up_to_one(batch: list[Sample], aggregate: Aggregate, budget: int, processes: int) -> None:
    rows = chain.from_iterable(every_row(batch, aggregate, budget, processes))
    assert sum(float(row.weights.sum()) for row in rows) == pytest.approx(1, abs=1e-6)


@given(samples(), st.integers(1, 80))
def test_a_row_is_its_answers_one_after_another(batch: list[Sample], budget: int) -> None:
    answers = {sample.tokens: sample for sample in batch}
    for row in packs_for(batch, "sequence", 1, budget):
        for number in range(len(row.bounds) - 1):
            begin, end = row.bounds[number : number + 2]
            mine = row.sample == number
            sample = answers.pop(tuple(row.targets[mine].tolist()))
            assert tuple(row.ids[begin:end].tolist()) == sample.prompt + sample.tokens
            assert row.positions[begin:end].tolist() == list(range(sample.size))
            # The next token of each place is the one that is trained there.
            assert row.ids[row.where[mine] + 1].tolist() == row.targets[mine].tolist()
            assert row.sampler_logprobs[mine].tolist() == np.float32(sample.logprobs).tolist()
    assert not answers


def test_weights_of_the_three_means() -> None:
    short, long = Sample((1,), (2, 3), (0.0, 0.0), 1.0), Sample((1,), (2,) * 6, (0.0,) * 6, 1.0)
    assert token_weights([short, long], "token", 0) == [1 / 8, 1 / 8]
    assert token_weights([short, long], "sequence", 0) == [1 / 4, 1 / 12]
    # Dr. GRPO's mean: a long answer weighs more in all, and no token's weight depends on an answer's length.
    assert token_weights([short, long], "constant", 10) == [1 / 20, 1 / 20]


def test_a_process_without_answers_trains_one_token_with_weight_zero() -> None:
    only = Sample((5, 6), (7,), (-1.0,), 1.0)
    (first,), (second,) = every_row([only], "token", 64, 2)
    assert first.weights.tolist() == [1.0]
    assert second.weights.tolist() == [0.0] and second.advantages.tolist() == [0.0]


def test_no_answers_no_rows() -> None:
    assert packs_for([], "sequence", 1, 64, 0, 2) == []


def test_rows_fill_up_to_the_budget_and_long_answers_stand_alone() -> None:
    assert rows_of([4, 9, 3, 6, 2, 30], 10) == [[5], [1], [3, 0], [2, 4]]


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=60), st.integers(1, 8))
def test_no_process_works_much_more_than_another(sizes: list[int], bins: int) -> None:
    shares = spread(sizes, bins)
    assert sorted(chain.from_iterable(shares)) == list(range(len(sizes)))
    loads = [sum(sizes[i] + sizes[i] ** 2 / 4096 for i in share) for share in shares]
    longest = max(size + size**2 / 4096 for size in sizes)
    assert max(loads) - min(loads) <= longest + 1e-6


def test_cut_keeps_the_first_tokens_with_their_numbers() -> None:
    sample = Sample((1, 2), (3, 4, 5), (-0.1, -0.2, -0.3), 1.5, 0.7, "key")
    assert cut(sample, 2) == Sample((1, 2), (3, 4), (-0.1, -0.2), 1.5, 0.7, "key")
    assert cut(sample, 3) == sample and cut(sample, None) == sample


@pytest.mark.parametrize(("prompt", "tokens", "logprobs"), [((), (1,), (0.0,)), ((1,), (), ()), ((1,), (2, 3), (0.0,))])
def test_a_sample_that_cannot_be_trained_is_refused(
    prompt: tuple[int, ...], tokens: tuple[int, ...], logprobs: tuple[float, ...]
) -> None:
    with pytest.raises(ValueError, match="a sample needs"):
        Sample(prompt, tokens, logprobs, 1.0)
