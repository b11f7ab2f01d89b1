"""Bounds of numbers: those that a statement gives, such as `1 <= n <= 10^5`, and those that the inputs suggest."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import ceil, floor

from cure.inputs.line import Slot

Interval = tuple[int, int]

LONGEST_NUMBER = 18  # digits; longer numbers in a statement are not read
SMALL = 100
GROWTH = 10
"""Numbers up to SMALL, and up to GROWTH times the largest seen, are tried where the statement allows them."""

_LESS = r"(?:\\leqslant|\\leq|\\le|\\lt|<=|≤|⩽|<)"
_DIGITS = r"[0-9]+(?:[ ,_][0-9]{3})*(?![0-9])"
_VALUE = rf"-?{_DIGITS}\s?(?:(?:\\cdot|\*|·|×)?\s*10\s?\^\s?\{{?[0-9]+\}}?|(?:\^|\*\*)\s?\{{?[0-9]+\}}?|e[0-9]+)?"
_STATED = re.compile(rf"({_VALUE})\s*\$?\s*{_LESS}[^≤<>\n]{{1,60}}?{_LESS}\s*\$?\s*({_VALUE})")
_BETWEEN = re.compile(rf"(?:between|from)\s+\$?({_VALUE})\$?\s+(?:and|to)\s+\$?({_VALUE})")
_WRITTEN = re.compile(
    r"(?P<minus>-?)(?:(?P<factor>[0-9]{1,18})\*)?(?P<number>[0-9]+)(?:(?P<sign>[\^e])(?P<power>[0-9]+))?"
)
_INTEGERS = re.compile(r"\bintegers?\b", re.IGNORECASE)
_POSITIVE = re.compile(r"\bpositive\b", re.IGNORECASE)
_NOT_NEGATIVE = re.compile(r"\bnon-?\s?negative\b|\bnatural\b", re.IGNORECASE)


def stated_intervals(statement: str) -> list[Interval]:
    """The intervals that the statement gives for numbers, in the order in which they stand there."""
    found = [*_STATED.finditer(statement), *_BETWEEN.finditer(statement)]
    pairs = [(_value(match[1]), _value(match[2])) for match in sorted(found, key=lambda match: match.start())]
    return [(low, high) for low, high in pairs if low is not None and high is not None and low <= high]


def allowed(column: Slot, intervals: Sequence[Interval], statement: str, *, in_list: bool = False) -> Interval:
    """Least and largest whole number to try in a column of numbers.

    The bounds are those of the narrowest stated interval that holds every number seen in the column. Without such an
    interval, the least is the smaller of the least number seen and 1 (0 where the statement does not speak of positive
    numbers, or speaks of non-negative ones). Elements of a list may also be negative, down to -SMALL, where the
    statement speaks of integers and says nothing of their sign. The largest is GROWTH times the largest seen, but at
    least SMALL. Both bounds are kept small: their absolute values are at most SMALL, or GROWTH times the largest
    absolute value seen if that is more.
    """
    least, largest = floor(column.low), ceil(column.high)
    fitting = [(low, high) for low, high in intervals if low <= least and largest <= high]
    if fitting:
        low, high = min(fitting, key=lambda interval: interval[1] - interval[0])
    else:
        has_sign = _POSITIVE.search(statement) or _NOT_NEGATIVE.search(statement)
        is_positive = has_sign and not _NOT_NEGATIVE.search(statement)
        may_be_negative = in_list and _INTEGERS.search(statement) and not has_sign
        low = -SMALL if may_be_negative else 1 if is_positive else 0
        low, high = min(least, low), max(GROWTH * largest, SMALL)
    span = max(GROWTH * max(abs(least), abs(largest)), SMALL)
    return max(low, -span), max(largest, min(high, span))


def _value(text: str) -> int | None:
    """The number in a text such as `10^5`, `2·10^5`, `1 000` or `1e9`; None where the number or its exponent has too
    many digits.
    """
    plain = re.sub(r"\\cdot|[·×]", "*", re.sub(r"[ ,_{}]", "", text)).replace("**", "^")
    match = _WRITTEN.fullmatch(plain)
    if match is None or len(match["power"] or "") > 2 or len(match["number"]) > LONGEST_NUMBER:
        return None
    number, power = int(match["number"]), int(match["power"] or 1)
    value = int(number * 10**power if match["sign"] == "e" else number**power)
    return (-1 if match["minus"] else 1) * int(match["factor"] or 1) * value
