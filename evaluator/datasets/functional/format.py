"""The interface of a format in which problem sets are published."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from evaluator.datasets.functional.function import FunctionProblem

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Format:
    """Recognises and reads the rows of one format."""

    recognise: Callable[[Row], bool]
    """Whether a file is in this format, judged by its first row."""
    read: Callable[[Row, str], FunctionProblem | dict[str, Any]]
    """The problem of a row, or a finished row of CURE's JSON where the problem is over stdin and stdout already. Takes
    the row and its place in words; raises DatasetError whose message begins with the place."""
