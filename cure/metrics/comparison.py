"""Compares two scored runs, A and B, on the problems they share; a winner is named only where chance is unlikely.

The interval of a difference comes from a paired bootstrap over problems. Its p-value comes from a permutation test: if
neither run is better, exchanging the two on any problem gives a difference as likely as the one seen. A measure that is
one yes or no per problem in both runs is compared by McNemar's exact test instead. Winners are named for a few measures
only, the headlines, where the p-value is significant at 5 % after Holm's correction for all headlines, the interval
does not contain 0, and the difference is larger than twice its Monte-Carlo error, which comes from drawing subsets.
No winner is named where the runs lack different numbers of answers, executions or tables of some problem.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import comb, hypot

import numpy as np

from cure.errors import ProblemError
from cure.metrics.case import ScoredCase
from cure.metrics.intervals import Z_95, one_sample, resampled
from cure.metrics.standard import Measures, ScoreOptions, measures
from cure.metrics.value import Floats, Measure
from cure.metrics.verdicts import ProblemVerdicts

Z_80 = 0.8416212335729143
"""The 80 % point of the standard normal distribution."""

HEADLINES = (
    "code_accuracy_macro",
    "ut_accuracy_reference_requested",
    "ut_accuracy_reference_extracted",
    "ut_accuracy_estimate_extracted",
    "mu",
)
"""Measures for which a winner is named; best-of-n of each selector is added, with the largest n and m that both runs
have. Larger is better in all of these measures."""

_SAME = 1e-12
"""Differences up to this are rounding errors."""


@dataclass(frozen=True, kw_only=True)
class Difference:
    """One measure of both runs; `difference` is B - A, and None with a reason where a run has no value."""

    name: str
    a: float | None
    b: float | None
    difference: float | None = None
    low: float | None = None
    high: float | None = None
    """`low` and `high`: 95 % interval of the difference; None where a run has no value, where a run has data on fewer
    than two problems, or where most draws of problems have no data."""
    p: float | None = None
    """The p-value, not corrected for the number of measures; None where a run has no value."""
    test: str = ""
    """The test that p is from: `swap` (permutation) or `mcnemar`; empty where p is None."""
    minimum_detectable: float | None = None
    """The smallest difference that this number of problems detects with 80 % power at the 5 % level."""
    monte_carlo_error: float = 0.0
    headline: bool = False
    winner: str | None = None
    """`A` or `B`; None where the difference may be chance, for measures that are no headline, and for all measures
    where `Comparison.equal_coverage` is False."""
    reason: str
    """Why `difference` or `minimum_detectable` is None; empty where neither is."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All differences of two runs on the problems they share."""

    problems: int
    only_in_a: int
    only_in_b: int
    differences: tuple[Difference, ...]
    equal_coverage: bool = True
    """Whether the runs lack equally many answers, executions and tables of each problem; else no winner is named."""
    lacks_a: str = ""
    lacks_b: str = ""
    """`lacks_a` and `lacks_b`: what A and B lack, in words; empty for nothing."""


def compare(a: ScoredCase, b: ScoredCase, options: ScoreOptions, comparisons: int = 1) -> Comparison:
    """The differences of every measure that both runs have; each run is judged by its own `ScoredCase.max_test`.

    `comparisons` is how many pairs of runs are compared in all; the level of 5 % at which winners are named is divided
    by that number. The p-values returned are not corrected. Raises ProblemError where the runs cannot be compared: they
    have no problem in common, a name occurs twice in a run, or they differ in data, checker or hidden tests.
    """
    named_a, named_b = _named(a.problems, "A"), _named(b.problems, "B")
    common = [name for name in named_a if name in named_b]
    if not common:
        raise ProblemError("cannot compare: A and B have no problem in common")
    found = _incomparable(a, b, [(named_a[name], named_b[name]) for name in common])
    if found:
        raise ProblemError(f"cannot compare: {'; '.join(found)}")
    all_a = measures([named_a[name] for name in common], replace(options, max_test=a.max_test))
    all_b = measures([named_b[name] for name in common], replace(options, max_test=b.max_test))
    pairs, headlines, errors = _pairs(all_a, all_b)
    differences = _differences(pairs, headlines, errors, options)
    equal_coverage = a.missing == b.missing
    return Comparison(
        problems=len(common),
        only_in_a=len(named_a) - len(common),
        only_in_b=len(named_b) - len(common),
        differences=_with_winners(differences, comparisons) if equal_coverage else tuple(differences),
        equal_coverage=equal_coverage,
        lacks_a=a.lacks,
        lacks_b=b.lacks,
    )


def mcnemar(only_a: int, only_b: int) -> float:
    """The two-sided exact p of McNemar's test, from the numbers of problems that only A and only B solves."""
    discordant = only_a + only_b
    tail = sum(comb(discordant, k) for k in range(min(only_a, only_b) + 1)) / 2**discordant
    return min(1.0, float(2 * tail))


def _named(problems: Sequence[ProblemVerdicts], run: str) -> dict[str, ProblemVerdicts]:
    named = {problem.name: problem for problem in problems}
    if len(named) != len(problems):
        raise ProblemError(f"cannot compare: problems of {run} share a name")
    return named


def _incomparable(a: ScoredCase, b: ScoredCase, common: Sequence[tuple[ProblemVerdicts, ProblemVerdicts]]) -> list[str]:
    """Differences in how the two runs were judged, in words."""
    found = []
    if None not in (a.data, b.data) and a.data != b.data:
        found.append(f"the data differ (sha256 {a.data} and {b.data})")
    if None not in (a.checker, b.checker) and a.checker != b.checker:
        found.append(f"the checkers differ ({a.checker} and {b.checker})")
    stored = next((pair for pair in common if pair[0].hidden.shape[1] != pair[1].hidden.shape[1]), None)
    if stored:
        sizes = " and ".join(str(problem.hidden.shape[1]) for problem in stored)
        found.append(f"the hidden tests differ ({stored[0].name} has {sizes} of them)")
    elif any(_used(in_a, a.max_test) != _used(in_b, b.max_test) for in_a, in_b in common):
        words = " and ".join(f"the first {case.max_test}" if case.max_test else "all" for case in (a, b))
        found.append(f"the selections of hidden tests differ ({words})")
    return found


def _used(problem: ProblemVerdicts, max_test: int | None) -> int:
    return int(problem.hidden[:, :max_test].shape[1])


def _pairs(all_a: Measures, all_b: Measures) -> tuple[dict[str, tuple[Measure, Measure]], set[str], dict[str, float]]:
    """The measures of both runs by name, the names of headlines, and Monte-Carlo errors of differences by name."""
    pairs = {name: (measure, all_b.named[name]) for name, measure in all_a.named.items() if name in all_b.named}
    points = {(point.selector, point.n, point.m): point for point in all_b.grid}
    shared = [(point, points[key]) for point in all_a.grid if (key := (point.selector, point.n, point.m)) in points]
    errors: dict[str, float] = {}
    largest: dict[str, tuple[tuple[int, int], str]] = {}
    for a, b in shared:
        name = f"best_of_{a.n}_by_{a.m} {a.selector}"
        pairs[name] = (a.best, b.best)
        errors[name] = hypot(a.monte_carlo_error, b.monte_carlo_error)
        size = (a.n, a.m)
        largest[a.selector] = max(largest.get(a.selector, (size, name)), (size, name))
    return pairs, set(HEADLINES) | {name for _, name in largest.values()}, errors


def _differences(
    pairs: Mapping[str, tuple[Measure, Measure]],
    headlines: set[str],
    errors: Mapping[str, float],
    options: ScoreOptions,
) -> list[Difference]:
    of_a, of_b = [a for a, _ in pairs.values()], [b for _, b in pairs.values()]
    drawn = resampled(of_b, options.bootstrap) - resampled(of_a, options.bootstrap)
    random = np.random.default_rng(options.bootstrap.seed)
    swaps = random.integers(2, size=(options.bootstrap.draws, of_a[0].numerators.shape[1])).astype(np.float64)
    return [
        replace(
            _difference(name, a, b, values, swaps), headline=name in headlines, monte_carlo_error=errors.get(name, 0.0)
        )
        for (name, (a, b)), values in zip(pairs.items(), drawn, strict=True)
    ]


def _difference(name: str, a: Measure, b: Measure, drawn: Floats, swaps: Floats) -> Difference:
    """The difference of one measure, from (draws,) resampled differences and (draws, problems) exchanges of runs."""
    value_a, value_b = a.value(), b.value()
    if value_a.value is None or value_b.value is None:
        missing = f"A: {value_a.reason}" if value_a.value is None else f"B: {value_b.reason}"
        return Difference(name=name, a=value_a.value, b=value_b.value, reason=f"no value for {missing}")
    difference = value_b.value - value_a.value
    defined = drawn[~np.isnan(drawn)]
    low = high = detectable = None
    if a.problems > 1 and b.problems > 1 and len(defined) >= len(drawn) / 2:
        low, high = (float(end) for end in np.quantile(defined, (0.025, 0.975)))
        spread = float(defined.std())
        detectable = (Z_95 + Z_80) * spread if spread > _SAME else None
    p, test = _chance(a, b, difference, swaps)
    return Difference(
        name=name,
        a=value_a.value,
        b=value_b.value,
        difference=difference,
        low=low,
        high=high,
        p=p,
        test=test,
        minimum_detectable=detectable,
        reason="" if detectable is not None else "too few problems have data, or all differ by the same amount",
    )


def _chance(a: Measure, b: Measure, difference: float, swaps: Floats) -> tuple[float, str]:
    """The p-value (probability of a difference at least as large if neither run is better), and the test's name."""
    if one_sample(a) and one_sample(b):
        both = a.entered & b.entered
        yes_a, yes_b = a.numerators[0][both] > 0, b.numerators[0][both] > 0
        return mcnemar(int((yes_a & ~yes_b).sum()), int((yes_b & ~yes_a).sum())), "mcnemar"
    above, below = b.numerators - a.numerators, b.denominators - a.denominators
    moved_above, moved_below = above @ swaps.T, below @ swaps.T
    exchanged_a = a.values(
        a.numerators.sum(axis=1)[:, None] + moved_above, a.denominators.sum(axis=1)[:, None] + moved_below
    )
    exchanged_b = b.values(
        b.numerators.sum(axis=1)[:, None] - moved_above, b.denominators.sum(axis=1)[:, None] - moved_below
    )
    as_large = ~(np.abs(exchanged_b - exchanged_a) < abs(difference) - _SAME)
    return float((1 + as_large.sum()) / (1 + len(as_large))), "swap"


def _with_winners(differences: Sequence[Difference], comparisons: int) -> tuple[Difference, ...]:
    """The differences with the winners of headlines; by Holm's rule the k-th smallest of K p-values must be at most
    5 % / (K - k + 1), here also divided by `comparisons`.
    """
    p_values = sorted((found.p, found.name) for found in differences if found.headline and found.p is not None)
    beyond_chance = set()
    for place, (p, name) in enumerate(p_values):
        if p > 0.05 / comparisons / (len(p_values) - place):
            break
        beyond_chance.add(name)
    return tuple(
        replace(found, winner=_winner(found)) if found.name in beyond_chance else found for found in differences
    )


def _winner(found: Difference) -> str | None:
    if found.difference is None or found.low is None or found.high is None or found.low <= 0 <= found.high:
        return None
    if abs(found.difference) <= 2 * found.monte_carlo_error:
        return None
    return "B" if found.difference > 0 else "A"
