"""Sound metrics: every value comes with its numerator and denominator, and what has no data is None with a reason."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from cure.metrics.tables import Booleans, ProblemTables


@dataclass(frozen=True)
class Value:
    """A number, or None and why there is none."""

    value: float | None
    numerator: float = 0.0
    denominator: int = 0
    reason: str = ""


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The chance that at least one of k of these samples is right: 1 - C(samples - right, k) / C(samples, k).

    Unbiased (Chen et al., arXiv 2107.03374). Raises ValueError unless 0 <= right <= samples and 1 <= k <= samples.
    """
    if not 0 <= right <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} of {samples} samples with {right} right is not defined")
    return 1 - math.comb(samples - right, k) / math.comb(samples, k)


def mean_pass_at_k(problems: Sequence[ProblemTables], k: int, max_test: int | None = None) -> Value:
    """pass@k, averaged over the problems that have hidden tests and at least k programs."""
    values = [
        pass_at_k(problem.programs, right_programs(problem, max_test), k)
        for problem in problems
        if _judged(problem) and problem.programs >= k
    ]
    return _mean(values, f"no problem has hidden tests and {k} programs")


def macro_code_accuracy(problems: Sequence[ProblemTables], max_test: int | None = None) -> Value:
    """The share of right programs of a problem, averaged over the problems that have programs and hidden tests."""
    values = [right_programs(problem, max_test) / problem.programs for problem in problems if _judged(problem)]
    return _mean(values, "no problem has programs and hidden tests")


def pooled_code_accuracy(problems: Sequence[ProblemTables], max_test: int | None = None) -> Value:
    """The share of right programs among all programs of the problems that have hidden tests."""
    judged = [problem for problem in problems if _judged(problem)]
    right = sum(right_programs(problem, max_test) for problem in judged)
    return _share(right, sum(problem.programs for problem in judged), "no problem has programs and hidden tests")


def right_programs(problem: ProblemTables, max_test: int | None = None) -> int:
    """How many programs pass all hidden tests, or the first `max_test` of them."""
    return int(problem.hidden[:, :max_test].all(axis=1).sum())


def best_of_n(right: Booleans, generated: Booleans) -> float | None:
    """The chance that the program chosen by the generated tests is right, ties broken at random; None for no program.

    `right` is (programs,), `generated` (programs, tests). Without tests any program may be chosen.
    """
    if not len(right):
        return None
    passed = generated.sum(axis=1)
    return float(right[passed == passed.max()].mean())


def _judged(problem: ProblemTables) -> bool:
    """Whether the problem says anything about programs: passing none of no tests is not passing."""
    return problem.hidden.size > 0


def _mean(values: Sequence[float], reason: str) -> Value:
    return _share(math.fsum(values), len(values), reason)


def _share(numerator: float, denominator: int, reason: str) -> Value:
    if not denominator:
        return Value(None, numerator, denominator, reason)
    return Value(numerator / denominator, numerator, denominator)
