"""Problems and unit tests, the nouns everything else is about."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

TestOrigin = Literal["public", "user", "hidden", "generated"]


@dataclass(frozen=True)
class UnitTest:
    """Standard input and the standard output expected for it."""

    stdin: str
    expected: str
    origin: TestOrigin = "generated"

    @property
    def id(self) -> str:
        """Twelve hex digits that name the test by its content, whatever its origin."""
        return hashlib.sha256(f"{self.stdin}\0{self.expected}".encode(errors="surrogatepass")).hexdigest()[:12]

    @property
    def trusted(self) -> bool:
        """Whether the test comes with the problem or from a person, not from a model."""
        return self.origin != "generated"


@dataclass(frozen=True)
class Problem:
    """One stdin/stdout programming problem, in CURE's schema."""

    question: str
    """The statement, as the model reads it."""
    examples: tuple[UnitTest, ...] = ()
    """Public tests (`example_input`, `example_output`): a model may see them, and a solver may trust them."""
    hidden: tuple[UnitTest, ...] = ()
    """Hidden tests (`test_input`, `test_output`): for scoring only, never shown and never used to choose."""
    time_limit_s: float = 1.0
    memory_mb: int = 256
    name: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the source that the schema does not know, kept as they are."""
