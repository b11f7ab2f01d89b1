"""Best-of-n: the chance that the chosen program is right, in expectation over which programs and tests were sampled.

Among N programs with scores, the best of a random n of them has score s with probability
[C(N<=s, n) - C(N<s, n)] / C(N, n), where N<=s and N<s count programs with a score of at most s and of less than s; ties
are broken at random, so that a score s contributes this probability times the share of right programs among those with
score s. The formula holds for every score that does not depend on the other programs. m of the K requested tests are
drawn; the mean over these subsets is exact where there are few, else over random subsets with a fixed seed. A problem
with fewer than n programs or m tests uses all of them; `cure.metrics.standard.GridPoint` counts such problems.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cure.metrics.code_accuracy import NOTHING_JUDGED, pass_at_k
from cure.metrics.judged import Judged
from cure.metrics.value import Floats, Measure, combined, macro
from cure.metrics.verdicts import Booleans

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Sampling:
    """How subsets are drawn. The problem's name and the seed determine the draws, so that two runs draw alike."""

    draws: int = 200
    """The most subsets of tests that are drawn; where no more than this exist, each is taken once."""
    orders: int = 100
    """Number of random orders of programs and tests, for selectors whose best-of-n has no closed form."""
    seed: int = 0
    public_first: bool = False
    """Whether programs are compared first by the number of public examples they pass; else examples do not count."""


@dataclass(frozen=True)
class Estimates:
    """The probability of a right choice for a grid of n and m, per problem."""

    values: Floats
    """(problems, ns, ms): the probabilities; 0 for problems in which no program is known to be right or wrong."""
    variances: Floats
    """(problems, ns, ms): variance of the Monte-Carlo mean; 0 where the value is exact."""


def best_of_n(right: Booleans, generated: Booleans) -> float | None:
    """The probability that the program passing most generated tests is right, ties broken at random.

    `right` is (programs,), `generated` (programs, tests). Without tests every program is equally likely. None without
    programs.
    """
    if not len(right):
        return None
    passed = generated.sum(axis=1)
    return float(right[passed == passed.max()].mean())


def best_of_subsets(right: Booleans, scores: Ints, ns: Sequence[int]) -> Floats:
    """(draws, ns) probabilities of a right choice in closed form, from the programs' scores (draws, programs).

    `right` is (programs,). Scores are whole numbers of at least 0. An n above the number of programs means all of them.
    """
    draws, programs = scores.shape
    width = int(scores.max(initial=0)) + 1
    cells = (scores + width * np.arange(draws)[:, None]).ravel()
    counts = np.bincount(cells, minlength=draws * width).reshape(draws, width)
    right_counts = np.bincount(cells, np.broadcast_to(right, scores.shape).ravel(), draws * width).reshape(draws, width)
    share = right_counts / np.maximum(counts, 1)
    up_to = counts.cumsum(axis=1)
    chances = _chances(programs, tuple(min(n, programs) for n in ns))
    return np.asarray(np.einsum("dw,ndw->dn", share, chances[:, up_to] - chances[:, up_to - counts]))


def by_tests_passed(problems: Sequence[Judged], ns: Sequence[int], ms: Sequence[int], sampling: Sampling) -> Estimates:
    """Best-of-n by tests passed: exact over subsets of programs, and over all subsets of tests or a random sample."""
    shape = (len(problems), len(ns), len(ms))
    values, variances = np.zeros(shape), np.zeros(shape)
    for index, judged in enumerate(problems):
        if not judged.programs:
            continue
        tests = judged.problem.tests
        orders = None
        first = judged.public.sum(axis=1) * (tests + 1) if sampling.public_first else 0
        for column, m in enumerate(ms):
            chosen = every_subset(tests, m, sampling.draws)
            if exact := chosen is not None:
                passed = chosen @ judged.generated.T.astype(np.float64)
            else:
                orders = test_orders(judged.problem.name or str(index), tests, sampling) if orders is None else orders
                passed = judged.generated.T[orders[:, :m]].sum(axis=1)
            drawn = best_of_subsets(judged.right, passed.astype(np.int64) + first, ns)
            values[index, :, column] = drawn.mean(axis=0)
            variances[index, :, column] = 0.0 if exact else variance_of_mean(drawn)
    return Estimates(values, variances)


def every_subset(tests: int, m: int, most: int) -> Floats | None:
    """(subsets, tests) of 0 and 1: every subset of m tests; None where there are more than `most`."""
    m = min(m, tests)
    return None if math.comb(tests, m) > most else _every_subset(tests, m)


def test_orders(name: str, tests: int, sampling: Sampling) -> Ints:
    """(draws, tests) random orders of the tests; the first m of each are a random subset of size m."""
    return sampler(name, sampling).permuted(np.tile(np.arange(tests), (sampling.draws, 1)), axis=1)


def sampler(name: str, sampling: Sampling) -> np.random.Generator:
    """The generator of random numbers for the problem of that name."""
    return np.random.default_rng([sampling.seed, zlib.crc32(name.encode(errors="surrogatepass"))])


def variance_of_mean(drawn: Floats) -> Floats:
    """The variance of the mean over the draws, which are the first axis; 0 for a single draw."""
    draws = len(drawn)
    return np.asarray(drawn.var(axis=0, ddof=1) / draws) if draws > 1 else np.zeros(drawn.shape[1:])


def means(problems: Sequence[Judged], per_problem: Floats) -> Measure:
    """The mean of `per_problem`, (problems,), over the problems in which some program is known to be right or wrong."""
    values = [float(value) if judged.programs else None for judged, value in zip(problems, per_problem, strict=True)]
    return macro(values, NOTHING_JUDGED)


def random_choice(problems: Sequence[Judged]) -> Measure:
    """The probability that a program taken at random is right: best-of-1."""
    return means(problems, np.array([judged.right.mean() if judged.programs else 0.0 for judged in problems]))


def oracle(problems: Sequence[Judged], n: int) -> Measure:
    """The probability that at least one of n programs (of all if there are fewer) is right: no choice does better."""
    return means(
        problems,
        np.array(
            [
                pass_at_k(judged.programs, int(judged.right.sum()), min(n, judged.programs)) if judged.programs else 0.0
                for judged in problems
            ]
        ),
    )


def share_of_gap(best: Measure, at_random: Measure, at_best: Measure) -> Measure:
    """(best - random) / (oracle - random), of means over problems: the share of the possible gain that is reached."""
    reason = "an oracle gains nothing over a random choice"
    return combined([best, at_random, at_best], _gap, reason if best.problems else best.reason)


def _gap(numerators: Floats, denominators: Floats) -> tuple[Floats, Floats]:
    best, at_random, at_best = numerators / np.where(denominators > 0, denominators, 1.0)
    gap = at_best - at_random
    defined = (gap > 1e-12) & (denominators > 0).all(axis=0)
    return np.where(defined, best - at_random, 0.0), np.where(defined, gap, 0.0)


@lru_cache(maxsize=256)
def _chances(programs: int, ns: tuple[int, ...]) -> Floats:
    """C(k, n) / C(programs, n) for k from 0 to programs, (ns, programs + 1)."""
    return np.array([[math.comb(k, n) / math.comb(programs, n) for k in range(programs + 1)] for n in ns])


@lru_cache(maxsize=256)
def _every_subset(tests: int, m: int) -> Floats:
    subsets = np.zeros((math.comb(tests, m), tests))
    for row, chosen in enumerate(combinations(range(tests), m)):
        subsets[row, list(chosen)] = 1.0
    return subsets
