"""Symbols of Python files, by both parsers."""

from __future__ import annotations

import ast
from pathlib import Path
from textwrap import dedent

import pytest

from agent.repository.source.outline_ast import parse_with_ast
from agent.repository.source.outline_tree_sitter import tree_sitter_parser
from agent.repository.source.parse import parse
from agent.repository.source.symbols import Import, Parsed
from agent.repository.source.term_counts import unpacked

BOTH = pytest.mark.parametrize("parser", [tree_sitter_parser(), parse_with_ast], ids=["tree-sitter", "ast"])

SOURCE = dedent('''
    """A module."""
    import os.path as op, sys
    from . import near
    from ..far import (thing as other, *things)
    LIMIT: int = 3
    first, (second, *rest) = 1, (2, 3)

    if LIMIT:
        def maybe(): ...

    @decorated(
        by="this",
    )
    async def work(
        a, *args: int,  # a comment (with a bracket:
        b="x:y", **rest,
    ) -> dict[str, int]:
        """Works hard.

        Then rests.
        """
        def inner():
            return f"{a.size!r} {{no}} 'text'"
        return inner
        # the last line

    class Outer(Base, metaclass=Meta):
        size = other.default  # "not a string
        class Inner:
            def deep(self): self.depth, self.width = 1, 2; self.height: int = 3
        @property
        def wide(self): return self.size + LIMIT
''').replace(", *things)", ", things)")


def parsed(source: str | bytes, parser: object = parse_with_ast) -> Parsed:
    return parse(source.encode() if isinstance(source, str) else source, parser)  # type: ignore[arg-type]


@BOTH
def test_symbols_have_names_lines_and_signatures(parser: object) -> None:
    found = parsed(SOURCE, parser)
    assert [(s.kind, s.name, s.first, s.last, s.signature) for s in found.symbols] == [
        ("module", "", 1, 33, ""),
        ("variable", "LIMIT", 6, 6, ""),
        ("variable", "first", 7, 7, ""),
        ("function", "maybe", 10, 10, "def maybe()"),
        ("function", "work", 12, 25, 'async def work(a, *args: int, b="x:y", **rest) -> dict[str, int]'),
        ("function", "work.inner", 23, 24, "def inner()"),
        ("class", "Outer", 28, 33, "class Outer(Base, metaclass=Meta)"),
        ("class", "Outer.Inner", 30, 31, "class Inner"),
        ("method", "Outer.Inner.deep", 31, 31, "def deep(self)"),
        ("method", "Outer.wide", 32, 33, "def wide(self)"),
    ]


@BOTH
def test_first_lines_of_docstrings_and_decorators_are_kept(parser: object) -> None:
    found = parsed(SOURCE, parser)
    assert {s.name: s.doc for s in found.symbols if s.doc} == {"": "A module.", "work": "Works hard."}
    assert {s.name: s.decorators for s in found.symbols if s.decorators} == {
        "work": ('decorated(by="this")',),
        "Outer.wide": ("property",),
    }


@BOTH
def test_names_defined_are_those_that_others_can_reach(parser: object) -> None:
    defines = {symbol.name: symbol.defines for symbol in parsed(SOURCE, parser).symbols}
    assert defines[""] == ("LIMIT", "Outer", "first", "maybe", "rest", "second", "work")
    assert defines["Outer"] == ("Inner", "size", "wide")
    assert defines["Outer.Inner.deep"] == ("height", "width")
    assert defines["first"] == ("first", "rest", "second")


@BOTH
def test_names_used_are_code_and_attributes_have_a_dot(parser: object) -> None:
    uses = {symbol.name: symbol.uses for symbol in parsed(SOURCE, parser).symbols}
    assert uses["Outer.wide"] == (".size", "LIMIT", "property", "self", "wide")
    assert {"a", ".size"} <= set(uses["work.inner"]), "fields of f-strings are code"
    assert not {"no", "text", "not", "comment", "hard"} & {name for names in uses.values() for name in names}


@BOTH
def test_imports_say_what_they_bind(parser: object) -> None:
    assert parsed(SOURCE, parser).imports == (
        Import("os.path", "", "op", 3),
        Import("sys", "", "sys", 3),
        Import(".", "near", "near", 4),
        Import("..far", "thing", "other", 5),
        Import("..far", "things", "things", 5),
    )


@BOTH
def test_terms_are_kept_by_the_kind_of_text(parser: object) -> None:
    source = 'def parse_header(line):\n    """Splits fields."""\n    return line.split(":")  # colon\n'
    found = parsed(source, parser)
    terms = unpacked(found.terms)
    assert terms.of("parse_header") == {1: (1, 0, 1)}, "no other symbol has it: the module is what is left"
    assert terms.of("lin") == {1: (1, 0, 2)}
    assert terms.of("split") == {1: (0, 1, 1)}
    assert terms.of("colon") == {1: (0, 1, 0)} and terms.of("nothing") == {}


@BOTH
@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\n",
        b"\xff\xfe\x00",
        b"\xef\xbb\xbfx = 1\n",
        b"# -*- coding: latin-1 -*-\nx = '\xe9'\n",
        b'"""open',
        b"x = (",
        b"def f():\r\n    pass\r\ndef g():\r\n    pass\r\n",
        b"\tdef f(",
        b"class",
    ],
)
def test_any_bytes_have_the_code_of_a_module(source: bytes, parser: object) -> None:
    found = parsed(source, parser)
    assert found.symbols[0].kind == "module"
    assert set(unpacked(found.terms).symbols.tolist()) <= set(range(len(found.symbols)))
    assert all(1 <= symbol.first <= symbol.last for symbol in found.symbols)


@BOTH
def test_lines_of_other_systems_count_alike(parser: object) -> None:
    found = parsed(b"def f():\r\n    pass\r\n\r\ndef g():\r\n    pass\r\n", parser)
    assert [(s.name, s.first, s.last) for s in found.symbols[1:]] == [("f", 1, 2), ("g", 4, 5)]


BROKEN = """
import os

def before():
    return 1

def broken(:
    x = = 3

class After:
    def works(self):
        return 2

def last():
    return 3
"""


@BOTH
def test_a_syntax_error_costs_its_definition_only(parser: object) -> None:
    found = parsed(BROKEN, parser)
    assert {"before", "After", "After.works", "last"} <= {symbol.name for symbol in found.symbols}
    assert found.imports == (Import("os", "", "os", 2),)
    assert found.broken and all(7 <= first <= last <= 9 for first, last in found.broken)


def test_inside_a_class_tree_sitter_loses_a_method_at_most() -> None:
    source = "class A:\n    def a(self):\n        return 1\n    def b(self):\n        x = = 1\n    def c(self): ...\n"
    names = {symbol.name for symbol in parsed(source, tree_sitter_parser()).symbols}
    assert {"A", "A.a", "A.c"} <= names


def test_both_parsers_find_the_same_in_the_standard_library() -> None:
    tree_sitter = tree_sitter_parser()
    files = sorted(Path(ast.__file__).parent.glob("[a-c]*.py"))
    assert len(files) > 20
    for file in files:
        data = file.read_bytes()
        assert parse(data, tree_sitter) == parse(data, parse_with_ast), file


def test_the_innermost_symbol_is_found_by_its_line() -> None:
    found = parsed(SOURCE)
    lines = SOURCE.split("\n")
    assert found.at(lines.index("    def inner():") + 1).name == "work.inner"
    assert found.at(1).kind == "module"
    assert found.symbol("Outer.wide") is found.symbols[-1] and found.symbol("nothing") is None
