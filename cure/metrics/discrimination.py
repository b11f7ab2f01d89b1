"""How well tests tell right programs from wrong ones, on the coder's programs and on pools of labelled programs.

Measures are the rates of false acceptance (FAR) and false rejection (FRR), F1 and kill rates; a test kills a wrong
program that fails it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cure.metrics.judged import Judged
from cure.metrics.value import Floats, Measure, combined, macro, pooled
from cure.metrics.verdicts import Booleans


@dataclass(frozen=True)
class Decisions:
    """Counts of acceptances and rejections, of pairs of program and test or of programs by a whole suite."""

    right_accepted: int = 0
    right_rejected: int = 0
    wrong_accepted: int = 0
    wrong_rejected: int = 0

    @property
    def right(self) -> int:
        """Decisions on right programs."""
        return self.right_accepted + self.right_rejected

    @property
    def wrong(self) -> int:
        """Decisions on wrong programs."""
        return self.wrong_accepted + self.wrong_rejected


def discrimination(problems: Sequence[Judged]) -> dict[str, Measure]:
    """FAR, FRR and F1 on the coder's programs, labelled by hidden tests: per test, and per suite of all tests; pooled.

    A suite accepts a program that passes all of its tests. Problems without extracted tests do not enter. A program
    that was not extracted is wrong and fails everything. Cells on which the sandbox failed are left out, and so is, per
    suite, a program that has such a cell and fails no test.
    """
    by_test, by_suite = (
        [decide(judged.right, judged.generated, judged.generated_known, judged.extracted) for judged in problems]
        for decide in (_by_test, _by_suite)
    )
    return _ratios("test", by_test, "no pair of a {} program and a test") | _ratios(
        "suite", by_suite, "no {} program met a test"
    )


def kills(problems: Sequence[Judged]) -> dict[str, Measure]:
    """The share of kills among pairs of a wrong program and a test that the reference passes, and the share of killed
    programs among the wrong programs of such pairs.
    """
    counted = [_kills(judged) for judged in problems]
    return {
        "kill_rate_pairs": pooled(
            [killed for killed, _, _, _ in counted],
            [pairs for _, pairs, _, _ in counted],
            "no pair of a wrong program and a test that a reference solution passes",
        ),
        "kill_rate_programs": pooled(
            [killed for _, _, killed, _ in counted],
            [programs for _, _, _, programs in counted],
            "no wrong program met a test that a reference solution passes",
        ),
    }


def against_pools(problems: Sequence[Judged]) -> dict[str, Measure]:
    """Shares of a pool's right programs accepted, and wrong ones rejected, by the suite of all tests; pooled."""
    decisions = [
        _by_suite(pool.right, pool.generated, np.ones_like(pool.generated), judged.extracted)
        if (pool := judged.problem.pool) is not None
        else Decisions()
        for judged in problems
    ]
    return {
        "pool_suite_tpr": pooled(
            [counts.right_accepted for counts in decisions],
            [counts.right for counts in decisions],
            "no labelled pool with a right program met a test",
        ),
        "pool_suite_tnr": pooled(
            [counts.wrong_rejected for counts in decisions],
            [counts.wrong for counts in decisions],
            "no labelled pool with a wrong program met a test",
        ),
    }


def duplicates(problems: Sequence[Judged]) -> dict[str, Measure]:
    """The share of a problem's extracted tests whose input an earlier test has, averaged over problems."""
    return {"duplicate_inputs": macro([_duplicates(judged) for judged in problems], "no inputs of tests are stored")}


def _by_test(right: Booleans, generated: Booleans, known: Booleans, extracted: Booleans) -> Decisions:
    passes, sure = generated[:, extracted], known[:, extracted]
    return _decisions(right, passes & sure, ~passes & sure)


def _by_suite(right: Booleans, generated: Booleans, known: Booleans, extracted: Booleans) -> Decisions:
    if not extracted.any():
        return Decisions()
    passes, sure = generated[:, extracted], known[:, extracted]
    accepted, rejected = (sure & passes).all(axis=1), (sure & ~passes).any(axis=1)
    return _decisions(right, np.asarray(accepted), np.asarray(rejected))


def _decisions(right: Booleans, accepted: Booleans, rejected: Booleans) -> Decisions:
    """The counts, from (programs, ...) acceptances and rejections."""
    return Decisions(
        right_accepted=int(accepted[right].sum()),
        right_rejected=int(rejected[right].sum()),
        wrong_accepted=int(accepted[~right].sum()),
        wrong_rejected=int(rejected[~right].sum()),
    )


def _ratios(unit: str, decisions: Sequence[Decisions], reason: str) -> dict[str, Measure]:
    """FAR, FRR and F1; in F1 a positive is the acceptance of a right program."""
    right, wrong = [counts.right for counts in decisions], [counts.wrong for counts in decisions]
    far = pooled([counts.wrong_accepted for counts in decisions], wrong, reason.format("wrong"))
    frr = pooled([counts.right_rejected for counts in decisions], right, reason.format("right"))
    return {f"far_{unit}": far, f"frr_{unit}": frr, f"f1_{unit}": combined([far, frr], _f1, reason.format("right"))}


def _f1(numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
    """2 TP / (2 TP + FP + FN) from the counts of FAR and FRR; without data where no program is right."""
    (false_positives, false_negatives), right = numerators, denominators[1]
    twice = 2 * (right - false_negatives)
    return twice, np.where(right > 0, twice + false_positives + false_negatives, 0.0)


def _kills(judged: Judged) -> tuple[int, int, int, int]:
    """Kills, pairs, killed programs and programs, among wrong programs and tests that the reference passes."""
    if judged.problem.reference is None:
        return 0, 0, 0, 0
    good = judged.problem.reference & judged.problem.reference_known & judged.extracted
    wrong = ~judged.right
    passes, known = judged.generated[wrong][:, good], judged.generated_known[wrong][:, good]
    killed = known & ~passes
    meets = known.any(axis=1)
    return int(killed.sum()), int(known.sum()), int(killed.any(axis=1).sum()), int(meets.sum())


def _duplicates(judged: Judged) -> float | None:
    inputs = judged.problem.inputs
    if inputs is None:
        return None
    kept = [number for number, extracted in zip(inputs, judged.extracted, strict=True) if extracted]
    return 1 - len(set(kept)) / len(kept) if kept else None
