"""From a task in words to the symbols that it is about, best first, with reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.evidence import Evidence, gather
from agent.repository.source.index import Index
from agent.repository.source.places import Localised, Place

Floats = NDArray[np.float64]

WEIGHTS: Mapping[str, float] = {
    "text": 2.5,
    "further": 1.0,
    "file": 2.7,
    "line": 9.0,
    "code": 2.5,
    "word": 0.5,
    "named_file": 4.6,
    "reached": 1.4,
    "tested": 2.0,
    "parent": 0.8,
    "long": 3.6,
    "used": -1.6,
    "private": 0.4,
    "test": -5.1,
    "aside": -3.5,
    "class": -1.7,
    "module": -5.5,
    "variable": -1.5,
}
"""What each feature adds to the logarithm of the odds that a symbol is the place, as `benchmarks/repository_weights`
fitted it on fixes of 22 repositories; `line` and `tested` are set by hand, since messages of commits name no lines and
no tests."""


def localise(
    index: Index, task: str, *, failing: Sequence[str] = (), limit: int = 50, weights: Mapping[str, float] = WEIGHTS
) -> Localised:
    """The symbols that a task is about, at most `limit`, best first. `failing` are ids of tests that fail, such as
    `tests/test_a.py::test_b`. The answer depends on nothing but the files and these arguments.
    """
    return rank(gather(index, task, failing), task, weights, limit)


def rank(evidence: Evidence, task: str, weights: Mapping[str, float], limit: int) -> Localised:
    """The symbols by all evidence together."""
    shares = likely(evidence, weights)
    order = np.lexsort((np.arange(len(shares)), -np.round(shares, 12)))
    places: list[Place] = []
    for number in order.tolist():
        if len(places) == limit or not shares[number]:
            break
        path, _ = evidence.graph.nodes[number]
        places.append(Place(path, evidence.symbol(number), float(shares[number]), _reasons(evidence, number)))
    return Localised(task, tuple(places), evidence.files[:limit])


def likely(evidence: Evidence, weights: Mapping[str, float]) -> Floats:
    """How probably each symbol is the place, where one is: shares of 1; 0 for what is inside of a function, and shown
    and changed with it.
    """
    total = np.zeros(len(evidence.graph.nodes))
    for name in sorted(weights):
        total += weights[name] * evidence.features[name]
    grown = np.exp(total - total.max(initial=0.0)) * alone(evidence)
    return np.asarray(grown / max(float(grown.sum()), 1e-300))


def alone(evidence: Evidence) -> NDArray[np.bool_]:
    """Whether each symbol is shown and changed alone, and not as a part of the function around it."""
    found = np.ones(len(evidence.graph.nodes), bool)
    outer = ""
    for number, (path, at) in enumerate(evidence.graph.nodes):
        symbol = evidence.parsed[path].symbols[at]
        inside = f"{path}::{symbol.name}"
        if outer and inside.startswith(outer):
            found[number] = False
        else:
            outer = inside + "." if symbol.kind in ("function", "method") else ""
    return found


def _reasons(evidence: Evidence, number: int) -> tuple[str, ...]:
    named = dict.fromkeys(each.why for each in evidence.said.get(evidence.graph.nodes[number], ()))
    best = [evidence.terms[term] for term in evidence.fit.best_terms(number, 4)]
    return (*named, *(["its text has " + ", ".join(best)] if best else []), *_neighbours(evidence, number))


def _neighbours(evidence: Evidence, number: int) -> Iterator[str]:
    """The symbol that fits the task best among those that use this one, or that it uses, where it fits well."""
    graph, fit = evidence.graph, evidence.features["text"]
    for mine, others, how in ((graph.targets, graph.sources, "used by"), (graph.sources, graph.targets, "uses")):
        near = others[mine == number]
        if len(near) and fit[near].max() > 0.5:
            best = int(near[np.argmax(fit[near])])
            path, _ = graph.nodes[best]
            yield f"{how} {evidence.symbol(best).name or path}, whose text fits"
