"""Fits the weights of `cure.select.confidence` by maximum likelihood with a ridge penalty, by Newton's method.

Every problem of every coder counts once, however many testers wrote tests for it and however many random parts of its
tables are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.confidence_draws import ALL, Problem, draws
from cure.select.confidence import FEATURES, NONE_FEATURES, ConfidenceWeights, features, none_features, possibly_right
from cure.select.passes import Booleans, Floats, Ints

PROGRAMS = (1, 2, 4, 8, 16)
TESTS = (0, 2, 4, 8, 16)
INPUTS = (0, 4, 16, ALL)
RIDGE = 3e-4
"""Penalty on half the square of each weight but the constant's, relative to the log-likelihood of one problem."""
FREE = 1e-5
"""The same penalty for the constant: the weight of the feature `1` of the alternative that no program is right."""
DECIMALS = 4


@dataclass(frozen=True, kw_only=True)
class Example:
    """All drawn parts of one problem's table, one after the other.

    Of each part, the behaviours that pass all public examples; a behaviour is a group of programs that behave alike.
    """

    problem: Problem
    x: Floats
    """(behaviours, features): the values of FEATURES."""
    right: Booleans
    """(behaviours,): whether the programs of the behaviour are right."""
    counts: Ints
    """(parts,): number of behaviours of each part, at least 1."""
    z: Floats
    """(parts, features): the values of NONE_FEATURES."""


def examples(found: Sequence[Problem]) -> list[Example]:
    """The examples of all problems, without the parts in which every program fails a public example."""
    sizes = [(n, m) for n in PROGRAMS for m in TESTS]
    ready = []
    for problem in found:
        x, right, counts, z = [], [], [], []
        for part in draws(problem, sizes, INPUTS, 1):
            same = part.passes.same_behaviour
            first = same.argmax(axis=-1) == np.arange(same.shape[-1])
            behaviours = first & possibly_right(part.passes)
            kept = behaviours.any(axis=1)
            x.append(features(part.passes)[behaviours])
            right.append(part.right[behaviours])
            counts.append(behaviours.sum(axis=1)[kept])
            z.append(none_features(part.passes)[kept])
        if sum(map(len, counts)):
            columns = (np.concatenate(column) for column in (x, right, counts, z))
            ready.append(Example(problem=problem, **dict(zip(("x", "right", "counts", "z"), columns, strict=True))))
    return ready


def fit(ready: Sequence[Example], start: ConfidenceWeights | None = None, steps: int = 50) -> ConfidenceWeights:
    """The weights of maximum penalised likelihood, rounded; Newton's steps are halved until the loss falls."""
    loss = _Loss(ready)
    at = np.zeros(loss.size) if start is None else np.concatenate([start.of_behaviour, start.of_none])
    for _ in range(steps):
        value, slope, curvature = loss.at(at)
        step = -np.linalg.solve(curvature, slope)
        while loss.at(at + step)[0] > value + 1e-4 * (slope @ step) and np.abs(step).max() > 1e-9:
            step /= 2
        at = at + step
        if np.abs(step).max() < 1e-7:
            break
    w, v = np.split(at.round(DECIMALS), [len(FEATURES)])
    return ConfidenceWeights(w, v)


def weights_record(weights: ConfidenceWeights) -> dict[str, dict[str, float]]:
    """The content of `confidence.json`."""
    return {
        "of_behaviour": dict(zip(FEATURES, weights.of_behaviour.tolist(), strict=True)),
        "of_none": dict(zip(NONE_FEATURES, weights.of_none.tolist(), strict=True)),
    }


class _Loss:
    """The penalised negative log-likelihood of the weights of FEATURES and, after these, of NONE_FEATURES."""

    def __init__(self, ready: Sequence[Example]) -> None:
        parts: Counter[tuple[str, str]] = Counter()
        for one in ready:
            parts[one.problem.key] += len(one.counts)
        self.x, self.z = np.concatenate([one.x for one in ready]), np.concatenate([one.z for one in ready])
        self.right = np.concatenate([one.right for one in ready])
        counts = np.concatenate([one.counts for one in ready])
        self.starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
        self.part = np.repeat(np.arange(len(counts)), counts)
        self.solved = np.logical_or.reduceat(self.right, self.starts)
        self.weight = np.concatenate(
            [np.full(len(one.counts), 1 / parts[one.problem.key] / len(parts)) for one in ready]
        )
        self.size = len(FEATURES) + len(NONE_FEATURES)
        self.ridge = np.where(np.arange(self.size) == len(FEATURES), FREE, RIDGE)

    def at(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient and a positive definite curvature."""
        utility, none = self.x @ weights[: len(FEATURES)], self.z @ weights[len(FEATURES) :]
        top = np.maximum(np.maximum.reduceat(utility, self.starts), none)
        odds, of_none = np.exp(utility - top[self.part]), np.exp(none - top)
        hits, none_hits = np.where(self.right, odds, 0.0), np.where(self.solved, 0.0, of_none)
        total = np.add.reduceat(odds, self.starts) + of_none
        hit = np.add.reduceat(hits, self.starts) + none_hits
        value = self.weight @ (np.log(total) - np.log(hit)) + self.ridge @ weights**2 / 2
        expected, found = (odds / total[self.part], of_none / total), (hits / hit[self.part], none_hits / hit)
        slope = self._mean(*expected) - self._mean(*found) + self.ridge * weights
        curvature, penalty = self._covariance(*expected), np.diag(self.ridge)
        exact = curvature - self._covariance(*found) + penalty
        definite = np.linalg.eigvalsh(exact)[0] > 1e-9
        return float(value), slope, exact if definite else curvature + penalty

    def _mean(self, p: Floats, q: Floats) -> Floats:
        return np.concatenate([(self.weight[self.part] * p) @ self.x, (self.weight * q) @ self.z])

    def _covariance(self, p: Floats, q: Floats) -> Floats:
        means = np.concatenate([np.add.reduceat(p[:, None] * self.x, self.starts), q[:, None] * self.z], axis=1)
        squares = np.zeros((self.size, self.size))
        width = self.x.shape[1]
        squares[:width, :width] = self.x.T @ ((self.weight[self.part] * p)[:, None] * self.x)
        squares[width:, width:] = self.z.T @ ((self.weight * q)[:, None] * self.z)
        return np.asarray(squares - means.T @ (self.weight[:, None] * means))
