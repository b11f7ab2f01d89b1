"""Two scored sets held against each other: on the problems both have, with no winner inside the noise.

The interval of a difference is a paired bootstrap over problems. Whether the difference could be chance is asked of
swaps: if neither is better, exchanging the two runs on any problem gives a difference as likely as the one seen; runs
with one sample per problem have McNemar's exact test for it. Winners are named for a few headlines only, their
p-values held to 5 % together (Holm), where the interval leaves out 0 and the subsets drawn cannot have decided.
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
"""Measures a winner is named for, besides best-of-n by every selector with the most programs and tests both have.
Larger is better in all of them."""

_SAME = 1e-12


@dataclass(frozen=True)
class Difference:
    """One measure in both runs; the difference is B - A. None with a reason where one of them has no value."""

    name: str
    a: float | None
    b: float | None
    difference: float | None
    low: float | None
    high: float | None
    """95 % interval of the difference."""
    p: float | None
    test: str
    """How p was found: `swap` or `mcnemar`."""
    minimum_detectable: float | None
    """The difference that these problems would show 80 times in 100, at 5 %."""
    monte_carlo_error: float
    headline: bool
    winner: str | None
    """`A` or `B`; None inside the noise, and always for what is no headline."""
    reason: str


@dataclass(frozen=True)
class Comparison:
    """Both runs on the problems they share."""

    problems: int
    only_in_a: int
    only_in_b: int
    differences: tuple[Difference, ...]


def compare(a: ScoredCase, b: ScoredCase, options: ScoreOptions) -> Comparison:
    """The differences of every measure both have; each run is judged by its own `max_test`.

    Raises ProblemError when they cannot be compared, and says what differs.
    """
    named_a, named_b = _named(a.problems, "A"), _named(b.problems, "B")
    common = [name for name in named_a if name in named_b]
    if not common:
        raise ProblemError("cannot compare: A and B have no problem in common")
    found = _incomparable(a, b, [(named_a[name], named_b[name]) for name in common])
    if found:
        raise ProblemError(f"cannot compare: {'; '.join(found)}")
    one = measures([named_a[name] for name in common], replace(options, max_test=a.options.max_test))
    other = measures([named_b[name] for name in common], replace(options, max_test=b.options.max_test))
    pairs, headlines, errors = _pairs(one, other)
    differences = _differences(pairs, headlines, errors, options)
    return Comparison(len(common), len(named_a) - len(common), len(named_b) - len(common), _with_winners(differences))


def mcnemar(only_a: int, only_b: int) -> float:
    """Two-sided exact p of McNemar's test, from the problems that only A and that only B solves."""
    discordant = only_a + only_b
    tail = sum(comb(discordant, k) for k in range(min(only_a, only_b) + 1)) / 2**discordant
    return min(1.0, float(2 * tail))


def _named(problems: Sequence[ProblemVerdicts], run: str) -> dict[str, ProblemVerdicts]:
    named = {problem.name: problem for problem in problems}
    if len(named) != len(problems):
        raise ProblemError(f"cannot compare: problems of {run} share a name")
    return named


def _incomparable(a: ScoredCase, b: ScoredCase, common: Sequence[tuple[ProblemVerdicts, ProblemVerdicts]]) -> list[str]:
    """What is different about how the two were judged."""
    found = []
    if None not in (a.data, b.data) and a.data != b.data:
        found.append(f"the data differ (sha256 {a.data} and {b.data})")
    if None not in (a.checker, b.checker) and a.checker != b.checker:
        found.append(f"the checkers differ ({a.checker} and {b.checker})")
    stored = next((pair for pair in common if pair[0].hidden.shape[1] != pair[1].hidden.shape[1]), None)
    if stored:
        sizes = " and ".join(str(problem.hidden.shape[1]) for problem in stored)
        found.append(f"the hidden tests differ ({stored[0].name} has {sizes} of them)")
    elif any(_used(one, a.options.max_test) != _used(other, b.options.max_test) for one, other in common):
        words = " and ".join(f"the first {case.options.max_test}" for case in (a, b))
        found.append(f"the selections of hidden tests differ ({words})")
    return found


def _used(problem: ProblemVerdicts, max_test: int) -> int:
    return int(problem.hidden[:, :max_test].shape[1])


def _pairs(one: Measures, other: Measures) -> tuple[dict[str, tuple[Measure, Measure]], set[str], Mapping[str, float]]:
    """The measures both have, the names of headlines, and Monte-Carlo errors of their differences."""
    pairs = {name: (measure, other.named[name]) for name, measure in one.named.items() if name in other.named}
    points = {(point.selector, point.n, point.m): point for point in other.grid}
    shared = [(point, points[key]) for point in one.grid if (key := (point.selector, point.n, point.m)) in points]
    errors: dict[str, float] = {}
    largest: dict[str, tuple[tuple[int, int], str]] = {}
    for mine, its in shared:
        name = f"best_of_{mine.n}_by_{mine.m} {mine.selector}"
        pairs[name] = (mine.best, its.best)
        errors[name] = hypot(mine.monte_carlo_error, its.monte_carlo_error)
        size = (mine.n, mine.m)
        largest[mine.selector] = max(largest.get(mine.selector, (size, name)), (size, name))
    return pairs, set(HEADLINES) | {name for _, name in largest.values()}, errors


def _differences(
    pairs: Mapping[str, tuple[Measure, Measure]],
    headlines: set[str],
    errors: Mapping[str, float],
    options: ScoreOptions,
) -> list[Difference]:
    ours, theirs = [a for a, _ in pairs.values()], [b for _, b in pairs.values()]
    drawn = resampled(theirs, options.bootstrap) - resampled(ours, options.bootstrap)
    random = np.random.default_rng(options.bootstrap.seed)
    swaps = random.integers(2, size=(options.bootstrap.draws, ours[0].numerators.shape[1])).astype(np.float64)
    return [
        _difference(name, a, b, values, swaps, name in headlines, errors.get(name, 0.0))
        for (name, (a, b)), values in zip(pairs.items(), drawn, strict=True)
    ]


def _difference(
    name: str, a: Measure, b: Measure, drawn: Floats, swaps: Floats, headline: bool, error: float
) -> Difference:
    mine, its = a.value(), b.value()
    if mine.value is None or its.value is None:
        reason = f"no value in A: {mine.reason}" if mine.value is None else f"no value in B: {its.reason}"
        return Difference(name, mine.value, its.value, None, None, None, None, "", None, error, headline, None, reason)
    difference = its.value - mine.value
    there = drawn[~np.isnan(drawn)]
    low = high = detectable = None
    if a.problems > 1 and b.problems > 1 and len(there) >= len(drawn) / 2:
        low, high = (float(end) for end in np.quantile(there, (0.025, 0.975)))
        spread = float(there.std())
        detectable = (Z_95 + Z_80) * spread if spread > _SAME else None
    p, test = _chance(a, b, difference, swaps)
    reason = "" if detectable is not None else "too few problems, or all differ alike"
    return Difference(
        name, mine.value, its.value, difference, low, high, p, test, detectable, error, headline, None, reason
    )


def _chance(a: Measure, b: Measure, difference: float, swaps: Floats) -> tuple[float, str]:
    """How likely a difference at least as large is if neither run is better."""
    if one_sample(a) and one_sample(b):
        both = a.entered & b.entered
        yes_a, yes_b = a.numerators[0][both] > 0, b.numerators[0][both] > 0
        return mcnemar(int((yes_a & ~yes_b).sum()), int((yes_b & ~yes_a).sum())), "mcnemar"
    above, below = b.numerators - a.numerators, b.denominators - a.denominators
    moved_above, moved_below = above @ swaps.T, below @ swaps.T
    ours = a.values(a.numerators.sum(axis=1)[:, None] + moved_above, a.denominators.sum(axis=1)[:, None] + moved_below)
    theirs = b.values(
        b.numerators.sum(axis=1)[:, None] - moved_above, b.denominators.sum(axis=1)[:, None] - moved_below
    )
    as_large = ~(np.abs(theirs - ours) < abs(difference) - _SAME)
    return float((1 + as_large.sum()) / (1 + len(as_large))), "swap"


def _with_winners(differences: Sequence[Difference]) -> tuple[Difference, ...]:
    """Winners of the headlines, by Holm's rule: the smallest p first, against 5 % over the number still in question."""
    asked = sorted((one.p, one.name) for one in differences if one.headline and one.p is not None)
    beyond_chance = set()
    for place, (p, name) in enumerate(asked):
        if p > 0.05 / (len(asked) - place):
            break
        beyond_chance.add(name)
    return tuple(replace(one, winner=_winner(one)) if one.name in beyond_chance else one for one in differences)


def _winner(one: Difference) -> str | None:
    if one.difference is None or one.low is None or one.high is None or one.low <= 0 <= one.high:
        return None
    if abs(one.difference) <= 2 * one.monte_carlo_error:
        return None
    return "B" if one.difference > 0 else "A"
