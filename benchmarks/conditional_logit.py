"""Fits the weights of a conditional logit by maximum likelihood with a ridge penalty, by Newton's method.

The alternatives of one choice are some behaviours with features x, of which any number may be right, and one more with
features z, which is right where no behaviour is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cure.select.passes import Booleans, Floats, Ints

RIDGE = 3e-4
"""Penalty on half the square of each weight but the constant's, relative to the log-likelihood of all choices."""
FREE = 1e-5
"""The same penalty for the constant, which is the first feature in z."""


@dataclass(frozen=True, kw_only=True)
class Choices:
    """Choices, one after the other."""

    x: Floats
    """(behaviours of all choices, features)."""
    right: Booleans
    """(behaviours of all choices,): whether the behaviour is right."""
    counts: Ints
    """(choices,): number of behaviours of each choice, at least 1."""
    z: Floats
    """(choices, features)."""
    weight: Floats
    """(choices,): how much each choice counts; they add up to 1."""


def fit_logit(choices: Choices, start: Floats | None = None, *, ridge: float = RIDGE, steps: int = 50) -> Floats:
    """(features of x and, after these, of z,): the weights of maximum penalised likelihood.

    Newton's steps are halved until the loss falls.
    """
    loss = _Loss(choices, ridge)
    at = np.zeros(loss.size) if start is None else start
    for _ in range(steps):
        value, slope, curvature = loss.at(at)
        step = -np.linalg.solve(curvature, slope)
        while loss.at(at + step)[0] > value + 1e-4 * (slope @ step) and np.abs(step).max() > 1e-9:
            step /= 2
        at = at + step
        if np.abs(step).max() < 1e-7:
            break
    return at


class _Loss:
    """The penalised negative log-likelihood of the weights of x and, after these, of z."""

    def __init__(self, choices: Choices, ridge: float) -> None:
        self.x, self.z, self.right, self.weight = choices.x, choices.z, choices.right, choices.weight
        self.starts = np.concatenate([[0], np.cumsum(choices.counts)[:-1]])
        self.part = np.repeat(np.arange(len(choices.counts)), choices.counts)
        self.solved = np.logical_or.reduceat(self.right, self.starts)
        self.width = self.x.shape[1]
        self.size = self.width + self.z.shape[1]
        self.ridge = np.where(np.arange(self.size) == self.width, FREE, ridge)

    def at(self, weights: Floats) -> tuple[float, Floats, Floats]:
        """Value, gradient and a positive definite curvature."""
        utility, none = self.x @ weights[: self.width], self.z @ weights[self.width :]
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
        squares[: self.width, : self.width] = self.x.T @ ((self.weight[self.part] * p)[:, None] * self.x)
        squares[self.width :, self.width :] = self.z.T @ ((self.weight * q)[:, None] * self.z)
        return np.asarray(squares - means.T @ (self.weight[:, None] * means))
