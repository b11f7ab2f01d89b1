"""Extracts programs and tests from answers of a model: `extractor("robust")`, or `extractor("release")`, CURE's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cure.errors import unknown_name
from cure.extract import release, robust
from cure.extract.result import Extracted, Note, Reason
from cure.problem import UnitTest

__all__ = ["MODES", "Extracted", "Extractor", "Note", "Reason", "extractor"]


@dataclass(frozen=True)
class Extractor:
    """A way to read answers: `program` reads the coder's, `test` the tester's. Neither raises."""

    name: str
    program: Callable[[str], Extracted[str]]
    test: Callable[[str], Extracted[UnitTest]]


MODES = {
    "robust": Extractor("robust", robust.program, robust.unit_test),
    "release": Extractor("release", release.program, release.unit_test),
}
"""Every extractor by its name."""


def extractor(mode: str = "robust") -> Extractor:
    """The extractor called `mode`; raises ProblemError, which suggests the nearest mode, where there is none."""
    if found := MODES.get(mode):
        return found
    raise unknown_name("extraction mode", mode, MODES)
