"""Accuracy of the tester, how many of its tests are new, and precision of its tests: p_u, p_01, p_00 and mu.

p_u is the share of right tests; p_01 and p_00 are the shares of right and of wrong tests that a wrong program passes;
mu = p_u (1 - p_01) - (1 - p_u) p_00.

Whether a test is right is decided in two ways, by separate measures: by the reference solution, which passes a right
test, or by an estimate, as in CURE's released code: on problems with a right program, a test is right if every right
program passes it. A test that was not extracted is wrong in the accuracies over requested tests, and does not enter
those over extracted ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from cure.metrics.judged import Judged
from cure.metrics.value import Floats, Measure, combined, pooled
from cure.metrics.verdicts import Booleans
from cure.reward.precision import PrecisionCounts, precision_counts
from cure.reward.unit_tests import valid_tests

_NO_REFERENCE = "no reference solution's verdict on an extracted test is stored"
_NO_RIGHT = "no problem has a right program and an extracted test"
_NOT_STORED = "no problem {} and says how many tests were requested"


def test_accuracy(problems: Sequence[Judged]) -> dict[str, Measure]:
    """Shares of right tests, by reference and by estimate, among extracted and among requested tests; and the share of
    tests on which reference and estimate agree. Pooled.
    """
    true = [int(_by_reference(judged)[0].sum()) for judged in problems]
    known = [int(_by_reference(judged)[1].sum()) for judged in problems]
    not_extracted = [int((~judged.extracted).sum()) if judged.problem.requested_known else None for judged in problems]
    estimated = [_counts(judged) for judged in problems]
    agree = [_agreement(judged) for judged in problems]
    return {
        "ut_accuracy_reference_extracted": pooled(true, known, _NO_REFERENCE),
        "ut_accuracy_reference_requested": _with_failures(
            true,
            known,
            not_extracted,
            [judged.problem.reference is not None for judged in problems],
            _NOT_STORED.format("has a reference"),
        ),
        "ut_accuracy_estimate_extracted": pooled(
            [counts.valid_tests for counts in estimated], [counts.tests for counts in estimated], _NO_RIGHT
        ),
        "ut_accuracy_estimate_requested": _with_failures(
            [counts.valid_tests for counts in estimated],
            [counts.tests for counts in estimated],
            not_extracted,
            [bool(judged.right.any()) for judged in problems],
            _NOT_STORED.format("has a right program"),
        ),
        "ut_estimate_agreement": pooled(
            [right for right, _ in agree],
            [tests for _, tests in agree],
            "no test has both a reference's verdict and an estimate",
        ),
    }


def novelty(problems: Sequence[Judged]) -> dict[str, Measure]:
    """Pooled shares of requested tests: right and new, right but not new, not new, and distinct inputs.

    Right means that the reference solution passes the test; extracted tests on which its verdict is missing are left
    out of the first two shares. New means that no public example has the test's input: a test that repeats an example
    adds nothing to the example, even if it is right.
    """
    counted = [_novelty(judged) for judged in problems]
    no_truth = _NOT_STORED.format("has a reference, stores which tests repeat a public example")
    no_repeats = _NOT_STORED.format("stores which tests repeat a public example")
    no_inputs = _NOT_STORED.format("stores the inputs of its tests")
    with_truth = [counts.with_truth for counts in counted]
    return {
        "ut_new_reference_requested": pooled([counts.right_new for counts in counted], with_truth, no_truth),
        "ut_repeat_reference_requested": pooled([counts.right_repeated for counts in counted], with_truth, no_truth),
        "repeated_examples": pooled(
            [counts.repeated for counts in counted], [counts.with_repeats for counts in counted], no_repeats
        ),
        "distinct_inputs": pooled(
            [counts.distinct for counts in counted], [counts.with_inputs for counts in counted], no_inputs
        ),
    }


def precision(problems: Sequence[Judged]) -> dict[str, Measure]:
    """p_u, p_01, p_00 and mu by the estimate, pooled; p_01 and p_00 are shares of pairs of wrong program and test."""
    counts = [_counts(judged) for judged in problems]
    p_u = pooled([problem.valid_tests for problem in counts], [problem.tests for problem in counts], _NO_RIGHT)
    p_01 = pooled(
        [problem.valid_passes for problem in counts],
        [problem.valid_pairs for problem in counts],
        "no pair of a wrong program and a right test, on problems with a right program",
    )
    p_00 = pooled(
        [problem.invalid_passes for problem in counts],
        [problem.invalid_pairs for problem in counts],
        "no pair of a wrong program and a wrong test, on problems with a right program",
    )
    reason = "a ratio that mu needs has no data: no wrong program, or no test, on problems with a right program"
    return {"p_u": p_u, "p_01": p_01, "p_00": p_00, "mu": combined([p_u, p_01, p_00], _mu, reason)}


def sure_tests(judged: Judged) -> Booleans:
    """(tests requested,): extracted, and with a known verdict for every program."""
    return np.asarray(judged.extracted & judged.generated_known.all(axis=0))


def _counts(judged: Judged) -> PrecisionCounts:
    return precision_counts(judged.generated[:, sure_tests(judged)], judged.right)


def _by_reference(judged: Judged) -> tuple[Booleans, Booleans]:
    """(tests requested,) tests the reference passes, and (tests requested,) extracted tests whose verdict is known."""
    if judged.problem.reference is None:
        nothing = np.zeros(judged.problem.tests, dtype=np.bool_)
        return nothing, nothing
    known = judged.problem.reference_known & judged.extracted
    return judged.problem.reference & known, known


@dataclass(frozen=True, kw_only=True)
class _Novelty:
    """Counts of one problem's tests; each `with_...` is the denominator of the counts before it."""

    right_new: int = 0
    right_repeated: int = 0
    with_truth: int = 0
    repeated: int = 0
    with_repeats: int = 0
    distinct: int = 0
    with_inputs: int = 0


def _novelty(judged: Judged) -> _Novelty:
    problem, counts = judged.problem, _Novelty()
    if not problem.requested_known:
        return counts
    if problem.inputs is not None:
        distinct = {number for number, extracted in zip(problem.inputs, judged.extracted, strict=True) if extracted}
        counts = replace(counts, distinct=len(distinct), with_inputs=problem.tests)
    if problem.repeated is None:
        return counts
    counts = replace(counts, repeated=int(problem.repeated.sum()), with_repeats=problem.tests)
    if problem.reference is None:
        return counts
    right, known = _by_reference(judged)
    return replace(
        counts,
        right_new=int((right & ~problem.repeated).sum()),
        right_repeated=int((right & problem.repeated).sum()),
        with_truth=int((known | ~judged.extracted).sum()),
    )


def _agreement(judged: Judged) -> tuple[int, int]:
    """The number of tests whose estimate equals the verdict of the reference, and of tests that have both."""
    true, known = _by_reference(judged)
    both = known & sure_tests(judged)
    if not judged.right.any():
        return 0, 0
    return int((valid_tests(judged.generated, judged.right) == true)[both].sum()), int(both.sum())


def _with_failures(
    right: Sequence[int], tests: Sequence[int], failures: Sequence[int | None], enters: Sequence[bool], reason: str
) -> Measure:
    """The pooled share of right tests, where `failures`, the tests that were not extracted, count as wrong.

    Problems where `enters` is False or `failures` is None are left out.
    """
    counted = [failed is not None and enter for failed, enter in zip(failures, enters, strict=True)]
    numerators = [above if counts else 0 for above, counts in zip(right, counted, strict=True)]
    below = [
        known + (failed or 0) if counts else 0 for known, failed, counts in zip(tests, failures, counted, strict=True)
    ]
    return pooled(numerators, below, reason)


def _mu(numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
    """p_u (1 - p_01) - (1 - p_u) p_00; p_01 or p_00 may lack data where its factor is 0, see `PrecisionCounts.mu`."""
    safe = np.where(denominators > 0, denominators, 1.0)
    p_u, p_01, p_00 = numerators / safe
    tests, valid_pairs, invalid_pairs = denominators > 0
    defined = tests & (valid_pairs | (p_u == 0)) & (invalid_pairs | (p_u == 1))
    return np.where(defined, p_u * (1 - p_01) - (1 - p_u) * p_00, 0.0), defined.astype(np.float64)
