"""Fits the weights of `cure.select.confidence` by maximum likelihood with a ridge penalty, by Newton's method.

Every problem of every coder counts once, however many testers wrote tests for it and however many random parts of its
tables are drawn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.conditional_logit import Choices, fit_logit
from benchmarks.confidence_draws import ALL, Problem, draws
from cure.select.confidence import FEATURES, NONE_FEATURES, ConfidenceWeights, features, none_features, possibly_right
from cure.select.passes import Booleans, Floats, Ints

PROGRAMS = (1, 2, 4, 8, 16)
TESTS = (0, 2, 4, 8, 16)
INPUTS = (0, 4, 16, ALL)
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
    """The weights of maximum penalised likelihood, rounded."""
    parts: Counter[tuple[str, str]] = Counter()
    for one in ready:
        parts[one.problem.key] += len(one.counts)
    choices = Choices(
        x=np.concatenate([one.x for one in ready]),
        right=np.concatenate([one.right for one in ready]),
        counts=np.concatenate([one.counts for one in ready]),
        z=np.concatenate([one.z for one in ready]),
        weight=np.concatenate([np.full(len(one.counts), 1 / parts[one.problem.key] / len(parts)) for one in ready]),
    )
    begin = None if start is None else np.concatenate([start.of_behaviour, start.of_none])
    at = fit_logit(choices, begin, steps=steps)
    w, v = np.split(at.round(DECIMALS), [len(FEATURES)])
    return ConfidenceWeights(w, v)


def weights_record(weights: ConfidenceWeights) -> dict[str, dict[str, float]]:
    """The content of `confidence.json`."""
    return {
        "of_behaviour": dict(zip(FEATURES, weights.of_behaviour.tolist(), strict=True)),
        "of_none": dict(zip(NONE_FEATURES, weights.of_none.tolist(), strict=True)),
    }
