"""What is known of a real table: CodeGen-16B's programs and tests on HumanEval+, 155 problems of 16 programs."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cure.metrics import release
from cure.metrics.best_of_n import Sampling, best_of_n
from cure.metrics.case import ScoredCase
from cure.metrics.case_file import load_cases
from cure.metrics.code_accuracy import code_accuracy
from cure.metrics.intervals import Bootstrap, intervals
from cure.metrics.judged import judge_all
from cure.metrics.standard import BestOfN, Score, ScoreOptions, score
from cure.metrics.value import macro
from cure.metrics.verdicts import ProblemVerdicts, verdicts

EXACT = Sampling(draws=2000, orders=4)
"""Takes every subset of 4 of 16 tests, since there are fewer than 2000."""


def near(value: float, digits: int = 4) -> Any:
    """Equal to every number that rounds to `value` at that many decimals."""
    return pytest.approx(value, abs=0.5001 * 10**-digits)


@pytest.fixture(scope="module")
def case(shared_data: Path) -> ScoredCase:
    golden = json.loads((shared_data / "cure-golden" / "real_humaneval_bon.json").read_text())
    return load_cases(golden, "real_humaneval_bon.json")[0]


@pytest.fixture(scope="module")
def with_tests(case: ScoredCase) -> list[ProblemVerdicts]:
    """The problems that the released code keeps: those with generated tests."""
    return [problem for problem in case.problems if problem.tests]


@pytest.fixture(scope="module")
def everything(case: ScoredCase) -> Score:
    return score(case.problems, ScoreOptions(max_test=8))


@pytest.fixture(scope="module")
def kept(with_tests: list[ProblemVerdicts]) -> Score:
    return score(with_tests, ScoreOptions(max_test=8, sampling=EXACT))


def grid(found: Score, n: int, m: int) -> BestOfN:
    return next(one for one in found.best_of_n if (one.selector, one.n, one.m) == ("max-pass", n, m))


def test_problems_without_tests_vanish_from_the_release_only(everything: Score, kept: Score) -> None:
    assert (everything.coverage.problems, everything.coverage.with_tests) == (155, 139)
    assert kept.values["code_accuracy_pooled"].value == near(0.2410)
    assert everything.values["code_accuracy_pooled"].value == near(0.2524)
    assert everything.values["code_accuracy_macro"].value == near(0.2524)


def test_more_hidden_tests_find_more_wrong_programs(case: ScoredCase, with_tests: list[ProblemVerdicts]) -> None:
    strict = score(with_tests, ScoreOptions(max_test=1000, bootstrap=Bootstrap(draws=10)))
    assert strict.values["code_accuracy_pooled"].value == near(0.2244)
    printed = release.score(case.problems, release.ReleaseOptions(((16, 16),), max_test=1000)).printed
    assert printed.bon[0].acc == near(0.2950)


def test_the_tester_by_the_estimate(everything: Score) -> None:
    found = {name: everything.values[name] for name in ("ut_accuracy_estimate_extracted", "p_01", "p_00", "mu")}
    assert [one.value for one in found.values()] == [near(0.4364), near(0.355, 3), near(0.111, 3), near(0.219, 3)]
    assert found["ut_accuracy_estimate_extracted"].problems == 83


def test_best_of_n_of_the_release_is_one_draw(case: ScoredCase) -> None:
    pairs = ((16, 16), (16, 8), (8, 8), (16, 1), (4, 4), *((1, m) for m in (1, 2, 4, 8, 16)))
    bon = release.score(case.problems, release.ReleaseOptions(pairs)).printed.bon
    found = [one.acc for one in bon]
    assert found[:5] == [near(0.3237), near(0.3165), near(0.3237), near(0.3022), near(0.3165)]
    assert found[5:] == [near(0.2158)] * 5


@pytest.mark.parametrize(
    ("n", "expectation", "oracle", "share"),
    [
        (1, 0.2410, 0.2410, None),
        (2, 0.2967, 0.3345, 0.596),
        (4, 0.3273, 0.4252, 0.469),
        (8, 0.3319, 0.5133, 0.334),
        (16, 0.3196, 0.5971, 0.221),
    ],
)
def test_best_of_n_in_expectation(kept: Score, n: int, expectation: float, oracle: float, share: float | None) -> None:
    found = grid(kept, n, 16)
    assert (found.best.value, found.oracle) == (near(expectation), near(oracle))
    assert found.share_of_gap.value == (share if share is None else near(share, 3))
    assert found.monte_carlo_error == 0.0


def test_best_of_n_over_subsets_of_tests(kept: Score) -> None:
    assert grid(kept, 16, 1).best.value == near(0.292, 3)
    assert grid(kept, 4, 4).best.value == near(0.318, 3)
    assert (grid(kept, 16, 1).monte_carlo_error, grid(kept, 4, 4).monte_carlo_error) == (0.0, 0.0)


def test_with_this_tester_more_programs_are_not_always_better(kept: Score) -> None:
    values = [grid(kept, n, 16).best.value or 0.0 for n in (1, 2, 4, 8, 16)]
    assert values.index(max(values)) == 3


def test_how_sure_the_released_best_of_n_is(case: ScoredCase) -> None:
    """The choice by tests passed gains 23 % of the gap between a random program and the oracle.

    The 95 % interval of the share of right choices is 0.245 to 0.403, as wide as most published differences.
    """
    chosen = [
        bool(problem.hidden[problem.generated.sum(axis=1).argmax(), :8].all())
        for problem in case.problems
        if problem.generated.size
    ]
    assert (sum(chosen), len(chosen)) == (45, 139)
    # Halves are not 0 or 1, so that the interval is by bootstrap.
    half = macro([float(right) / 2 for right in chosen], "")
    (interval,) = intervals([half], Bootstrap())
    assert interval.method == "bootstrap"
    assert [2 * (interval.low or 0), 2 * (interval.high or 0)] == [
        pytest.approx(0.245, abs=0.006),
        pytest.approx(0.403, abs=0.006),
    ]
    (by_wilson,) = intervals([macro([float(right) for right in chosen], "")], Bootstrap())
    assert by_wilson.method == "wilson"
    assert (by_wilson.low, by_wilson.high) == (pytest.approx(0.2515, abs=5e-4), pytest.approx(0.4054, abs=5e-4))
    accuracy, best = 0.24101, 0.59712
    assert (45 / 139 - accuracy) / (best - accuracy) == near(0.23, 2)


def rows(shared_data: Path, name: str) -> list[dict[str, Any]]:
    with gzip.open(shared_data / name) as file:
        found: list[dict[str, Any]] = json.load(file)
    return found


def bits(*texts: str) -> Any:
    return np.array([[mark == "1" for mark in text] for text in texts], dtype=np.bool_)


def test_the_truth_of_the_tests(shared_data: Path, case: ScoredCase) -> None:
    """For half of the problems the reference solution's verdict on every generated test is stored."""
    golden = {problem.name: problem for problem in case.problems}
    problems = []
    for row in rows(shared_data, "stdio-he-mbpp/humaneval_plus_stdio.json.gz"):
        programs = [item for item in row.get("submissions", ()) if item["model"] == "codegen-16B"]
        if not programs:
            continue
        truth = [mark == "1" for mark in row["generated_case_reference"]]
        problem = verdicts(
            bits(*(item["passed"] for item in programs)),
            bits(*(item["generated_case_passed"] for item in programs)),
            name=row["task_id"],
            reference=truth,
            inputs=row["generated_case_input"],
        )
        assert (problem.hidden == golden[problem.name].hidden).all()
        assert (problem.generated == golden[problem.name].generated).all()
        problems.append(problem)
    assert len(problems) == 77
    found = score(problems, ScoreOptions(max_test=8, bootstrap=Bootstrap(draws=10))).values

    def fraction(name: str) -> tuple[float, float]:
        return found[name].numerator, found[name].denominator

    assert fraction("ut_accuracy_estimate_extracted") == (162, 373)
    assert fraction("ut_accuracy_reference_extracted") == (252, 594)
    assert found["ut_estimate_agreement"].denominator == 373
    assert found["ut_estimate_agreement"].value == near(0.909, 3)
    solved = [problem for problem, judged in zip(problems, judge_all(problems, 8), strict=True) if judged.right.any()]
    on_those = score(solved, ScoreOptions(max_test=8, bootstrap=Bootstrap(draws=10))).values
    truth_there = on_those["ut_accuracy_reference_extracted"]
    assert (truth_there.numerator, truth_there.denominator) == (190, 373)
    assert 0 < (found["duplicate_inputs"].value or 0) < 1


def test_the_first_eight_hidden_tests_let_wrong_programs_through(shared_data: Path) -> None:
    passed = [
        item["passed"]
        for name in ("humaneval", "mbpp")
        for row in rows(shared_data, f"stdio-he-mbpp/{name}_plus_stdio.json.gz")
        for item in row.get("submissions", ())
    ]
    problems = [verdicts(bits(text), np.zeros((1, 0), dtype=np.bool_)) for text in passed]
    found = code_accuracy(judge_all(problems, 8))["wrong_passing_used_tests"].value()
    assert (found.numerator, found.denominator) == (46, 1194)


def test_the_first_eight_hidden_tests_let_wrong_programs_of_people_through(shared_data: Path) -> None:
    problems = [
        verdicts(bits(*(item["passed_checker"] for item in row["submissions"])), np.zeros((len(row["submissions"]), 0)))
        for row in rows(shared_data, "kattis/kattis_discrimination.json.gz")
    ]
    found = code_accuracy(judge_all(problems, 8))["wrong_passing_used_tests"].value()
    assert (found.numerator, found.denominator) == (6, 78)


def test_standard_metrics_do_not_use_the_released_names(everything: Score) -> None:
    assert not everything.values.keys() & {"code_acc", "ut_acc", "bon"}
    assert best_of_n(np.array([True, False]), np.array([[True], [True]])) == 0.5
