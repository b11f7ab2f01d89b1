"""Places in code that a task names, found in an index."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.repository.source.index import Index
from agent.repository.source.mentions import Mentions, same_file
from agent.repository.source.symbols import Parsed, Symbol


@dataclass(frozen=True)
class Named:
    """What a task names of an index: a strength from 0 to 1 and the words for it, by path and by (path, symbol)."""

    files: Mapping[str, tuple[float, str]] = field(default_factory=dict)
    symbols: Mapping[tuple[str, str], tuple[float, str]] = field(default_factory=dict)


def named_files(index: Index, mentions: Mentions) -> dict[str, tuple[float, str]]:
    """The files that a task names by path, the last part of a dotted name, or a frame of a traceback."""
    found: dict[str, tuple[float, str]] = {}
    written = [(line.path, f"the task names line {line.line}") for line in mentions.lines]
    written += [(path, "the task names the file") for path in mentions.paths]
    for path, why in written:
        for match in same_file(path, index.rows):
            found.setdefault(match, (1.0, why))
    modules = {name.partition(".")[0] for name in mentions.names if "." in name}
    modules |= {part for name in mentions.names for part in name.split(".")}
    for path in index.python:
        stem = path.rpartition("/")[2].rpartition(".")[0]
        if stem in modules and stem not in ("__init__", "__main__"):
            found.setdefault(path, (0.7, f"the task names the module {stem}"))
    return found


def named_symbols(
    parsed: Mapping[str, Parsed], mentions: Mentions, index: Index
) -> dict[tuple[str, str], tuple[float, str]]:
    """The symbols that a task names: by a line, by a qualified name, or by their last name."""
    found: dict[tuple[str, str], tuple[float, str]] = {}
    frames = _lines(parsed, mentions, index)
    for path, symbol, strength, why in (*frames, *_qualified(parsed, mentions.names)):
        key = (path, symbol.name)
        if strength > found.get(key, (0.0, ""))[0]:
            found[key] = (strength, why)
    return found


def _lines(
    parsed: Mapping[str, Parsed], mentions: Mentions, index: Index
) -> list[tuple[str, Symbol, float, str]]:  # fmt: skip
    """Symbols at the lines that a task names; the last frame of a traceback is the strongest."""
    found = []
    for distance, line in enumerate(reversed(mentions.lines)):
        for path in same_file(line.path, index.rows):
            if path in parsed and parsed[path].symbols:
                symbol = parsed[path].at(line.line)
                found.append((path, symbol, 1.0 / (1 + distance / 4), f"line {line.line} is in the task"))
    return found


def _qualified(parsed: Mapping[str, Parsed], names: Sequence[str]) -> list[tuple[str, Symbol, float, str]]:
    wanted = [name.split(".") for name in names]
    found = []
    for path, file in parsed.items():
        module = path.rpartition(".")[0].removesuffix("/__init__").split("/")
        for symbol in file.symbols:
            if not symbol.name:
                continue
            full = [*module, *symbol.name.split(".")]
            for name in wanted:
                strength = _fit(name, full)
                if strength:
                    found.append((path, symbol, strength, f"the task names {'.'.join(name)}"))
    return found


def _fit(name: Sequence[str], full: Sequence[str]) -> float:
    """How surely a written name means a symbol: 1 by its last two parts, 0.8 where it has but one, 0.6 by its last part
    alone, 0 for another name.
    """
    if name[-1] == full[-1]:
        if len(name) == 1:
            return 0.8
        return 1.0 if list(name[-2:]) == list(full[-2:]) else 0.6
    return 0.0
