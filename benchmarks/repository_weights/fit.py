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


def fit(choices: Sequence[Choice], penalty: float = 3e-4, steps: int = 30) -> Floats:
    """The weights with the highest likelihood, by Newton's method; `penalty` is that of half their squares."""
    features = np.concatenate([choice.features for choice in choices])
    shares = np.concatenate([choice.shares for choice in choices])
    sizes = np.array([len(choice.shares) for choice in choices])
    starts, owner = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)

    def likely(weights: Floats) -> tuple[Floats, float]:
        """The probability of each symbol, and the loss."""
        total = features @ weights
        largest = np.maximum.reduceat(total, starts)
        grown = np.exp(total - largest[owner])
        sums = np.add.reduceat(grown, starts)
        loss = float((largest + np.log(sums)).sum() - shares @ total) / len(sizes)
        return grown / sums[owner], loss + penalty / 2 * float(weights @ weights)

    weights = np.zeros(features.shape[1])
    probabilities, loss = likely(weights)
    for _ in range(steps):
        slope = features.T @ (probabilities - shares) / len(sizes) + penalty * weights
        weighted = features * probabilities[:, None]
        means = np.add.reduceat(weighted, starts, axis=0)
        curvature = (features.T @ weighted - means.T @ means) / len(sizes) + penalty * np.eye(len(weights))
        direction, size = np.linalg.solve(curvature, slope), 1.0
        while size > 1e-3 and likely(weights - size * direction)[1] > loss:
            size /= 2
        weights = weights - size * direction
        before, (probabilities, loss) = loss, likely(weights)
        if before - loss < 1e-9:
            break
    return weights


def left_out(choices: Sequence[Choice], folds: int = 6) -> list[tuple[Choice, Floats]]:
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
