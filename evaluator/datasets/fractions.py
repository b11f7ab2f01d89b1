"""Finds problems whose expected outputs have decimal fractions although their comparison states no tolerance."""

from __future__ import annotations

import re
from collections.abc import Iterable

_FRACTION = re.compile(r"(?<![\w.])[+-]?(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])")
_LONGEST = 2000
"""Characters of an output that are searched."""


def lacks_tolerance(expected: Iterable[str], comparison: str) -> bool:
    """Whether an expected output has a decimal fraction, and the comparison of this name has no tolerance of its own.

    `tokens` and the other plain comparisons allow at most a difference of 1e-6, absolute or relative to the expected
    number; a checker decides for itself.
    """
    if "float" in comparison or comparison == "checker":
        return False
    return any(_FRACTION.search(text[:_LONGEST]) for text in expected)
