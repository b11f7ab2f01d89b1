"""A form in which sets of problems are published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.datasets.functional.function import FunctionProblem

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """How rows of one form are told from others, and read."""

    recognise: Callable[[Row], bool]
    """Whether the first row of a file is in this form."""
    read: Callable[[Row, str], FunctionProblem | dict[str, Any]]
    """The problem of a row and of its place in words, or the finished row of CURE's JSON where the problem is over
    stdin and stdout already. Raises DatasetError that begins with the place."""
