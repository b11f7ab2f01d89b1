"""Problems, their unit tests, and programs that come with them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Literal

TestOrigin = Literal["public", "user", "hidden", "generated"]


@dataclass(frozen=True)
class UnitTest:
    """Standard input and the standard output expected for it: a column of the execution table."""

    stdin: str
    expected: str
    origin: TestOrigin = "generated"

    @property
    def stimulus(self) -> str:
        """The program's input: outputs of two programs are comparable where their inputs are equal."""
        return self.stdin

    @property
    def id(self) -> str:
        """Twelve hex digits that name the test by its content, whatever its origin."""
        return hashlib.sha256(f"{self.stdin}\0{self.expected}".encode(errors="surrogatepass")).hexdigest()[:12]

    @property
    def trusted(self) -> bool:
        """Whether the test comes with the problem or from a person, not from a model."""
        return self.origin != "generated"

    @property
    def judges(self) -> bool:
        """True: with its expected output, the test says whether an output is right, unlike an `UnlabelledInput`."""
        return True


@dataclass(frozen=True)
class UnlabelledInput:
    """Standard input whose right output is unknown: a column of the execution table that shows which programs differ,
    but not which of them are right.
    """

    stdin: str
    how: str = ""
    """How the input was made, in words; empty where that is unknown."""
    expected: ClassVar[None] = None
    origin: ClassVar[Literal["made"]] = "made"
    trusted: ClassVar[bool] = False
    judges: ClassVar[bool] = False

    @property
    def stimulus(self) -> str:
        """The program's input: outputs of two programs are comparable where their inputs are equal."""
        return self.stdin


@dataclass(frozen=True)
class Submission:
    """A program that comes with a problem of a data set."""

    text: str
    right: bool | None = None
    """Whether the set labels the program right; None without a label."""
    name: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Other fields that the data set has for the program, kept unchanged."""


@dataclass(frozen=True)
class Problem:
    """One stdin/stdout programming problem, in CURE's schema."""

    question: str
    """The statement, as the model reads it."""
    examples: tuple[UnitTest, ...] = ()
    """Public tests (`example_input`, `example_output`): a model may see them, and a solver may trust them."""
    _: KW_ONLY
    hidden: tuple[UnitTest, ...] = ()
    """Hidden tests (`test_input`, `test_output`): for scoring only, never shown and never used to choose."""
    time_limit_s: float = 1.0
    memory_mb: int = 256
    name: str = ""
    comparison: str = ""
    """Name of the comparison of outputs (`cure.table.compare`); empty where the run's default applies."""
    checker: str = ""
    """Python source of a program that decides whether an output is right; empty where outputs are compared.

    `cure.table.judging` says what a checker is given and how it answers."""
    reference: str = ""
    """Python source of a right program (`reference_solution`), for measuring only; empty where there is none."""
    submissions: tuple[Submission, ...] = ()
    """Programs that come with the problem, for measuring only."""
    difficulty: str = ""
    """The difficulty in the data set's own words; empty where unknown."""
    date: str = ""
    """Date of publication, YYYY-MM-DD; empty where unknown."""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields that the data set has for the problem and the schema does not know, kept unchanged."""
