"""How often the coder is right: shares of right programs, and pass@k."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cure.metrics.judged import Judged
from cure.metrics.value import Measure, macro, macro_ratio, pooled

NOTHING_JUDGED = "no problem has a program judged by hidden tests"


def pass_at_k(samples: int, right: int, k: int) -> float:
    """The probability that at least one of k of these samples is right: 1 - C(samples - right, k) / C(samples, k).

    Unbiased (Chen et al., arXiv 2107.03374). Raises ValueError unless 0 <= right <= samples and 1 <= k <= samples.
    """
    if not 0 <= right <= samples or not 1 <= k <= samples:
        raise ValueError(f"pass@{k} of {samples} samples with {right} right is not defined")
    return 1 - math.comb(samples - right, k) / math.comb(samples, k)


def code_accuracy(problems: Sequence[Judged]) -> dict[str, Measure]:
    """Right programs and hidden tests passed, as the mean of the problems' shares (macro) and as one share (pooled).

    A program that was not extracted is wrong. `wrong_passing_used_tests` is the share of programs that pass all hidden
    tests used among those that fail any hidden test stored.
    """
    right = [int(judged.right.sum()) for judged in problems]
    programs = [judged.programs for judged in problems]
    passed = [int(judged.hidden.sum()) for judged in problems]
    known = [int(judged.hidden_known.sum()) for judged in problems]
    beyond = [int((judged.right & ~judged.right_by_all).sum()) for judged in problems]
    wrong = [int((~judged.right_by_all).sum()) for judged in problems]
    return {
        "code_accuracy_macro": macro_ratio(right, programs, NOTHING_JUDGED),
        "code_accuracy_pooled": pooled(right, programs, NOTHING_JUDGED),
        "hidden_tests_passed_macro": macro_ratio(passed, known, NOTHING_JUDGED),
        "hidden_tests_passed_pooled": pooled(passed, known, NOTHING_JUDGED),
        "wrong_passing_used_tests": pooled(beyond, wrong, "no program fails a hidden test"),
    }


def pass_at(problems: Sequence[Judged], k: int) -> Measure:
    """pass@k, averaged over the problems with at least k judged programs."""
    values = [
        pass_at_k(judged.programs, int(judged.right.sum()), k) if judged.programs >= k else None for judged in problems
    ]
    return macro(values, f"no problem has {k} programs judged by hidden tests")
