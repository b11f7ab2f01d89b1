"""How a solve ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.runs.state import RunState
from agent.solve.reading import Reading

Status = Literal["verified", "low_confidence", "unsolved", "budget"]

EXIT_CODES: dict[Status, int] = {"verified": 0, "low_confidence": 1, "unsolved": 3, "budget": 4}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """The answer with its evidence, or an honest "not solved"."""

    run: str
    status: Status
    candidate: str | None
    """Name of the chosen candidate; None when none is viable."""
    confidence: float
    why: str
    reading: Reading
    """Table, ranking and confidence of the last round."""
    state: RunState
    """Everything the run's events say."""
    tokens: int
    seconds: float
    notes: tuple[str, ...] = ()
    """Sentences on failed requests and on answers without a program or test."""
    hidden_passed: int | None = None
    """Hidden tests the answer passes, run after the choice; None where the problem has none."""
    hidden_total: int = 0

    @property
    def program(self) -> str | None:
        """Source of the answer."""
        return None if self.candidate is None else self.reading.table.candidates[self.candidate].text

    @property
    def exit_code(self) -> int:
        return EXIT_CODES[self.status]
