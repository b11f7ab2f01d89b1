"""The standard metrics: what is counted, what is left out, and what has no data."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.metrics.case_file import load_cases
from cure.metrics.code_accuracy import pass_at_k
from cure.metrics.intervals import Bootstrap
from cure.metrics.judged import judge
from cure.metrics.standard import Score, ScoreOptions, score
from cure.metrics.verdicts import Pool, ProblemVerdicts, verdicts
from cure.reward.precision import PrecisionCounts, precision_counts

QUICK = ScoreOptions(bootstrap=Bootstrap(draws=50))


def table(*rows: str) -> Any:
    """Booleans, a row per string: `1` passes."""
    return np.array([[mark == "1" for mark in row] for row in rows], dtype=np.bool_).reshape(len(rows), -1)


def scored(*problems: ProblemVerdicts, asked: ScoreOptions = QUICK) -> Score:
    return score(problems, asked)


def value(name: str, *problems: ProblemVerdicts) -> tuple[float | None, float, float, int]:
    """Value, numerator, denominator and how many problems entered."""
    found = scored(*problems).values[name]
    assert (found.value is None) == bool(found.reason)
    return found.value, found.numerator, found.denominator, found.problems


@given(st.integers(1, 6), st.integers(0, 6), st.integers(1, 6))
def test_pass_at_k_equals_enumeration(samples: int, right: int, k: int) -> None:
    right, k = min(right, samples), min(k, samples)
    subsets = list(itertools.combinations([index < right for index in range(samples)], k))
    assert pass_at_k(samples, right, k) == pytest.approx(sum(map(any, subsets)) / len(subsets), abs=1e-12)


def test_pass_at_k_of_too_few_samples_is_refused() -> None:
    for samples, right, k in ((4, 5, 1), (4, 1, 5), (4, 1, 0)):
        with pytest.raises(ValueError, match="is not defined"):
            pass_at_k(samples, right, k)


def test_macro_and_pooled_accuracy_differ_when_problems_have_different_numbers_of_programs() -> None:
    problems = (verdicts(table("1", "0"), table("", "")), verdicts(table(*"1111"), table(*[""] * 4)))
    assert value("code_accuracy_macro", *problems) == (0.75, 1.5, 2, 2)
    assert value("code_accuracy_pooled", *problems) == (5 / 6, 5, 6, 2)
    assert value("pass_at_4", *problems) == (1.0, 1, 1, 1)


def test_a_program_that_was_not_extracted_is_wrong() -> None:
    problem = verdicts(table("1", "1"), table("1", "1"), extracted_programs=[True, False])
    assert value("code_accuracy_pooled", problem)[:3] == (0.5, 1, 2)
    assert value("program_extraction_failures", problem)[:3] == (0.5, 1, 2)
    assert judge(problem).generated.tolist() == [[True], [False]]


def test_a_test_that_was_not_extracted_keeps_its_place_votes_for_nobody_and_is_wrong_if_counted() -> None:
    problem = verdicts(table("1", "0"), table("101", "000"), extracted_tests=[True, False, True], reference=[1, 1, 0])
    assert judge(problem).generated.tolist() == [[True, False, True], [False, False, False]]
    assert value("ut_accuracy_reference_extracted", problem)[:3] == (0.5, 1, 2)
    assert value("ut_accuracy_reference_requested", problem)[:3] == (1 / 3, 1, 3)
    assert value("ut_accuracy_estimate_extracted", problem)[:3] == (1.0, 2, 2)
    assert value("ut_accuracy_estimate_requested", problem)[:3] == (2 / 3, 2, 3)
    assert value("test_extraction_failures", problem)[:3] == (1 / 3, 1, 3)
    assert scored(problem).coverage.tests_not_extracted == 1


def test_right_tests_are_new_or_repeat_a_public_example() -> None:
    problem = verdicts(
        table("1"),
        table("11101"),
        extracted_tests=[True, True, True, False, True],
        reference=[True, True, True, None, False],
        inputs=["1", "1", "7", None, "1"],
        repeated=[True, True, False, False, True],
    )
    assert value("ut_new_reference_requested", problem)[:3] == (1 / 5, 1, 5)
    assert value("ut_repeat_reference_requested", problem)[:3] == (2 / 5, 2, 5)
    assert value("repeated_examples", problem)[:3] == (3 / 5, 3, 5)
    assert value("distinct_inputs", problem)[:3] == (2 / 5, 2, 5)


def test_tests_whose_truth_is_unknown_are_neither_new_nor_repeats() -> None:
    problem = verdicts(table("1"), table("11"), requested=3, reference=[None, True], repeated=[False, False])
    assert value("ut_new_reference_requested", problem)[:3] == (1 / 2, 1, 2)


@pytest.mark.parametrize("known", [{}, {"requested": 2}, {"repeated": [False, False]}])
def test_new_tests_are_null_where_examples_or_requests_are_not_stored(known: dict[str, Any]) -> None:
    problem = verdicts(table("1"), table("11"), reference=[True, True], **known)
    assert value("ut_new_reference_requested", problem)[0] is None
    assert value("repeated_examples", problem)[0] is None


def test_how_many_tests_were_requested_is_enough_for_failures_to_count() -> None:
    problem = verdicts(table("1", "0"), table("11", "00"), requested=4)
    assert value("ut_accuracy_estimate_requested", problem)[:3] == (0.5, 2, 4)
    unknown = verdicts(table("1", "0"), table("11", "00"))
    assert value("ut_accuracy_estimate_requested", unknown)[0] is None
    assert scored(unknown).coverage.tests_not_extracted is None


def test_a_failed_sandbox_is_no_failure_of_a_program() -> None:
    known = np.array([[True, False], [True, False], [True, True]])
    problem = verdicts(table("11", "00", "11"), table("1", "1", "1"), hidden_known=known)
    found = scored(problem)
    assert (found.coverage.programs_undecided, found.coverage.unknown_hidden_cells) == (1, 2)
    assert value("code_accuracy_pooled", problem)[:3] == (
        0.5,
        1,
        2,
    )  # program 1 may be right or wrong, program 2 fails


def test_pairs_the_sandbox_failed_on_are_left_out() -> None:
    known = np.array([[True, True], [True, False]])
    problem = verdicts(table("1", "0"), table("11", "00"), generated_known=known)
    assert value("far_test", problem)[:3] == (0.0, 0, 1)
    assert value("p_01", problem)[:3] == (0.0, 0, 1)


def test_mu_and_its_ratios_are_those_of_the_rewards() -> None:
    random = np.random.default_rng(0)
    tables = [(random.random((6, 3)) < 0.7, random.random((6, 5)) < 0.5) for _ in range(30)]
    counts = sum((precision_counts(b, a.all(axis=1)) for a, b in tables), PrecisionCounts())
    found = scored(*(verdicts(a, b) for a, b in tables)).values
    assert found["mu"].value == pytest.approx(counts.mu, abs=1e-12)
    assert (found["p_u"].value, found["p_01"].value, found["p_00"].value) == (counts.p_u, counts.p_01, counts.p_00)
    assert (found["p_01"].denominator, found["p_00"].denominator) == (counts.valid_pairs, counts.invalid_pairs)


def test_mu_needs_no_ratio_whose_factor_is_0() -> None:
    only_right_tests = verdicts(table("1", "0"), table("1", "0"))
    assert value("p_00", only_right_tests)[0] is None
    assert value("mu", only_right_tests)[0] == 1.0
    no_wrong_program = verdicts(table("1", "1"), table("1", "1"))
    assert value("mu", no_wrong_program)[0] is None


def test_p_01_without_pairs_is_none_where_the_release_says_1() -> None:
    assert value("p_01", verdicts(table("1", "1"), table("1", "1"))) == (None, 0, 0, 0)


def test_acceptance_by_test_and_by_suite() -> None:
    problem = verdicts(table("1", "1", "0", "0"), table("11", "01", "11", "01"))
    assert value("far_test", problem)[:3] == (0.75, 3, 4)
    assert value("frr_test", problem)[:3] == (0.25, 1, 4)
    assert value("f1_test", problem)[:3] == (6 / 10, 6, 10)
    assert value("far_suite", problem)[:3] == (0.5, 1, 2)
    assert value("frr_suite", problem)[:3] == (0.5, 1, 2)
    assert value("f1_suite", problem)[:3] == (0.5, 2, 4)
    assert value("f1_test", verdicts(table("0"), table("1")))[0] is None


def test_kills_are_those_of_tests_the_reference_passes() -> None:
    problem = verdicts(table("1", "0", "0"), table("110", "010", "100"), reference=[True, True, False])
    assert value("kill_rate_pairs", problem)[:3] == (0.5, 2, 4)
    assert value("kill_rate_programs", problem)[:3] == (1.0, 2, 2)
    assert value("ut_estimate_agreement", problem)[:3] == (1.0, 3, 3)


def test_a_suite_is_measured_on_a_labelled_pool_without_a_coder() -> None:
    pool = Pool(np.array([True, True, False]), table("11", "10", "01"))
    problem = verdicts(np.zeros((0, 3), dtype=bool), np.zeros((0, 2), dtype=bool), pool=pool)
    assert value("pool_suite_tpr", problem)[:3] == (0.5, 1, 2)
    assert value("pool_suite_tnr", problem)[:3] == (1.0, 1, 1)
    assert value("code_accuracy_macro", problem)[0] is None


def test_duplicates_are_counted_among_extracted_tests() -> None:
    problem = verdicts(
        table("1"), table("1111"), inputs=["a", "a", "b", "a"], extracted_tests=[True, True, True, False]
    )
    assert value("duplicate_inputs", problem)[0] == pytest.approx(1 / 3)


def test_programs_that_only_the_unused_hidden_tests_catch_are_counted() -> None:
    problem = verdicts(table("110", "111", "000"), table("", "", ""))
    found = scored(problem, asked=ScoreOptions(max_test=2, bootstrap=QUICK.bootstrap))
    assert (found.values["wrong_passing_used_tests"].numerator, found.values["code_accuracy_pooled"].value) == (
        1,
        2 / 3,
    )
    assert (found.coverage.hidden_tests, found.coverage.hidden_tests_used) == (3, 2)


MARKS = st.integers(0, 4).flatmap(
    lambda width: st.lists(st.lists(st.booleans(), min_size=width, max_size=width), min_size=1, max_size=5)
)


@settings(max_examples=40)
@given(MARKS, st.data())
def test_a_failed_extraction_never_raises_accuracy_with_failures_counted(rows: list[list[bool]], data: Any) -> None:
    generated = np.array(rows, dtype=np.bool_).reshape(len(rows), -1)
    programs, tests = generated.shape
    right = np.array(data.draw(st.lists(st.booleans(), min_size=programs, max_size=programs)))[:, None]
    reference = data.draw(st.lists(st.booleans(), min_size=tests, max_size=tests))
    place = data.draw(st.integers(0, tests))
    wider = np.insert(generated, place, True, axis=1)  # the verdicts on a failed extraction do not count
    before = verdicts(right, generated, reference=reference, extracted_tests=[True] * tests)
    after = verdicts(
        right,
        wider,
        reference=[*reference[:place], True, *reference[place:]],
        extracted_tests=[index != place for index in range(tests + 1)],
    )
    one, other = scored(before).values, scored(after).values
    for by in ("reference", "estimate"):
        requested = f"ut_accuracy_{by}_requested"
        assert (other[requested].value or 0.0) <= (one[requested].value or 0.0)
        extracted = f"ut_accuracy_{by}_extracted"
        assert other[extracted].value == one[extracted].value
    failed_program = verdicts(np.append(right, [[True]], axis=0), np.append(generated, np.ones((1, tests)), axis=0) > 0,
        extracted_programs=[True] * programs + [False])  # fmt: skip
    now, then = scored(failed_program).values["code_accuracy_pooled"].value, one["code_accuracy_pooled"].value
    assert now is not None
    assert then is not None
    assert now <= then


@settings(max_examples=40)
@given(MARKS, st.randoms(use_true_random=False))
def test_the_order_of_programs_tests_and_problems_changes_no_ratio(rows: list[list[bool]], random: Any) -> None:
    generated = np.array(rows, dtype=np.bool_).reshape(len(rows), -1)
    right = generated[:, :1] if generated.shape[1] else np.ones((len(rows), 1), dtype=np.bool_)
    rest = verdicts(table("1", "0"), table("10", "11"), name="rest")
    by_program, by_test = list(range(len(rows))), list(range(generated.shape[1]))
    random.shuffle(by_program)
    random.shuffle(by_test)
    one = scored(verdicts(right, generated, name="p"), rest)
    other = scored(rest, verdicts(right[by_program], generated[by_program][:, by_test], name="p"))
    for name, found in one.values.items():
        same = other.values[name]
        assert (found.numerator, found.denominator) == pytest.approx((same.numerator, same.denominator), abs=1e-12), (
            name
        )
    for here, there in zip(one.best_of_n, other.best_of_n, strict=True):
        if not here.monte_carlo_error:
            assert here.best.value == pytest.approx(there.best.value, abs=1e-12)


EMPTY = {
    "no problems": [],
    "no programs": [verdicts(np.zeros((0, 3), dtype=bool), np.zeros((0, 2), dtype=bool))],
    "no tests": [verdicts(table("1", "0"), table("", ""))],
    "no hidden tests": [verdicts(table("", ""), table("1", "0"))],
    "no right program": [verdicts(table("0", "0"), table("1", "0"))],
    "no wrong program": [verdicts(table("1", "1"), table("1", "0"))],
    "nothing extracted": [verdicts(table("1"), table("11"), extracted_programs=[False], extracted_tests=[False] * 2)],
    "nothing known": [
        verdicts(table("1"), table("1"), hidden_known=np.zeros((1, 1), bool), generated_known=np.zeros((1, 1), bool))
    ],
}


def sensible(found: Score) -> None:
    """Assert that every value is finite and has a positive denominator, or is None with a reason."""
    values = [*found.values.values(), *(side for one in found.best_of_n for side in (one.best, one.share_of_gap))]
    for one in values:
        if one.value is None:
            assert one.reason
            assert one.interval.reason
            assert one.denominator == 0
        else:
            assert math.isfinite(one.value)
            assert one.denominator > 0
            assert one.problems > 0
            assert one.value == pytest.approx(one.numerator / one.denominator)
            if one.interval.low is not None and one.interval.high is not None:
                assert (
                    one.interval.low - 1e-12 <= one.value <= one.interval.high + 1e-12
                    or one.interval.method != "wilson"
                )
            else:
                assert one.interval.reason


@pytest.mark.parametrize("case", EMPTY)
def test_what_has_no_data_is_none_with_a_reason(case: str) -> None:
    sensible(scored(*EMPTY[case]))


def test_every_edge_case_of_the_golden_file_has_a_sensible_answer(shared_data: Path) -> None:
    cases = load_cases(json.loads((shared_data / "cure-golden" / "metrics.json").read_text()), "metrics.json")
    assert len(cases) == 35
    for case in cases:
        options = ScoreOptions(case.options.max_test, case.options.scale_tuple_list, bootstrap=QUICK.bootstrap)
        found = score(case.problems, options)
        sensible(found)
        grid = {(point.n, point.m) for point in found.best_of_n if point.selector == "max-pass"}
        assert grid >= set(case.options.scale_tuple_list)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"extracted_programs": [True]}, "p: extracted programs: 1 entries, expected 2"),
        ({"extracted_tests": [True, True]}, "p: extracted tests: 2 entries, expected 1"),
        ({"requested": 0}, "p: 1 tests, but 0 were requested"),
        ({"reference": [True, False]}, "p: verdicts of the reference: 2 entries, expected 1"),
        ({"inputs": []}, "p: inputs: 0 entries, expected 1"),
        ({"public": table("1")}, "p: public examples: 1 x 1 entries, expected 2 x 1"),
    ],
)
def test_sizes_that_do_not_fit_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        verdicts(table("1", "0"), table("1", "0"), name="p", **arguments)
    assert str(error.value) == message
