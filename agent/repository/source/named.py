"""Files and symbols of an index that a task names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.repository.source.graph import Node
from agent.repository.source.index import Index
from agent.repository.source.mentions import Mentions, same_file
from agent.repository.source.symbols import Parsed
from agent.repository.source.words import STOP, words_of

_NOT_MODULES = ("__init__", "__main__")


@dataclass(frozen=True)
class Named:
    """How a task names a place. `kind` is `line`, `code` or `word` of a symbol, `named_file` of a file; `strength` is
    from 0 to 1, and `why` says it in words.
    """

    kind: str
    strength: float
    why: str


def named_files(index: Index, mentions: Mentions) -> dict[str, Named]:
    """The files that a task names by path, in a traceback, or as a module."""
    found: dict[str, Named] = {}
    written = [(line.path, f"line {line.line} of the file is in the task") for line in mentions.lines]
    written += [(path, "the task names the file") for path in mentions.paths]
    for path, why in written:
        for match in same_file(path, index.rows):
            found.setdefault(match, Named("named_file", 1.0, why))
    parts = {part for name in mentions.names for part in name.split(".")}
    for path in index.python:
        module = path.rpartition("/")[2].rpartition(".")[0]
        if module in parts and module not in _NOT_MODULES:
            found.setdefault(path, Named("named_file", 0.7, f"the task names the module {module}"))
    return found


def named_symbols(parsed: Mapping[str, Parsed], mentions: Mentions, task: str, index: Index) -> dict[Node, list[Named]]:
    """The symbols that a task names: at a line, by a name written as code, or by a plain word that is their name."""
    found: dict[Node, list[Named]] = {}
    for node, named in (*_at_lines(parsed, mentions, index), *_by_name(parsed, mentions.names, task)):
        found.setdefault(node, []).append(named)
    return found


def _at_lines(parsed: Mapping[str, Parsed], mentions: Mentions, index: Index) -> Iterator[tuple[Node, Named]]:
    """Symbols at the lines that a task names; the last frame of a traceback is the strongest."""
    for distance, line in enumerate(reversed(mentions.lines)):
        for path in same_file(line.path, index.rows):
            if path in parsed:
                node = path, _outermost(parsed[path], line.line)
                yield node, Named("line", 1.0 / (1 + distance / 4), f"line {line.line} is in the task")


def _outermost(parsed: Parsed, line: int) -> int:
    """The number of the symbol at a line; of the outer function where functions are inside of it."""
    symbol = parsed.at(line)
    name = symbol.name
    while name:
        name = name.rpartition(".")[0]
        outer = parsed.symbol(name)
        if name and outer is not None and outer.kind in ("function", "method"):
            symbol = outer
    return parsed.symbols.index(symbol)


def _by_name(parsed: Mapping[str, Parsed], names: Sequence[str], task: str) -> Iterator[tuple[Node, Named]]:
    wanted: dict[str, list[list[str]]] = {}
    for name in names:
        wanted.setdefault(name.split(".")[-1], []).append(name.split("."))
    plain = {word for word in words_of(task) if len(word) > 3 and word.lower() not in STOP}
    for path, file in parsed.items():
        module = path.rpartition(".")[0].removesuffix("/__init__").split("/")
        for number, symbol in enumerate(file.symbols):
            full = [*module, *symbol.name.split(".")]
            written = wanted.get(symbol.last_name, ())
            for parts in written:
                yield (path, number), Named("code", _fit(parts, full), f"the task names {'.'.join(parts)}")
            if symbol.last_name in plain and not written:
                yield (path, number), Named("word", 1.0, f"the task has the word {symbol.last_name}")


def _fit(name: Sequence[str], full: Sequence[str]) -> float:
    """How surely a written name means a symbol with the same last part: 1 where the part before it fits, too."""
    if len(name) == 1:
        return 0.8
    return 1.0 if list(name[-2:]) == list(full[-2:]) else 0.6
