"""From the bytes of a Python file to its symbols and their terms."""

from __future__ import annotations

import ast
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from agent.repository.source.outline import Assigned, Definition, Outline, Parser, Span, outline
from agent.repository.source.outline_ast import parse_with_ast
from agent.repository.source.symbols import Kind, Parsed, Symbol
from agent.repository.source.term_counts import Bag, packed
from agent.repository.source.text import Text, names_used, read_text, words_in
from agent.repository.source.words import counted

_SET_ATTRIBUTE = re.compile(rb"\b(?:self|cls)\.([A-Za-z_]\w*)[ \t]*(?::[^=\n]+)?=(?!=)")
_LONGEST_SIGNATURE = 400


def find_parser() -> tuple[str, Parser]:
    """The name of the best parser that is installed, and the parser: `tree-sitter`, else `ast`."""
    from agent.repository.source.outline_tree_sitter import tree_sitter_parser

    try:
        return "tree-sitter", tree_sitter_parser()
    except ImportError:
        return "ast", parse_with_ast


def parse(data: bytes, parser: Parser) -> Parsed:
    """The symbols of a Python file, whatever bytes it has."""
    text = read_text(data)
    found = outline(text, parser)
    units = list(_units(found))
    symbols = tuple(_symbol(unit, text) for unit in units)
    bags = [_bag(unit, symbol, text) for unit, symbol in zip(units, symbols, strict=True)]
    return Parsed(symbols, found.imports, packed(bags), found.broken)


@dataclass(frozen=True)
class _Unit:
    """A symbol to be: where it is defined or assigned, and the lines inside that are symbols of their own."""

    kind: Kind
    name: str
    first: int
    last: int
    definition: Definition | Assigned
    holes: tuple[tuple[int, int], ...]


def _units(found: Outline) -> Iterator[_Unit]:
    """The module, then its parts in the order of their lines."""
    module = found.module
    variables = [_Unit("variable", part.names[0], part.first, part.last, part, ()) for part in module.assigned]
    inner = [unit for part in module.inner for unit in _inner_units(part, "", in_class=False)]
    holes = tuple((unit.first, unit.last) for unit in (*inner, *variables) if "." not in unit.name)
    yield _Unit("module", "", module.first, module.last, module, holes)
    yield from sorted([*variables, *inner], key=lambda unit: (unit.first, -unit.last, unit.name))


def _inner_units(definition: Definition, around: str, *, in_class: bool) -> Iterator[_Unit]:
    name = f"{around}.{definition.name}" if around else definition.name
    is_class = definition.kind == "class"
    kind: Kind = "class" if is_class else "method" if in_class else "function"
    # A function's text has the functions in it; a class is its header, attributes and docstring.
    holes = tuple((part.first, part.last) for part in definition.inner) if is_class else ()
    yield _Unit(kind, name, definition.first, definition.last, definition, holes)
    for part in definition.inner:
        yield from _inner_units(part, name, in_class=is_class)


def _symbol(unit: _Unit, text: Text) -> Symbol:
    code = b"\n".join(text.code[start:end] for start, end in _spans(unit, text))
    place = unit.definition
    uses = tuple(sorted(names_used(code)))
    if isinstance(place, Assigned):
        return Symbol(unit.kind, unit.name, unit.first, unit.last, defines=tuple(sorted(set(place.names))), uses=uses)
    defines = {name.decode() for name in _SET_ATTRIBUTE.findall(code)} if unit.kind == "method" else set[str]()
    if place.kind != "function":
        defines = {name for part in place.assigned for name in part.names} | {part.name for part in place.inner}
    return Symbol(
        kind=unit.kind,
        name=unit.name,
        first=unit.first,
        last=unit.last,
        signature=_signature(place.head, text),
        decorators=tuple(_flat(text.data[slice(*span)]) for span in place.decorators),
        doc=_first_line(place.doc, text),
        defines=tuple(sorted(defines)),
        uses=uses,
    )


def _spans(unit: _Unit, text: Text) -> Iterator[Span]:
    """The bytes of a unit's lines, without the lines that belong to other symbols."""
    at = unit.first
    for first, last in sorted(unit.holes):
        if at < first:
            yield text.span(at, first - 1)
        at = max(at, last + 1)
    if at <= unit.last:
        yield text.span(at, unit.last)


def _signature(head: Span, text: Text) -> str:
    """The text from `def` or `class` up to its colon on one line, without comments."""
    start, end = head
    code = text.code[start:end].rstrip(b" \t\n@")  # the body may begin with a decorator
    end = start + len(code.removesuffix(b":"))
    kept, at = [], start
    for first, last in _prose(text, start, end):
        if text.data[first : first + 1] == b"#":
            kept.append(text.data[at:first])
            at = last
    flat = _flat(b"".join([*kept, text.data[at:end]]))
    return flat if len(flat) <= _LONGEST_SIGNATURE else flat[: _LONGEST_SIGNATURE - 1] + "…"


def _flat(data: bytes) -> str:
    flat = " ".join(data.decode("utf-8", "replace").split())
    return flat.replace("( ", "(").replace(", )", ")").replace(" )", ")")


def _first_line(doc: Span | None, text: Text) -> str:
    if doc is None:
        return ""
    try:
        said = ast.literal_eval(text.data[slice(*doc)].decode("utf-8", "replace"))
    except (SyntaxError, ValueError):
        return ""
    return str(said).strip().partition("\n")[0].strip()


def _prose(text: Text, start: int, end: int) -> Iterator[Span]:
    """Strings and comments that begin between two offsets."""
    for span in text.prose[bisect_left(text.prose, (start, 0)) :]:
        if span[0] >= end:
            return
        yield span


def _bag(unit: _Unit, symbol: Symbol, text: Text) -> Bag:
    """The terms of a symbol's text; a name counts in the code, too."""
    spans = list(_spans(unit, text))
    code = [word for start, end in spans for word in words_in(text.code[start:end])]
    prose = [
        word for start, end in spans for at in _prose(text, start, end) for word in words_in(text.data[slice(*at)])
    ]
    names = words_in(symbol.name.encode()) + words_in(symbol.signature.partition("(")[2].encode())
    return counted(names), counted(prose), counted(code)
