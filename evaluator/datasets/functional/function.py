"""The common form of functional problems: a function, calls of it, and the comparison of its results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UNKNOWN: Any = object()
"""Stands for a result that no test states; the reference solution computes it."""


@dataclass(frozen=True)
class Oracle:
    """The way in which the tests of the data set judge a result."""

    kind: Literal["equal", "unordered", "truth", "other"] = "equal"
    """`unordered`: compared as sets or sorted; `truth`: only its truth value counts; `other`: judged by a program, so
    that several results may be right."""
    tolerance: float | None = None
    """Absolute tolerance of numbers; None where the tests state none."""


@dataclass(frozen=True)
class Call:
    """A test: arguments, and the result where it is known."""

    where: str
    """Name of the test within its problem: `base 3`."""
    arguments: tuple[Any, ...]
    expected: Any = UNKNOWN
    public: bool = False
    """Whether a model may see the test."""


@dataclass(frozen=True)
class Dropped:
    """A problem (`test` is empty) or one of its tests that was left out."""

    problem: str
    test: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class FunctionProblem:
    """A functional problem: everything that its conversion needs."""

    name: str
    statement: str
    entry_point: str
    parameters: tuple[str, ...]
    reference: str
    """Source that defines the function; empty where the data set has none."""
    calls: tuple[Call, ...]
    prompt: str = ""
    """Text that a model's completion continues; empty where the data set has none."""
    oracle: Oracle = Oracle()
    time_limit_s: float = 1.0
    least_tests: int = 1
    """Hidden tests needed: a problem with fewer is left out."""
    dropped: tuple[Dropped, ...] = ()
    """Tests that were left out while the problem was read."""
    tuples_are_lists: bool = False
    """Whether a tuple as a result counts as a list of its items, as in data sets whose results are JSON."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Further fields of the problem's row of CURE's JSON."""


@dataclass(frozen=True)
class LeftOut(Exception):
    """A problem cannot be converted."""

    reason: str
    detail: str = ""
