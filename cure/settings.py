"""Types of settings that the sections of several commands share, each with its check."""

from __future__ import annotations

from typing import Annotated, Literal

from sandbox import Kind
from settings.marks import Flag, OwnersOnly, checked

Extraction = Literal["robust", "release"]
"""How programs and tests are extracted from answers."""


def _check_comparison(name: str) -> None:
    from cure.table.compare import comparison

    comparison(name)


def _check_selector(name: str) -> None:
    from cure.select import selector

    selector(name)


Comparison = Annotated[str, checked(_check_comparison)]
"""How outputs are compared: a name that `cure.table.compare.comparison` knows, such as `float(ABS,REL)`."""

Selector = Annotated[str, checked(_check_selector)]
"""Rule that ranks the candidates."""

Sandbox = Annotated[Kind, OwnersOnly(lambda kind: kind == "none", "programs would run without any protection")]
"""Where programs run."""

Programs = Annotated[int, Flag("-n")]
"""How many programs to sample."""

Tests = Annotated[int, Flag("-m")]
"""How many tests to sample."""
