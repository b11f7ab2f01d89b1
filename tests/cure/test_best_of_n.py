"""Best-of-n: the closed form against enumeration, its general properties, and the selectors on the same tables."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.metrics.best_of_n import Sampling, best_of_n, best_of_subsets, by_tests_passed, oracle, share_of_gap
from cure.metrics.judged import Judged, judge
from cure.metrics.selectors import by_orders, by_selectors, chances_by_agreement, chances_by_calls
from cure.metrics.value import macro
from cure.metrics.verdicts import verdicts
from cure.select import SELECTORS, rank_by_agreement, rank_by_max_pass

BY_AGREEMENT = partial(by_orders, chances=chances_by_agreement)
CALLING_AGREEMENT = partial(by_orders, chances=partial(chances_by_calls, rank_by_agreement))
CALLING_MAX_PASS = partial(by_orders, chances=partial(chances_by_calls, rank_by_max_pass))

NS, MS = (1, 2, 3, 9), (0, 1, 2, 9)


@st.composite
def problems(draw: Callable[..., Any], most_programs: int = 6, most_tests: int = 5) -> Judged:
    """A judged problem with outputs, at least one program, and tests of which some may not have been extracted."""
    programs, tests = draw(st.integers(1, most_programs)), draw(st.integers(0, most_tests))
    outputs = draw(
        st.lists(st.lists(st.integers(-1, 2), min_size=tests, max_size=tests), min_size=programs, max_size=programs)
    )
    right = draw(st.lists(st.booleans(), min_size=programs, max_size=programs))
    extracted = draw(st.lists(st.booleans(), min_size=tests, max_size=tests))
    examples = draw(st.lists(st.lists(st.booleans(), min_size=2, max_size=2), min_size=programs, max_size=programs))
    printed = np.array(outputs, dtype=np.int64).reshape(programs, tests)
    known = verdicts(
        np.array(right)[:, None], printed == 0, extracted_tests=extracted, outputs=printed, public=np.array(examples)
    )
    return judge(known)


def values(problem: Judged, **options: Any) -> Any:
    return by_tests_passed([problem], NS, MS, Sampling(**options)).values[0]


def enumerated(problem: Judged, n: int, m: int) -> float:
    """Best-of-n by looking at every subset of n programs and of m tests."""
    n, m = min(n, problem.programs), min(m, problem.problem.tests)
    chances = []
    for chosen in itertools.combinations(range(problem.problem.tests), m):
        for programs in itertools.combinations(range(problem.programs), n):
            chance = best_of_n(problem.right[list(programs)], problem.generated[list(programs)][:, list(chosen)])
            assert chance is not None
            chances.append(chance)
    return float(np.mean(chances))


@given(problems())
@settings(max_examples=60, deadline=None)
def test_the_closed_form_equals_enumeration(problem: Judged) -> None:
    expected = [[enumerated(problem, n, m) for m in MS] for n in NS]
    assert values(problem) == pytest.approx(np.array(expected), abs=1e-12)


@given(problems())
@settings(deadline=None)
def test_one_program_or_no_test_is_a_random_choice(problem: Judged) -> None:
    found = values(problem)
    assert found[0] == pytest.approx(problem.right.mean())
    assert found[:, 0] == pytest.approx(problem.right.mean())


@given(problems())
@settings(deadline=None)
def test_all_programs_and_all_tests_leave_only_ties_to_average(problem: Judged) -> None:
    assert values(problem)[-1, -1] == pytest.approx(best_of_n(problem.right, problem.generated))


@given(problems())
@settings(deadline=None)
def test_no_choice_is_better_than_the_oracle(problem: Judged) -> None:
    bound = np.array([[oracle([problem], n).value().value] for n in NS])
    assert (values(problem) <= bound + 1e-9).all()
    for estimates in by_selectors([problem], [problem.programs], MS, Sampling(orders=10)).values():
        assert (estimates.values[0] <= problem.right.any() + 1e-9).all()


@given(problems(), st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_changes_nothing(problem: Judged, random: Any) -> None:
    rows, columns = list(range(problem.programs)), list(range(problem.problem.tests))
    random.shuffle(rows)
    random.shuffle(columns)
    other = judge(
        verdicts(
            problem.right[rows][:, None],
            problem.generated[rows][:, columns],
            extracted_tests=problem.extracted[columns],
        )
    )
    assert values(other) == pytest.approx(values(problem), abs=1e-12)


def test_a_failed_extraction_takes_the_place_of_a_test_and_votes_for_nobody() -> None:
    tables = np.array([[True], [False]]), np.array([[True], [False]])
    whole, half = judge(verdicts(*tables)), judge(verdicts(*tables, requested=2))
    sampling = Sampling()
    assert by_tests_passed([whole], [2], [1, 2], sampling).values[0].tolist() == [[1.0, 1.0]]
    assert by_tests_passed([half], [2], [1, 2], sampling).values[0].tolist() == [[0.75, 1.0]]


def test_sampled_subsets_of_tests_are_near_all_of_them_and_say_how_near() -> None:
    random = np.random.default_rng(1)
    problem = judge(verdicts(random.random((12, 1)) < 0.4, random.random((12, 12)) < 0.4, name="p"))
    exact = by_tests_passed([problem], [12], [6], Sampling(draws=1000))
    sampled = by_tests_passed([problem], [12], [6], Sampling(draws=300))
    assert exact.variances[0, 0, 0] == 0.0
    error = float(sampled.variances[0, 0, 0]) ** 0.5
    assert 0 < error < 0.02
    assert abs(sampled.values - exact.values).max() < 4 * error


def test_the_same_problem_gets_the_same_subsets_whatever_stands_beside_it() -> None:
    random = np.random.default_rng(2)
    first, second = (
        judge(verdicts(random.random((8, 1)) < 0.5, random.random((8, 14)) < 0.5, name=name)) for name in "ab"
    )
    for estimate in (by_tests_passed, BY_AGREEMENT):
        alone = estimate([second], [4], [5], Sampling()).values[0]
        assert (estimate([first, second], [4], [5], Sampling()).values[1] == alone).all()
        assert (estimate([second], [4], [5], Sampling(seed=1)).values[0] != alone).any()


def test_public_examples_may_come_first() -> None:
    problem = judge(
        verdicts(np.array([[True], [False]]), np.array([[False], [True]]), public=np.array([[True], [False]]))
    )
    for first, expected in ((False, 0.0), (True, 1.0)):
        for estimates in by_selectors([problem], [2], [1], Sampling(public_first=first)).values():
            assert estimates.values[0, 0, 0] == expected
    nothing_else = by_selectors([problem], [2], [0], Sampling(public_first=True))
    assert {float(estimates.values[0, 0, 0]) for estimates in nothing_else.values()} == {1.0}


@given(problems(most_programs=5, most_tests=4), st.booleans(), st.booleans())
@settings(max_examples=60, deadline=None)
def test_agreement_on_all_orders_at_once_equals_calling_the_selector(
    problem: Judged, public_first: bool, printed: bool
) -> None:
    few = Sampling(orders=6, public_first=public_first)
    once = BY_AGREEMENT([problem], NS, MS, few, printed=printed)
    called = CALLING_AGREEMENT([problem], NS, MS, few, printed=printed)
    assert once.values == pytest.approx(called.values, abs=1e-9)


def test_agreement_counts_an_input_once() -> None:
    outputs = np.array([[0, 0, 1], [1, 1, 0], [1, 1, 1]])
    for inputs in (["a", "b", "c"], ["a", "a", "c"]):
        problem = judge(
            verdicts(np.array([[True], [False], [False]]), outputs == 7, outputs=outputs, inputs=inputs, name="p")
        )
        once = BY_AGREEMENT([problem], [2, 3], [2, 3], Sampling(orders=15))
        called = CALLING_AGREEMENT([problem], [2, 3], [2, 3], Sampling(orders=15))
        assert once.values == pytest.approx(called.values)


@given(problems())
@settings(max_examples=40, deadline=None)
def test_calling_max_pass_on_random_orders_is_near_the_closed_form(problem: Judged) -> None:
    exact = by_tests_passed([problem], [problem.programs], [problem.problem.tests], Sampling())
    called = CALLING_MAX_PASS([problem], [problem.programs], [problem.problem.tests], Sampling())
    assert called.values == pytest.approx(exact.values, abs=1e-12)


def test_without_stored_outputs_agreement_has_another_name() -> None:
    problem = judge(verdicts(np.array([[True], [False]]), np.array([[True], [False]])))
    found = set(by_selectors([problem], NS, MS, Sampling()))
    assert {name for name in found if name not in SELECTORS} == {
        "agreement of verdicts",
        "learned of verdicts",
        "mbr of verdicts",
        "outvoted of verdicts",
    }
    printed = judge(replace(problem.problem, outputs=np.array([[0], [1]])))
    assert set(by_selectors([printed], NS, MS, Sampling())) == set(SELECTORS)


def test_a_selector_this_project_does_not_know_yet_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SELECTORS, "new", lambda table: rank_by_max_pass(table))
    problem = judge(verdicts(np.array([[True], [False]]), np.array([[True], [False]]), outputs=np.array([[0], [1]])))
    assert by_selectors([problem], [2], [1], Sampling())["new"].values[0, 0, 0] == 1.0


def test_scores_far_apart_and_large_n_are_no_trouble() -> None:
    right = np.arange(300) % 3 == 0
    found = best_of_subsets(right, np.arange(300)[None, :] * 7, [1, 150, 300])
    assert found[0].tolist() == pytest.approx([1 / 3, found[0, 1], 0.0])
    assert 0 < found[0, 1] < 1


def test_the_share_of_the_gap_is_none_where_there_is_no_gap() -> None:
    best, at_random, at_best = (macro([number], "none") for number in (0.5, 0.25, 0.75))
    assert share_of_gap(best, at_random, at_best).value().value == 0.5
    nothing = share_of_gap(best, best, best).value()
    assert (nothing.value, nothing.reason) == (None, "an oracle gains nothing over a random choice")


def test_best_of_n_of_no_program_is_none() -> None:
    assert best_of_n(np.zeros(0, dtype=bool), np.zeros((0, 3), dtype=bool)) is None
