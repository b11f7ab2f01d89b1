"""The numbers the released CURE evaluation prints, to the last bit (reference: Gen-Verse/CURE @ 69fe174, `eval.py`).

For each problem, A is programs x hidden tests (the first `max_test`), B programs x generated tests. R is the set of
programs that pass all of A, W the others, G the generated tests that every program of R passes. Numerators and
denominators are summed over problems before they are divided.

Oddities of the released code are kept here and mended in `cure.metrics.standard`: a problem without programs, hidden
tests or generated tests is left out of every metric; a ratio without data is 0, so p_01, printed as 1 minus a share, is
1; best-of-n ties go to the lowest index. Where the released code raises, the numbers it never printed are None, with
that error and a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from cure.metrics.verdicts import Booleans, ProblemVerdicts


@dataclass(frozen=True)
class ReleaseOptions:
    """Options of `eval.py`, under its names."""

    scale_tuple_list: tuple[tuple[int, int], ...] = ((4, 4), (16, 16))
    """The pairs of n programs and m tests for which best-of-n is computed."""
    single_eval: bool = False
    """Whether only the accuracy of programs is computed, without generated tests."""
    max_test: int = 8
    """How many hidden tests are used: the first ones."""


@dataclass(frozen=True)
class ReleaseBestOfN:
    """Accuracy of the program chosen among the first n by the first m tests; None without problems to count.

    `acc` is the share of chosen programs that pass all hidden tests, `accumulate_acc` the share of hidden tests passed.
    """

    n: int
    m: int
    acc: float | None
    accumulate_acc: float | None


@dataclass(frozen=True, kw_only=True)
class Printed:
    """The ratios under the names of the released code; None for those that the code does not print.

    `code_acc` is the share of programs in R, `code_accumulate_acc` that of passed cells in A. The next four are over
    problems where R is not empty: `ut_acc` is the share of generated tests in G, `ut_accumulate_acc` that of passed
    cells in the rows R of B, `p_01` that of passed cells in the rows W and columns G of B, `p_00` that of passed cells
    in the rows W and the other columns.
    """

    code_acc: float | None = None
    code_accumulate_acc: float | None = None
    ut_acc: float | None = None
    ut_accumulate_acc: float | None = None
    p_01: float | None = None
    p_00: float | None = None
    bon: tuple[ReleaseBestOfN, ...] = ()


@dataclass
class BestOfNCounts:
    """Numerators and denominators of one best-of-n setting."""

    BoN_score: int = 0
    BoN_num: int = 0
    BoN_acc_score: int = 0
    BoN_acc_num: int = 0
    tuple: tuple[int, int] = (0, 0)


@dataclass(kw_only=True)
class Counts:
    """The released code's accumulators, under its names."""

    code_score: int = 0
    code_num: int = 0
    code_acc_score: int = 0
    code_acc_num: int = 0
    case_score: int = 0
    case_num: int = 0
    case_acc_score: int = 0
    case_acc_num: int = 0
    p_01_score: int = 0
    """Pairs of a wrong program and a right test that *fail*, that is kills, although p_01 is the share that passes."""
    p_01_num: int = 0
    p_00_score: int = 0
    p_00_num: int = 0
    stats: list[BestOfNCounts] = field(default_factory=list)


@dataclass(frozen=True)
class ReleaseScore:
    """All output of the released evaluation on a set of problems."""

    printed: Printed
    counts: Counts
    error: str | None = None
    """The exception the released code raises."""
    reason: str | None = None
    """Why numbers that the released code should have printed are None."""


def score(problems: Sequence[ProblemVerdicts], options: ReleaseOptions) -> ReleaseScore:
    """The numbers of the released evaluation, which takes extracted tests only, in the order they were requested.

    The released code knows no sandbox failures: an unknown cell counts as a failed test.
    """
    counts = Counts(stats=[BestOfNCounts(tuple=pair) for pair in options.scale_tuple_list])
    for index, problem in enumerate(problems):
        hidden = problem.hidden[:, : options.max_test]
        if options.single_eval:
            if not hidden.size:
                return _stopped(counts, index)
            _count_code(counts, hidden)
        elif hidden.size and (generated := problem.generated[:, problem.extracted_tests]).size:
            _count_code(counts, hidden)
            _count_tests(counts, np.asarray(hidden.all(axis=1)), generated)
            for stat in counts.stats:
                _count_best_of_n(stat, hidden, generated)
    return _score(counts, options)


def _count_code(counts: Counts, hidden: Booleans) -> None:
    counts.code_score += int(hidden.all(axis=1).sum())
    counts.code_num += hidden.shape[0]
    counts.code_acc_score += int(hidden.sum())
    counts.code_acc_num += hidden.size


def _count_tests(counts: Counts, right: Booleans, generated: Booleans) -> None:
    """Add a problem to the counts of the tester's quality; a problem without a right program is left out."""
    if not right.any():
        return
    by_right, by_wrong = generated[right], generated[~right]
    good = by_right.all(axis=0)
    counts.case_score += int(good.sum())
    counts.case_num += good.size
    counts.case_acc_score += int(by_right.sum())
    counts.case_acc_num += by_right.size
    kills = ~by_wrong[:, good]
    counts.p_01_score += int(kills.sum())
    counts.p_01_num += kills.size
    passes_of_wrong_tests = by_wrong[:, ~good]
    counts.p_00_score += int(passes_of_wrong_tests.sum())
    counts.p_00_num += passes_of_wrong_tests.size


def _count_best_of_n(stat: BestOfNCounts, hidden: Booleans, generated: Booleans) -> None:
    n, m = stat.tuple
    best = int(generated[:n, :m].sum(axis=1).argmax())
    stat.BoN_score += int(hidden[best].all())
    stat.BoN_num += 1
    stat.BoN_acc_score += int(hidden[best].sum())
    stat.BoN_acc_num += hidden.shape[1]


def _score(counts: Counts, options: ReleaseOptions) -> ReleaseScore:
    code_acc = _ratio(counts.code_score, counts.code_num)
    code_accumulate_acc = _ratio(counts.code_acc_score, counts.code_acc_num)
    if options.single_eval:
        return ReleaseScore(Printed(code_acc=code_acc, code_accumulate_acc=code_accumulate_acc), counts)
    printed = Printed(
        code_acc=code_acc,
        code_accumulate_acc=code_accumulate_acc,
        ut_acc=_ratio(counts.case_score, counts.case_num),
        ut_accumulate_acc=_ratio(counts.case_acc_score, counts.case_acc_num),
        p_01=1 - _ratio(counts.p_01_score, counts.p_01_num),
        p_00=_ratio(counts.p_00_score, counts.p_00_num),
        bon=tuple(_best_of_n(stat) for stat in counts.stats),
    )
    if printed.bon and not counts.code_num:
        return ReleaseScore(
            printed,
            counts,
            error="ZeroDivisionError: division by zero",
            reason="no problem has programs, hidden tests and generated tests, so there is no best-of-n; "
            "the other ratios are the released code's 0 and 1 for no data",
        )
    return ReleaseScore(printed, counts)


def _best_of_n(stat: BestOfNCounts) -> ReleaseBestOfN:
    if not stat.BoN_num:
        return ReleaseBestOfN(*stat.tuple, None, None)
    return ReleaseBestOfN(*stat.tuple, stat.BoN_score / stat.BoN_num, stat.BoN_acc_score / stat.BoN_acc_num)


def _stopped(counts: Counts, index: int) -> ReleaseScore:
    return ReleaseScore(
        Printed(),
        counts,
        error="AttributeError: 'NoneType' object has no attribute 'copy'",
        reason=f"problem {index} has no programs or no hidden tests, on which the released single evaluation stops",
    )


def _ratio(numerator: int, denominator: int) -> float:
    return numerator / denominator if denominator else 0.0
