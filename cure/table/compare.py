"""Whether an output is the expected one.

Only the output of a program that ended `ok` may be compared; verdicts and error texts are not output.
Every comparison takes (output, expected) and returns a boolean; `comparison` finds one by name.

| name | equal when |
|---|---|
| `tokens` (the default) | tokens are equal; where a decimal is expected, within 1e-6, absolute or relative |
| `release` | whitespace tokens are equal, character by character, as in the released CURE code |
| `lines` | lines are equal, trailing blanks and trailing empty lines ignored |
| `float(ABS,REL)` | tokens are equal, numbers within ABS or within REL times the expected one; `float`: 1e-6 for both |
| `case-insensitive` | tokens are equal but for upper and lower case |
| `validator(FLAGS)` | the ICPC's default validator with these flags accepts the output; `Flags` has the flags |
| `unordered-lines` | the same lines (by their tokens), in any order, empty lines ignored |
| `unordered-tokens` | the same tokens, in any order |
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from cure.errors import ProblemError, unknown_name

Comparison = Callable[[str, str], bool]

DEFAULT = "tokens"

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 400  # no float needs more, even written without exponent; parsing a megabyte of digits takes long
_ROUNDING = Decimal("1e-6")
_TOKEN = re.compile(r"\S+")
_SWITCHES = ("case_sensitive", "space_change_sensitive")
_TOLERANCES = ("float_tolerance", "float_absolute_tolerance", "float_relative_tolerance")
_VALIDATOR_NAME = re.compile(r"validator\(([^()]*)\)")
_FLOAT_NAME = re.compile(r"float\(\s*([^,()]+?)\s*,\s*([^,()]+?)\s*\)")


def normalise(output: str) -> str:
    """The output with single spaces between its tokens; `release` compares these texts."""
    return " ".join(output.split())


def release(output: str, expected: str) -> bool:
    """Whether the whitespace tokens are equal, as in the released `test_if_eq`."""
    return output.split() == expected.split()


def tokens(output: str, expected: str) -> bool:
    """Whether the tokens are equal: numbers where a number is expected, text elsewhere.

    The form of the expected number decides: where it is an integer, the output must have exactly this value, in any
    notation; where it has a fraction or an exponent, the output may differ by 1e-6 max(1, |expected|).
    """
    return _all_pairs(output.split(), expected.split(), _equal_numbers)


def within(output: str, expected: str, absolute: Decimal, relative: Decimal) -> bool:
    """Whether the tokens are equal, any two numbers being equal within `absolute` or within `relative` x |expected|."""
    return _all_pairs(output.split(), expected.split(), partial(_near, absolute=absolute, relative=relative))


@dataclass(frozen=True)
class Flags:
    """Flags of the default validator of ICPC and Kattis packages (https://icpc.io/problem-package-format)."""

    case_sensitive: bool = False
    space_change_sensitive: bool = False
    """Whether blanks and line ends in the output must be those of the expected output."""
    absolute: Decimal | None = None
    """`float_absolute_tolerance`, or `float_tolerance` for both; without a tolerance, numbers are compared as text."""
    relative: Decimal | None = None
    """`float_relative_tolerance`, or `float_tolerance` for both."""


def validated(output: str, expected: str, flags: Flags) -> bool:
    """Whether the default validator accepts the output.

    Where a tolerance is given and a token of the expected output is a number, the output's token must be a number
    within one of the tolerances; other tokens must be equal texts. The flags say whether case and blanks count.
    """
    if flags.space_change_sensitive and _TOKEN.split(output) != _TOKEN.split(expected):
        return False
    tolerances = [tolerance for tolerance in (flags.absolute, flags.relative) if tolerance is not None]

    def equal(left: str, right: str) -> bool:
        if tolerances and _number(right) is not None:
            return _near(left, right, flags.absolute or Decimal(0), flags.relative or Decimal(0))
        return not flags.case_sensitive and left.casefold() == right.casefold()

    return _all_pairs(output.split(), expected.split(), equal)


def validator_flags(words: Sequence[str]) -> Flags:
    """The flags in the words of a package's `validator_flags`.

    Raises ProblemError for a flag that does not exist, and for a tolerance that is no number or a negative one.
    """
    switches = dict.fromkeys(_SWITCHES, False)
    tolerances: dict[str, Decimal | None] = dict.fromkeys(_TOLERANCES)
    rest = iter(words)
    for word in rest:
        if word in switches:
            switches[word] = True
        elif word in tolerances:
            text = next(rest, "")
            tolerances[word] = _number(text)
            if tolerances[word] is None or text.startswith("-"):
                raise ProblemError(f"{word} is followed by {text!r}, expected a number of at least 0")
        else:
            raise ProblemError(f"unknown flag {word!r}; known: {', '.join((*_SWITCHES, *_TOLERANCES))}")
    both, absolute, relative = tolerances.values()
    return Flags(
        **switches,
        absolute=both if absolute is None else absolute,
        relative=both if relative is None else relative,
    )


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
    "float": partial(within, absolute=_ROUNDING, relative=_ROUNDING),
    "case-insensitive": case_insensitive,
    "unordered-lines": unordered_lines,
    "unordered-tokens": unordered_tokens,
}

NAMES = tuple(_BY_NAME)
"""Names `comparison` knows, besides `float(ABS,REL)` with numbers and `validator(FLAGS)` with flags in it."""


def comparison(name: str = DEFAULT) -> Comparison:
    """The comparison called `name`.

    Raises ProblemError, naming the nearest name, when there is none, and for tolerances or flags that are not valid.
    """
    if found := _BY_NAME.get(name):
        return found
    if match := _FLOAT_NAME.fullmatch(name):
        absolute, relative = (_number(text) for text in match.groups())
        if absolute is None or relative is None or min(absolute, relative) < 0:
            raise ProblemError(f"comparison {name!r}: both tolerances must be numbers that are not negative")
        return partial(within, absolute=absolute, relative=relative)
    if match := _VALIDATOR_NAME.fullmatch(name):
        try:
            return partial(validated, flags=validator_flags(match[1].split()))
        except ProblemError as error:
            raise ProblemError(f"comparison {name!r}: {error}") from None
    raise unknown_name("comparison", name, _BY_NAME)


def _all_pairs(output: list[str], expected: list[str], equal: Comparison) -> bool:
    return len(output) == len(expected) and all(a == b or equal(a, b) for a, b in zip(output, expected, strict=True))


def _equal_numbers(output: str, expected: str) -> bool:
    if "." in expected or "e" in expected or "E" in expected:
        return _near(output, expected, _ROUNDING, _ROUNDING)
    return _near(output, expected, Decimal(0), Decimal(0))


def _near(output: str, expected: str, absolute: Decimal, relative: Decimal) -> bool:
    """Whether both are numbers, and the first is within `absolute` or within `relative` x |expected| of the other."""
    a, b = _number(output), _number(expected)
    return a is not None and b is not None and (a == b or abs(a - b) <= max(absolute, relative * abs(b)))


def _number(token: str) -> Decimal | None:
    """The decimal number that a token denotes; None if there is none, or if it is too long or too large for a float."""
    if len(token) > _LONGEST_NUMBER or not _NUMBER.fullmatch(token) or not math.isfinite(float(token)):
        return None
    return Decimal(token)


def is_number(token: str) -> bool:
    """Whether comparisons take the token for a number."""
    return _number(token) is not None


def _trimmed_lines(text: str) -> list[str]:
    kept = [line.rstrip() for line in text.split("\n")]
    while kept and not kept[-1]:
        kept.pop()
    return kept


def _sorted_lines(text: str) -> list[list[str]]:
    return sorted(words for line in text.split("\n") if (words := line.split()))
