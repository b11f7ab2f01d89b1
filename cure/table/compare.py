"""Whether an output is the expected one.

Only the output of a program that ended `ok` belongs here: verdicts and error texts are out of band, never compared.
Every comparison takes (output, expected) and returns a boolean; `comparison` finds one by name.

| name | equal when |
|---|---|
| `tokens` | whitespace tokens are equal, decimal fractions within 1e-6 (the default) |
| `release` | whitespace tokens are equal, character by character: the released CURE code |
| `lines` | lines are equal, trailing blanks and trailing empty lines ignored |
| `float(ABS,REL)` | tokens are equal, all numbers within ABS or REL of the expected one; `float` is 1e-6 for both |
| `case-insensitive` | tokens are equal but for upper and lower case |
| `unordered-lines` | the same lines (by their tokens), in any order, empty lines ignored |
| `unordered-tokens` | the same tokens, in any order |
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial

from cure.errors import ProblemError, unknown_name

Comparison = Callable[[str, str], bool]

DEFAULT = "tokens"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400  # no float has more significant characters, and parsing a megabyte of digits takes long
_FLOAT_NAME = re.compile(r"float\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)")


def normalise(output: str) -> str:
    """The output with single spaces between its tokens: equal if and only if `release` calls the outputs equal."""
    return " ".join(output.split())


def release(output: str, expected: str) -> bool:
    """Whether the whitespace tokens are equal, as in the released `test_if_eq`."""
    return output.split() == expected.split()


def tokens(output: str, expected: str) -> bool:
    """Whether the tokens are equal, where a decimal fraction or exponent may be off by 1e-6 max(1, |expected|).

    Integers stay exact: the tolerance needs at least one of the two to be written with a fraction or an exponent.
    """
    return _all_pairs(output.split(), expected.split(), _equal_fractions)


def within(output: str, expected: str, absolute: float, relative: float) -> bool:
    """Whether the tokens are equal, any two numbers being equal within `absolute` or within `relative` x |expected|."""

    def equal(left: str, right: str) -> bool:
        a, b = _number(left), _number(right)
        return a is not None and b is not None and abs(a - b) <= max(absolute, relative * abs(b))

    return _all_pairs(output.split(), expected.split(), equal)


def lines(output: str, expected: str) -> bool:
    """Whether the lines are equal, blanks at their ends and empty lines at the end ignored."""
    return _trimmed_lines(output) == _trimmed_lines(expected)


def case_insensitive(output: str, expected: str) -> bool:
    """Whether the tokens are equal but for upper and lower case."""
    return output.casefold().split() == expected.casefold().split()


def unordered_lines(output: str, expected: str) -> bool:
    """Whether both have the same lines, each equally often, in any order; compared by tokens, empty ones ignored."""
    return _sorted_lines(output) == _sorted_lines(expected)


def unordered_tokens(output: str, expected: str) -> bool:
    """Whether both have the same tokens, each equally often, in any order."""
    return sorted(output.split()) == sorted(expected.split())


_BY_NAME: dict[str, Comparison] = {
    "tokens": tokens,
    "release": release,
    "lines": lines,
    "float": partial(within, absolute=1e-6, relative=1e-6),
    "case-insensitive": case_insensitive,
    "unordered-lines": unordered_lines,
    "unordered-tokens": unordered_tokens,
}

NAMES = tuple(_BY_NAME)
"""Names `comparison` knows, besides `float(ABS,REL)` with numbers in it."""


def comparison(name: str = DEFAULT) -> Comparison:
    """The comparison called `name`; raises ProblemError, naming the nearest name, when there is none."""
    if found := _BY_NAME.get(name):
        return found
    if match := _FLOAT_NAME.fullmatch(name):
        absolute, relative = (_number(text) for text in match.groups())
        if absolute is None or relative is None or min(absolute, relative) < 0:
            raise ProblemError(f"comparison {name!r}: both tolerances must be numbers that are not negative")
        return partial(within, absolute=absolute, relative=relative)
    raise unknown_name("comparison", name, _BY_NAME)


def _all_pairs(output: list[str], expected: list[str], equal: Comparison) -> bool:
    return len(output) == len(expected) and all(a == b or equal(a, b) for a, b in zip(output, expected, strict=True))


def _equal_fractions(output: str, expected: str) -> bool:
    if not (_has_fraction(output) or _has_fraction(expected)):
        return False
    a, b = _number(output), _number(expected)
    return a is not None and b is not None and abs(a - b) <= 1e-6 * max(1.0, abs(b))


def _has_fraction(token: str) -> bool:
    return "." in token or "e" in token or "E" in token


def _number(token: str) -> float | None:
    """The finite decimal number a token is; None for anything else, NaN and infinities included."""
    if len(token) > _LONGEST_NUMBER or not _NUMBER.fullmatch(token):
        return None
    value = float(token)
    return value if math.isfinite(value) else None


def _trimmed_lines(text: str) -> list[str]:
    kept = [line.rstrip() for line in text.split("\n")]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _sorted_lines(text: str) -> list[list[str]]:
    return sorted(words for line in text.split("\n") if (words := line.split()))
