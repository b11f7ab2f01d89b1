"""Features of symbols as places of a task: what they are, what the task names, and what is around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.graph import Graph, Node
from agent.repository.source.named import Named
from agent.repository.source.places import is_aside, is_test
from agent.repository.source.symbols import Symbol

Floats = NDArray[np.float64]

NAMED = ("line", "code", "word", "named_file")


def shapes(graph: Graph, symbols: Sequence[Symbol]) -> dict[str, Floats]:
    """What each symbol is, whatever the task: kinds as 1 or 0; logarithms of its lines and of the references to it."""
    tests = {path: is_test(path) for path in {path for path, _ in graph.nodes}}
    asides = {path: is_aside(path) or path.endswith(".pyi") for path in tests}
    used = np.bincount(graph.targets, graph.weights, len(symbols))
    return {
        "class": np.array([float(s.kind == "class") for s in symbols]),
        "variable": np.array([float(s.kind == "variable") for s in symbols]),
        "module": np.array([float(s.kind == "module") for s in symbols]),
        "private": np.array([float(s.last_name.startswith("_") and not s.last_name.endswith("__")) for s in symbols]),
        "test": np.array([float(tests[path]) for path, _ in graph.nodes]),
        "aside": np.array([float(asides[path]) for path, _ in graph.nodes]),
        "long": np.log2(np.array([1 + s.last - s.first for s in symbols], float)) / 8,
        "used": np.log2(1 + used) / 8,
    }


def named(graph: Graph, said: Mapping[Node, Sequence[Named]]) -> dict[str, Floats]:
    """How strongly the task names each symbol, by the kind of naming."""
    found = {kind: np.zeros(len(graph.nodes)) for kind in NAMED}
    for number, node in enumerate(graph.nodes):
        for each in said.get(node, ()):
            found[each.kind][number] = max(found[each.kind][number], each.strength)
    return found


def around(graph: Graph, symbols: Sequence[Symbol], features: Mapping[str, Floats]) -> dict[str, Floats]:
    """What the places around a symbol say: what uses it or is used by it, tests that the task names, its class."""
    fit = features["text"] + np.maximum(features["code"], features["word"] / 2) + features["line"]
    program = features["test"] == 0
    reached = scaled(graph.walk(fit**2, stay=0.4, back=0.5) * program)
    named_tests = features["test"] * features["code"]
    tested = np.bincount(graph.targets, graph.weights * named_tests[graph.sources], len(symbols)) * program
    return {
        "reached": np.sqrt(reached),
        "tested": np.minimum(tested, 1.0),
        "parent": _of_class(graph, symbols, fit),
    }


def _of_class(graph: Graph, symbols: Sequence[Symbol], values: Floats) -> Floats:
    """The value of the class around each method, 0 for others."""
    numbers = {(path, symbol.name): at for at, ((path, _), symbol) in enumerate(zip(graph.nodes, symbols, strict=True))}
    found = np.zeros(len(symbols))
    for at, ((path, _), symbol) in enumerate(zip(graph.nodes, symbols, strict=True)):
        if symbol.kind == "method":
            found[at] = values[numbers[path, symbol.parent]]
    return found


def scaled(values: Floats) -> Floats:
    """The values divided by the largest, where there is one above 0."""
    largest = float(values.max()) if len(values) else 0.0
    return values / largest if largest > 0 else values
