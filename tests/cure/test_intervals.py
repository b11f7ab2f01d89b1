"""Intervals cover what they should; a comparison names no winner inside the noise."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.metrics.best_of_n import Sampling
from cure.metrics.case import ScoredCase
from cure.metrics.comparison import HEADLINES, Comparison, Difference, compare, mcnemar
from cure.metrics.intervals import Bootstrap, intervals, resampled, wilson
from cure.metrics.release import ReleaseOptions
from cure.metrics.standard import ScoreOptions
from cure.metrics.value import Floats, combined, macro, pooled
from cure.metrics.verdicts import ProblemVerdicts, verdicts

QUICK = ScoreOptions(bootstrap=Bootstrap(draws=1000))


def test_wilson_of_known_numbers() -> None:
    assert wilson(0, 10) == pytest.approx((0.0, 0.27754), abs=1e-5)
    assert wilson(5, 10) == pytest.approx((0.23659, 0.76341), abs=1e-5)
    low, high = wilson(10, 10)
    assert (low, high) == (pytest.approx(1 - 0.27754, abs=1e-5), 1.0)


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says() -> None:
    """For the mean over problems and the pooled share, about 95 % of 300 intervals hold the true share, 0.25.

    Each interval is of 80 problems, each with its own difficulty and 1 to 8 samples.
    """
    random = np.random.default_rng(0)
    covered: dict[str, list[bool]] = {"macro": [], "pooled": []}
    for repeat in range(300):
        samples = random.integers(1, 9, 80)
        right = random.binomial(samples, random.beta(0.5, 1.5, 80))
        measures = {"macro": macro((right / samples).tolist(), ""), "pooled": pooled(right, samples, "")}
        found = intervals([*measures.values()], Bootstrap(draws=600, seed=repeat))
        for name, interval in zip(measures, found, strict=True):
            assert interval.low is not None
            assert interval.high is not None
            covered[name].append(interval.low <= 0.25 <= interval.high)
    for name, hits in covered.items():
        assert 0.90 <= np.mean(hits) <= 0.985, name


def test_one_sample_per_problem_has_wilsons_interval() -> None:
    (interval,) = intervals([macro([1.0, 1.0, 0.0, None], "")], Bootstrap(draws=100))
    assert interval.method == "wilson"
    assert (interval.low, interval.high) == wilson(2, 3)


def test_numerator_and_denominator_are_drawn_together() -> None:
    """A share that is the same in every problem is the same in every draw, however many samples each problem has."""
    values = resampled([pooled([1, 2, 30], [2, 4, 60], "")], Bootstrap(draws=200))
    assert (values == 0.5).all()


def test_the_same_seed_gives_the_same_interval_and_problems_may_be_many() -> None:
    random = np.random.default_rng(0)
    measure = pooled(random.integers(0, 3, 3000), np.full(3000, 4), "")
    first, again = (intervals([measure], Bootstrap(draws=700)) for _ in range(2))
    assert first == again
    assert intervals([measure], Bootstrap(draws=700, seed=1)) != first


def test_where_there_is_no_interval_a_reason_says_so() -> None:
    nothing, one, alike = pooled([0, 0], [0, 0], "no data"), pooled([1, 0], [2, 0], ""), pooled([1, 1], [2, 2], "")
    reasons = [interval.reason for interval in intervals([nothing, one, alike], Bootstrap(draws=50))]
    assert reasons[:2] == ["no data", "one problem says nothing about others"]
    assert reasons[2].startswith("all problems have the same value")
    assert intervals([pooled([], [], "no problem")], Bootstrap(draws=50))[0].reason == "no problem"


def test_a_formula_of_ratios_is_resampled_as_a_whole() -> None:
    ratio = pooled([1, 2, 0], [2, 3, 4], "")

    def minus(numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
        shares = numerators / np.maximum(denominators, 1)
        return shares[0] - shares[1], np.ones_like(shares[0])

    assert (resampled([combined([ratio, ratio], minus, "")], Bootstrap(draws=100)) == 0).all()


def scored_case(problems: Sequence[ProblemVerdicts], max_test: int = 8, **options: Any) -> ScoredCase:
    return ScoredCase(problems=problems, options=ReleaseOptions(max_test=max_test), **options)


def run(rates: Floats, seed: int, programs: int = 8, tests: int = 6, **options: Any) -> ScoredCase:
    """Problems on which programs are right at these rates; the tester is right half of the time."""
    random = np.random.default_rng(seed)
    problems = []
    for index, rate in enumerate(rates):
        right = random.random(programs) < rate
        true = random.random(tests) < 0.5
        passes = np.where(right[:, None], true, random.random((programs, tests)) < 0.2)
        problems.append(
            verdicts(
                right[:, None].repeat(2, axis=1), passes, name=f"p{index}", requested=tests, reference=true.tolist()
            )
        )
    return scored_case(problems, **options)


def named(found: Comparison) -> dict[str, Difference]:
    return {one.name: one for one in found.differences}


def winners(found: Comparison) -> set[str]:
    return {one.winner for one in found.differences if one.winner}


@pytest.mark.parametrize("size", [1, 2, 5, 60])
@pytest.mark.parametrize("programs", [1, 8])
def test_comparing_a_run_with_itself_never_names_a_winner(size: int, programs: int) -> None:
    a = run(np.linspace(0, 1, size), 0, programs)
    found = compare(a, a, QUICK)
    assert found.problems == size
    assert winners(found) == set()
    assert {one.difference for one in found.differences if one.difference is not None} == {0.0}


@given(st.integers(1, 6), st.integers(0, 10**6))
@settings(max_examples=30, deadline=None)
def test_a_few_problems_never_name_a_winner(size: int, seed: int) -> None:
    """With five problems or fewer the p-value of a permutation test is about 1/16 or more, whatever the difference."""
    few = ScoreOptions(bootstrap=Bootstrap(draws=200))
    assert winners(compare(run(np.zeros(min(size, 5)), seed), run(np.ones(min(size, 5)), seed + 1), few)) == set()


def test_two_runs_of_one_model_seldom_have_a_winner() -> None:
    few = ScoreOptions(bootstrap=Bootstrap(draws=300), sampling=Sampling(orders=20))
    rates = np.random.default_rng(0).beta(0.5, 1.0, 30)
    named_one = [bool(winners(compare(run(rates, 2 * seed), run(rates, 2 * seed + 1), few))) for seed in range(15)]
    assert sum(named_one) <= 3


def test_a_clear_difference_has_a_winner_and_says_how_small_a_one_would_show() -> None:
    rates = np.random.default_rng(0).beta(1.0, 2.0, 80)
    found = named(compare(run(rates, 1), run(np.minimum(rates + 0.3, 1), 2), QUICK))
    accuracy = found["code_accuracy_macro"]
    assert (accuracy.winner, accuracy.test) == ("B", "swap")
    assert accuracy.low is not None
    assert accuracy.minimum_detectable is not None
    assert accuracy.low > 0
    assert 0.01 < accuracy.minimum_detectable < 0.2
    assert found["best_of_8_by_6 max-pass"].winner == "B"
    assert found["pass_at_2"].winner is None  # not a headline
    assert {one.name for one in found.values() if one.headline} >= set(HEADLINES)


def test_runs_of_one_sample_are_held_to_mcnemar() -> None:
    a, b = run(np.full(60, 0.2), 1, programs=1), run(np.full(60, 0.9), 2, programs=1)
    accuracy = named(compare(a, b, QUICK))["code_accuracy_macro"]
    assert (accuracy.test, accuracy.winner) == ("mcnemar", "B")


def test_mcnemar_of_known_numbers() -> None:
    assert mcnemar(0, 0) == 1.0
    assert mcnemar(5, 5) == 1.0
    assert mcnemar(1, 9) == pytest.approx(2 * (1 + 10) / 2**10)
    assert mcnemar(0, 3) == 2 / 2**3


def test_only_common_problems_count() -> None:
    a, b = run(np.full(5, 0.5), 0), run(np.full(8, 0.5), 0)
    found = compare(a, scored_case(b.problems[2:]), QUICK)
    assert (found.problems, found.only_in_a, found.only_in_b) == (3, 2, 3)


def hidden(count: int) -> list[ProblemVerdicts]:
    return [verdicts(np.ones((2, count), dtype=bool), np.ones((2, 1), dtype=bool), name="p")]


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (scored_case(hidden(1), data="0a"), scored_case(hidden(1), data="0b"), "the data differ (sha256 0a and 0b)"),
        (
            scored_case(hidden(1), checker="tokens"),
            scored_case(hidden(1), checker="exact"),
            "the checkers differ (tokens and exact)",
        ),
        (scored_case(hidden(1)), scored_case(hidden(2)), "the hidden tests differ (p has 1 and 2 of them)"),
        (
            scored_case(hidden(9), max_test=8),
            scored_case(hidden(9), max_test=9),
            "the selections of hidden tests differ (the first 8 and the first 9)",
        ),
        (scored_case([]), scored_case(hidden(1)), "A and B have no problem in common"),
        (scored_case(hidden(1)), scored_case(hidden(1) * 2), "problems of B share a name"),
    ],
)
def test_what_was_judged_differently_is_not_compared(a: ScoredCase, b: ScoredCase, message: str) -> None:
    with pytest.raises(ProblemError) as error:
        compare(a, b, QUICK)
    assert str(error.value) == f"cannot compare: {message}"


def test_a_selection_that_makes_no_difference_is_none() -> None:
    assert compare(scored_case(hidden(4), max_test=8), scored_case(hidden(4), max_test=9), QUICK).problems == 1


def test_what_one_run_has_no_value_for_says_which() -> None:
    a = run(np.full(4, 0.5), 0)
    bare = scored_case([verdicts(one.hidden, one.generated, name=one.name) for one in a.problems])
    one = named(compare(a, bare, QUICK))["ut_accuracy_reference_requested"]
    assert (one.difference, one.winner) == (None, None)
    assert one.reason.startswith("no value for B: ")
    assert all(math.isfinite(row.difference) for row in compare(a, a, QUICK).differences if row.difference is not None)
