"""A conditional logit: weights under which the changed symbols are probable among all symbols of their repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """The symbols of one repository for one task: features (symbols by features), what each costs to show, in tokens,
    which are changed functions, and shares of 1 for all that is changed. `functions` is how many functions are changed,
    those that are not among the symbols included.
    """

    repository: str
    wording: str
    features: Floats
    tokens: Floats
    changed: NDArray[np.bool_]
    shares: Floats
    functions: int


@dataclass(frozen=True)
class Figures:
    """Means over tasks: the share of changed functions shown in full within a budget, and recall at 1, 5, 10."""

    full: float
    at_1: float
    at_5: float
    at_10: float


def fit(choices: Sequence[Choice], penalty: float = 1e-3, steps: int = 400, rate: float = 0.1) -> Floats:
    """The weights with the highest likelihood, by Adam; `penalty` is that of their squares."""
    features = np.concatenate([choice.features for choice in choices])
    shares = np.concatenate([choice.shares for choice in choices])
    sizes = np.array([len(choice.shares) for choice in choices])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    weights, mean, square = (np.zeros(features.shape[1]) for _ in range(3))
    for step in range(1, steps + 1):
        total = features @ weights
        grown = np.exp(total - np.maximum.reduceat(total, starts)[owner])
        likely = grown / np.add.reduceat(grown, starts)[owner]
        slope = features.T @ (likely - shares) / len(sizes) + penalty * weights
        mean = 0.9 * mean + 0.1 * slope
        square = 0.99 * square + 0.01 * slope**2
        weights = weights - rate * mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
    return weights


def left_out(choices: Sequence[Choice], folds: int = 4) -> list[tuple[Choice, Floats]]:
    """Each choice with weights that were fitted without its repository."""
    names = sorted({choice.repository for choice in choices})
    found: list[tuple[Choice, Floats]] = []
    for fold in range(folds):
        out = set(names[fold::folds])
        weights = fit([choice for choice in choices if choice.repository not in out])
        found += [(choice, weights) for choice in choices if choice.repository in out]
    return found


def figures(pairs: Sequence[tuple[Choice, Floats]], budget: int, thrift: float) -> Figures:
    """What a ranking by these weights reaches; `thrift` as in the repository map."""
    rows = [_row(choice, choice.features @ weights, budget, thrift) for choice, weights in pairs]
    full, at_1, at_5, at_10 = (float(np.mean(column)) for column in zip(*rows, strict=True))
    return Figures(full, at_1, at_5, at_10)


def _row(choice: Choice, total: Floats, budget: int, thrift: float) -> tuple[float, float, float, float]:
    order = np.argsort(-total, kind="stable")
    rank = np.empty(len(order), int)
    rank[order] = np.arange(1, len(order) + 1)
    ranks = rank[choice.changed]
    best = order[:50]
    by_value = best[np.argsort(-(total[best] - thrift * np.log(choice.tokens[best])), kind="stable")]
    shown, left = 0, float(budget)
    for number in dict.fromkeys([order[0], *by_value]):
        if choice.tokens[number] <= left:
            left -= float(choice.tokens[number])
            shown += int(choice.changed[number])
    at = [float((ranks <= most).sum()) / choice.functions for most in (1, 5, 10)]
    return shown / choice.functions, at[0], at[1], at[2]
