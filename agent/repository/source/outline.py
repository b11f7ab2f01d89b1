"""The structure of a Python file that both parsers return: nested definitions, assignments and imports with places."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass, replace
from typing import Literal, Protocol

from agent.repository.source.symbols import Import
from agent.repository.source.text import Text

_TOP = re.compile(rb"^(?:@|def\b|class\b|async\s+def\b)", re.MULTILINE)

Span = tuple[int, int]
"""The offset of the first byte, and the offset behind the last one."""


@dataclass(frozen=True)
class Assigned:
    """Names that one statement assigns, and its first and last line."""

    names: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class Definition:
    """A class, a function, or the module itself. Lines count from 1, `first` is that of the first decorator; `head`
    runs from `class`, `def` or `async` up to the first statement of the body; `doc` is a string that comes first there.
    """

    kind: Literal["module", "class", "function"]
    name: str
    first: int
    last: int
    head: Span
    _: KW_ONLY
    decorators: tuple[Span, ...] = ()
    doc: Span | None = None
    inner: tuple[Definition, ...] = ()
    assigned: tuple[Assigned, ...] = ()


@dataclass(frozen=True)
class Outline:
    """What a parser found in a file; `broken` are the first and last lines of what it could not read."""

    module: Definition
    imports: tuple[Import, ...] = ()
    broken: tuple[tuple[int, int], ...] = ()


class Parser(Protocol):
    """Reads the structure of Python text in UTF-8."""

    def __call__(self, data: bytes, offset: int, line: int) -> Outline:
        """The structure of a part of a file that begins at this byte and, counted from 0, at this line."""


def outline(text: Text, parser: Parser) -> Outline:
    """The structure of a file. A file with a syntax error is cut at the definitions of its first level, and each piece
    is read alone, so that an error costs no more than its piece.
    """
    whole = parser(text.data, 0, 0)
    if not whole.broken:
        return whole
    pieces = [parser(text.data[start:end], start, text.line(start) - 1) for start, end in _pieces(text)]
    modules = [piece.module for piece in pieces]
    return Outline(
        module=replace(
            whole.module,
            doc=modules[0].doc,
            inner=tuple(inner for module in modules for inner in module.inner),
            assigned=tuple(assigned for module in modules for assigned in module.assigned),
        ),
        imports=tuple(found for piece in pieces for found in piece.imports),
        broken=tuple(region for piece in pieces for region in piece.broken),
    )


def _pieces(text: Text) -> Iterator[Span]:
    """Parts of the file, each but the first beginning with a definition or its decorators."""
    start, decorated = 0, False
    for match in _TOP.finditer(text.code):
        if match.start() and not decorated:
            yield start, match.start()
            start = match.start()
        decorated = match.group() == b"@"
    yield start, len(text.data)
