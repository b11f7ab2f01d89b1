"""Scores of solutions, specifications and test cases by how well they agree (MPSC, arXiv 2309.17272, section 3).

Vertices are solutions, specifications and test cases, which form three perspectives; edges, between perspectives only,
weigh the inter-consistency in 0..1 of two vertices. With the weights W, the degrees D and an initial score y, the
scores minimise

    alpha * sum over all i, j of w_ij (f_i / sqrt(d_i) - f_j / sqrt(d_j))^2 / 2 + (1 - alpha) * |f - y|^2,

of which the solution is f = (1 - alpha) (I - alpha D^-1/2 W D^-1/2)^-1 y. The initial score of a vertex, its
intra-consistency, is here a product over the other perspectives, of the sum of the weights of its edges to each,
divided by the largest such product in its own perspective; so a vertex without support in one perspective begins with
0. As in the published program, alpha is 0.95, but 0.01 where the mean weight of the edges is below 0.16, since
propagation over a graph of which most edges are missing says little.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
THIN = 0.16
"""Mean weight of the edges below which scores are hardly propagated."""


def consistency(weights: Floats, sizes: Sequence[int]) -> Floats:
    """(vertices,) scores, larger for vertices that agree with others.

    `weights` is (vertices, vertices), symmetric, 0 inside a perspective; `sizes` are the numbers of vertices of the
    perspectives, in the order of the vertices. Perspectives without vertices are left out.
    """
    count = len(weights)
    if not count:
        return np.zeros(0)
    starts = np.cumsum([0, *sizes])
    slices = [slice(low, high) for low, high in pairwise(starts) if high > low]
    inside = np.zeros_like(weights, dtype=bool)
    for each in slices:
        inside[each, each] = True
    if not (~inside).any():
        return np.ones(count)
    alpha = 0.95 if weights[~inside].mean() >= THIN else 0.01
    degrees = weights.sum(axis=1)
    scale = np.divide(1.0, np.sqrt(degrees), out=np.zeros(count), where=degrees > 0)
    spread = scale[:, None] * weights * scale[None, :]
    result: Floats = (1 - alpha) * np.linalg.solve(np.eye(count) - alpha * spread, _initial(weights, slices))
    return result


def _initial(weights: Floats, slices: Sequence[slice]) -> Floats:
    """(vertices,) products over the other perspectives of the summed weights; the largest in each perspective is 1."""
    scores = np.ones(len(weights))
    for other in slices:
        support = weights[:, other].sum(axis=1)
        support[other] = 1.0
        scores *= support
    for own in slices:
        largest = scores[own].max()
        if largest > 0:
            scores[own] /= largest
    return scores
