"""What the cache keeps of a file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from agent.repository.source.outline_ast import parse_with_ast
from agent.repository.source.parse import parse
from agent.repository.source.stored import from_json, to_json
from agent.repository.source.term_counts import hashed, packed, unpacked


@pytest.mark.parametrize("source", [b"", b"def f(", Path(ast.__file__).read_bytes()], ids=["empty", "broken", "ast.py"])
def test_what_is_read_again_is_what_was_found(source: bytes) -> None:
    found = parse(source, parse_with_ast)
    assert from_json(to_json(found), found.terms) == found


def test_counts_are_packed_by_term_and_symbol() -> None:
    counts = unpacked(packed([({"a": 1}, {}, {"a": 2, "b": 70_000}), ({}, {"a": 3}, {})]))
    assert counts.of("a") == {0: (1, 0, 2), 1: (0, 3, 0)}
    assert counts.of("b") == {0: (0, 0, 65_535)}


def test_bytes_that_are_no_rows_are_an_error() -> None:
    with pytest.raises(ValueError, match="17 bytes"):
        unpacked(bytes(17))


def test_hashes_are_equal_in_all_processes() -> None:
    assert hashed(b"word") == 10776770685243991114
