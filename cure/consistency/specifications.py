"""Specifications as programs: whether a pre- and a post-condition hold for pairs of an input and an output.

A specification runs in the sandbox like any program. It is asked about all pairs in one execution: it reads a line of
JSON for each pair and prints a letter for each.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

HOLDS, FAILS = "1", "0"
"""Letters for a pair: both conditions hold; one does not, or raised an error."""

_ASKS = """
import contextlib, io, json, sys

_in, _out, _space = sys.stdin, sys.stdout, {{"__name__": "specification"}}
with contextlib.redirect_stdout(io.StringIO()):
    sys.stdin = io.StringIO("")
    try:
        exec(compile({source!r}, "specification", "exec"), _space)
    except SystemExit:
        pass
    for _line in _in:
        _given, _printed = json.loads(_line)
        try:
            _holds = bool(_space["precondition"](_given)) and bool(_space["postcondition"](_given, _printed))
        except Exception:
            _holds = False
        _out.write("1" if _holds else "0")
        _out.flush()
"""


def asking(source: str) -> str:
    """A program that checks, for each pair in its standard input, whether `precondition` and `postcondition`, functions
    that `source` defines, both hold.
    """
    return _ASKS.format(source=source)


def questions(pairs: Sequence[tuple[str, str]]) -> str:
    """The standard input of a program made by `asking`, for these pairs of an input and an output."""
    return "".join(json.dumps(pair) + "\n" for pair in pairs)


def answers(printed: str, count: int) -> list[bool]:
    """Whether the specification holds for each of `count` pairs; it does not hold for pairs that have no letter."""
    letters = printed.strip()[:count]
    return [letter == HOLDS for letter in letters.ljust(count, FAILS)]
