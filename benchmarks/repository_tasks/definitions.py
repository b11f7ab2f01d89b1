"""Functions and methods of a Python file with their lines, and which of them differ between two states of it."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Place:
    """A function or class of a file: its node and its lines, decorators included."""

    name: str
    node: Function | ast.ClassDef
    start: int
    """Index of the first line, from 0."""
    end: int
    """Index after the last line."""
    text: str
    """The lines, with their indentation and the last line break."""


def places(source: str) -> dict[str, Place]:
    """Functions, methods and classes by qualified name, outer ones first; names that occur twice are left out.

    Functions inside functions are part of the outer one. Raises SyntaxError.
    """
    lines = source.splitlines(keepends=True)
    found = list(_places(ast.parse(source).body, "", lines))
    often = Counter(place.name for place in found)
    return {place.name: place for place in found if often[place.name] == 1}


def functions(source: str) -> dict[str, Place]:
    """The functions and methods among `places`."""
    return {name: place for name, place in places(source).items() if not isinstance(place.node, ast.ClassDef)}


def _places(body: list[ast.stmt], prefix: str, lines: list[str]) -> Iterator[Place]:
    for node in body:
        if isinstance(node, ast.If | ast.Try):
            yield from _places([*node.body, *node.orelse], prefix, lines)
        if not isinstance(node, Function | ast.ClassDef):
            continue
        start = min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1
        end = node.end_lineno or node.lineno
        name = f"{prefix}{node.name}"
        yield Place(name, node, start, end, "".join(lines[start:end]))
        if isinstance(node, ast.ClassDef):
            yield from _places(node.body, f"{name}.", lines)


@dataclass(frozen=True)
class Difference:
    """Which functions differ between two states of a file."""

    rewritten: tuple[str, ...]
    """Qualified names of functions that are in both states, with different text."""
    added: tuple[str, ...]
    """Qualified names of functions that only the second state has."""
    elsewhere: bool
    """Whether something outside these functions differs too, or a function was removed."""


def difference(base: str, fixed: str) -> Difference:
    """How the functions of two states of a file differ. Raises SyntaxError."""
    old, new = functions(base), functions(fixed)
    rewritten = tuple(name for name, place in new.items() if name in old and old[name].text != place.text)
    added = tuple(name for name in new if name not in old)
    rest = _without(base, old, rewritten) != _without(fixed, new, (*rewritten, *added))
    return Difference(rewritten, added, rest)


def _without(source: str, all_of_them: Mapping[str, Place], names: tuple[str, ...]) -> list[str]:
    """The lines outside the named functions, without empty ones."""
    lines: list[str | None] = list(source.splitlines())
    for name in names:
        place = all_of_them[name]
        lines[place.start : place.end] = [None] * (place.end - place.start)
    return [line for line in lines if line is not None and line.strip()]


def replaced(source: str, name: str, text: str) -> str:
    """The file with the text of one function replaced. Raises KeyError where there is none of that name."""
    place, lines = places(source)[name], source.splitlines(keepends=True)
    return "".join([*lines[: place.start], text, *lines[place.end :]])
