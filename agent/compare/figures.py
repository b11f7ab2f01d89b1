"""What a comparison shows: how often each strategy is right, how often its answer is verified, and what it costs.

The strategies are compared on the problems for which each of them has an outcome, right or not. Differences are paired:
their 95 % interval comes from a bootstrap over problems, their p-value from McNemar's exact test
(`cure.metrics.comparison`). Shares of problems have Wilson's interval.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from agent.compare.folder import Solved
from cure.metrics.comparison import mcnemar
from cure.metrics.intervals import Bootstrap, resampled, wilson
from cure.metrics.value import macro

CURVE = 8
"""Number of budgets at which the accuracy of every strategy is given."""


@dataclass(frozen=True)
class Share:
    """`count` of `of` cases, as a share with its 95 % interval; both None without cases."""

    count: int
    of: int

    @property
    def value(self) -> float | None:
        """The share, in 0..1."""
        return self.count / self.of if self.of else None

    @property
    def interval(self) -> tuple[float, float] | None:
        """Wilson's 95 % interval of the share."""
        return wilson(self.count, self.of) if self.of else None

    def to_record(self) -> dict[str, Any]:
        """The share as JSON."""
        low, high = self.interval or (None, None)
        return {"count": self.count, "of": self.of, "value": self.value, "low": low, "high": high}


@dataclass(frozen=True, kw_only=True)
class Gain:
    """How much more often a strategy is right than the first one, on the same problems."""

    value: float
    """The share of problems that this strategy solves minus the share that the first one solves."""
    low: float | None
    high: float | None
    """The 95 % interval of `value`; None for one problem."""
    only_here: int
    """Number of problems that this strategy solves and the first one does not."""
    only_first: int
    """Number of problems that the first strategy solves and this one does not."""
    p: float
    """p-value of McNemar's exact test."""

    def to_record(self) -> dict[str, Any]:
        """The gain as JSON."""
        return dict(self.__dict__)


@dataclass(frozen=True, kw_only=True)
class Figures:
    """The figures of one strategy."""

    strategy: str
    right: Share
    gain: Gain | None
    """None for the first strategy."""
    verified: Share
    """Problems with a verified answer."""
    right_if_verified: Share
    """Right answers among the verified ones."""
    answered: Share
    tokens: float
    """Mean tokens per problem."""
    seconds: float
    """Mean seconds per problem."""
    right_at_equal_tokens: Share
    """Right answers where, on each problem, every strategy is cut at the tokens of the one that spent least on it."""
    gain_at_equal_tokens: Gain | None
    curve: tuple[tuple[int, float], ...]
    """Numbers of tokens, each with the share of right answers where every solve is cut at this number."""

    def to_record(self) -> dict[str, Any]:
        """The figures as JSON."""
        found: dict[str, Any] = {}
        for name, value in self.__dict__.items():
            found[name] = value.to_record() if isinstance(value, Share | Gain) else value
        return found


def figures(solved: Mapping[str, Mapping[str, Solved]], problems: Sequence[str]) -> list[Figures]:
    """The figures of each strategy; `solved` has the outcomes by strategy and problem.

    Only those of the `problems` count that every strategy has an outcome for; where there is none, the list is empty.
    """
    common = [name for name in problems if all(name in outcomes for outcomes in solved.values())]
    if not common:
        return []
    by_strategy = {strategy: [outcomes[name] for name in common] for strategy, outcomes in solved.items()}
    least = [min(outcomes[name].tokens for outcomes in solved.values()) for name in common]
    largest = max(float(np.mean([each.tokens for each in outcomes])) for outcomes in by_strategy.values())
    budgets = [round(largest * part / CURVE) for part in range(1, CURVE + 1)]
    first = next(iter(by_strategy.values()))
    first_right, first_equal = _right(first), _right_after(first, least)
    found = []
    for strategy, outcomes in by_strategy.items():
        right, equal = _right(outcomes), _right_after(outcomes, least)
        verified = [each for each in outcomes if each.verified]
        is_first = outcomes is first
        found.append(
            Figures(
                strategy=strategy,
                right=_share(right),
                gain=None if is_first else gain(first_right, right),
                verified=Share(len(verified), len(outcomes)),
                right_if_verified=_share(_right(verified)),
                answered=_share([each.answered for each in outcomes]),
                tokens=float(np.mean([each.tokens for each in outcomes])),
                seconds=float(np.mean([each.seconds for each in outcomes])),
                right_at_equal_tokens=_share(equal),
                gain_at_equal_tokens=None if is_first else gain(first_equal, equal),
                curve=tuple((at, float(np.mean(_right_after(outcomes, [at] * len(outcomes))))) for at in budgets),
            )
        )
    return found


def gain(first: Sequence[bool], other: Sequence[bool], draws: int = 10_000) -> Gain:
    """How much more often `other` is right than `first`; both say which problems are solved, in the same order."""
    measures = [macro([float(each) for each in values], "no problem") for values in (first, other)]
    drawn = resampled(measures, Bootstrap(draws))
    low, high = (float(end) for end in np.quantile(drawn[1] - drawn[0], (0.025, 0.975)))
    only_first = sum(a and not b for a, b in zip(first, other, strict=True))
    only_here = sum(b and not a for a, b in zip(first, other, strict=True))
    return Gain(
        value=(only_here - only_first) / len(first),
        low=low if len(first) > 1 else None,
        high=high if len(first) > 1 else None,
        only_here=only_here,
        only_first=only_first,
        p=mcnemar(only_first, only_here),
    )


def _right(outcomes: Sequence[Solved]) -> list[bool]:
    return [each.right for each in outcomes]


def _right_after(outcomes: Sequence[Solved], tokens: Sequence[int]) -> list[bool]:
    return [each.right_after(most) for each, most in zip(outcomes, tokens, strict=True)]


def _share(values: Sequence[bool]) -> Share:
    return Share(sum(values), len(values))
