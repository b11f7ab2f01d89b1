"""References between symbols, and how much of a question's weight reaches each symbol along them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agent.repository.source.symbols import Parsed, Symbol

Floats = NDArray[np.float64]
Node = tuple[str, int]
"""A symbol: the path of its file, and its number there."""

MOST_MEANINGS = 12
"""A name that is defined more often says nothing about what it means."""


@dataclass(frozen=True)
class Graph:
    """References: `sources[i]` uses `targets[i]`, numbers of entries of `nodes`, with a weight of 1 where it is certain
    what a name means, and a share where it may mean several things.
    """

    nodes: Sequence[Node]
    sources: NDArray[np.int64]
    targets: NDArray[np.int64]
    weights: Floats

    def references(self) -> Iterator[tuple[int, int, float]]:
        """Source, target and weight of each reference."""
        return zip(self.sources.tolist(), self.targets.tolist(), self.weights.tolist(), strict=True)

    def walk(self, seeds: Floats, *, stay: float = 0.5, back: float = 0.5, steps: int = 20) -> Floats:
        """Personalised PageRank: where a reader is who begins at a seed in proportion to its weight, follows references
        (backwards `back` times as often as forwards), and begins again with the probability `stay` at each step. Sums
        to 1 where any seed has weight.
        """
        total = float(seeds.sum())
        if total <= 0:
            return np.zeros(len(seeds))
        start = seeds / total
        ends = np.concatenate([self.targets, self.sources])
        begins = np.concatenate([self.sources, self.targets])
        weights = np.concatenate([self.weights, back * self.weights])
        leaving = np.bincount(begins, weights, len(seeds))
        shares = weights / leaving[begins] if len(begins) else weights
        at = start
        for _ in range(steps):
            moved = np.bincount(ends, at[begins] * shares, len(seeds))
            # Who stands where nothing leads on begins again, too.
            at = (1 - stay) * moved + (1 - (1 - stay) * float(moved.sum())) * start
        return at


def build_graph(parsed: Mapping[str, Parsed]) -> Graph:
    """The references between the symbols of these files."""
    nodes = [(path, number) for path in sorted(parsed) for number in range(len(parsed[path].symbols))]
    names = _Names(parsed)
    sources, targets, weights = [], [], []
    for path in sorted(parsed):
        for source, symbol in enumerate(parsed[path].symbols, names.starts[path]):
            for meant, weight in _references(path, source, symbol, names):
                for target in meant:
                    if target != source:
                        sources.append(source)
                        targets.append(target)
                        weights.append(weight)
    return Graph(nodes, np.array(sources, np.int64), np.array(targets, np.int64), np.array(weights))


class _Names:
    """What a name can mean in each file: numbers of nodes, counted through all files in the order of their paths."""

    def __init__(self, parsed: Mapping[str, Parsed]) -> None:
        self.parsed = parsed
        self.modules = _modules(parsed)
        self.starts: dict[str, int] = {}
        """The number of the first node of each file."""
        self.anywhere: dict[str, list[int]] = defaultdict(list)
        """Definitions by their last names, with a dot in front."""
        self.at_top: dict[str, dict[str, int]] = {}
        """Names of a module's level, by path."""
        self.parents: list[str] = []
        """The name of what is around each symbol."""
        self.plain: dict[str, dict[str, Sequence[int]]] = {}
        """What names mean that are defined at the module's level or imported, by path."""
        self.attributes: dict[tuple[str, str, str], tuple[Sequence[int], float]] = {}
        """What names after a dot mean, each with its weight, by path, name of what is around, and name with its dot."""
        for path in sorted(parsed):
            start = self.starts[path] = len(self.parents)
            self.at_top[path] = dict(_top(parsed[path], start))
            for number, symbol in enumerate(parsed[path].symbols, start):
                around, _, last = symbol.name.rpartition(".")
                self.parents.append(around)
                if last:
                    self.anywhere["." + last].append(number)
        for path in sorted(parsed):
            own = ((name, [node]) for name, node in self.at_top[path].items())
            self.plain[path] = {**dict(self._imports(path)), **dict(own)}

    def _imports(self, path: str) -> Iterator[tuple[str, list[int]]]:
        for found in self.parsed[path].imports:
            for file in self.files(path, found.module):
                top = self.at_top[file]
                if found.name == "*":
                    yield from ((name, [node]) for name, node in top.items())
                elif found.name in top:
                    yield found.bound, [top[found.name]]

    def files(self, path: str, module: str) -> list[str]:
        """The files that an imported module can be."""
        dots = len(module) - len(module.lstrip("."))
        parts = [part for part in module.split(".") if part]
        if dots:
            folders = path.split("/")[:-dots]
            parts = [*folders, *parts]
            return [file for file in self.modules.get(tuple(parts[-2:]), ()) if _module(file) == tuple(parts)]
        named = self.modules.get(tuple(parts[-2:]), ())
        return [file for file in named if _module(file)[-len(parts) :] == tuple(parts)]

    def here(self, path: str) -> range:
        """The numbers of a file's nodes."""
        return range(self.starts[path], self.starts[path] + len(self.parsed[path].symbols))


def _modules(parsed: Mapping[str, Parsed]) -> dict[tuple[str, ...], list[str]]:
    """Files by the last one and the last two parts of their modules' names."""
    modules: dict[tuple[str, ...], list[str]] = defaultdict(list)
    for path in sorted(parsed):
        name = _module(path)
        for length in {1, min(2, len(name))}:
            modules[name[-length:]].append(path)
    return modules


def _module(path: str) -> tuple[str, ...]:
    parts = path.rpartition(".")[0].split("/")
    return tuple(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def _top(parsed: Parsed, start: int) -> Iterator[tuple[str, int]]:
    for number, symbol in enumerate(parsed.symbols, start):
        if symbol.kind == "variable":
            yield from ((name, number) for name in symbol.defines)
        elif symbol.name and "." not in symbol.name:
            yield symbol.name, number


def _references(path: str, source: int, symbol: Symbol, names: _Names) -> Iterator[tuple[Sequence[int], float]]:
    """The symbols that a symbol uses, and those right inside of a class, with the weight of each."""
    plain, anywhere, attributes = names.plain[path], names.anywhere, names.attributes
    around = names.parents[source]
    for used in symbol.uses:
        if used in plain:  # no name of a module's level begins with a dot
            yield plain[used], 1.0
        elif used in anywhere:
            key = path, around, used
            if key not in attributes:
                attributes[key] = _meant(*key, names)
            yield attributes[key]
    if symbol.kind == "class":
        yield [at for at in names.here(path) if names.parents[at] == symbol.name], 0.3


def _meant(path: str, around: str, used: str, names: _Names) -> tuple[Sequence[int], float]:
    """What a name after a dot can mean, and the weight of each meaning: the method of the class around it, else any
    definition of this name.
    """
    meanings = names.anywhere[used]
    if len(meanings) > MOST_MEANINGS:
        return (), 0.0
    inside = names.here(path)
    here = [node for node in meanings if inside.start <= node < inside.stop]
    own = [node for node in here if around and names.parents[node] == around]
    near = own or here or meanings
    return near, (1.0 if own else 0.7) / len(near)
