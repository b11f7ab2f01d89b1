"""A functional problem, whichever set it comes from: a function, calls of it, and what its results are compared by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

UNKNOWN: Any = object()
"""In place of a result that no test states: the reference solution gives it."""


@dataclass(frozen=True)
class Oracle:
    """How the set itself judges a result."""

    kind: Literal["equal", "unordered", "truth", "other"] = "equal"
    """`unordered`: compared as sets or sorted; `truth`: only whether it counts as true; `other`: by a program of its
    own, so that more than one result may be right."""
    tolerance: float | None = None


@dataclass(frozen=True)
class Call:
    """One test: arguments, and the result where it is known."""

    where: str
    """Which test of its problem, for a person: `base 3`."""
    arguments: tuple[Any, ...]
    expected: Any = UNKNOWN
    public: bool = False
    """Whether it belongs to those a model may see."""


@dataclass(frozen=True)
class Dropped:
    """A problem (`test` is empty) or one of its tests that was left out."""

    problem: str
    test: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class FunctionProblem:
    """Everything conversion needs to know."""

    name: str
    statement: str
    entry_point: str
    parameters: tuple[str, ...]
    reference: str
    """Source that defines the function; empty where the set has none."""
    calls: tuple[Call, ...]
    oracle: Oracle = Oracle()
    time_limit_s: float = 1.0
    least_tests: int = 1
    """Fewer hidden tests than these, and it is left out."""
    dropped: tuple[Dropped, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class LeftOut(Exception):
    """A problem that cannot be converted; the text is the reason."""

    reason: str
    detail: str = ""
