"""How a solve ended."""

from __future__ import annotations

from dataclasses import dataclass

from agent.runs.events import Result
from agent.runs.state import RunState
from cure.table import ProgramTable


@dataclass(frozen=True)
class Outcome:
    """The answer with its evidence, or an honest "not solved"; how far it came, for a run that was killed."""

    run: str
    """Name of the run."""
    state: RunState
    """Everything the run's events say."""
    table: ProgramTable
    """The execution table at the end."""

    @property
    def result(self) -> Result:
        """The run's last event. Raises ValueError for a run that was killed before it."""
        if self.state.result is None:
            raise ValueError(f"run {self.run} has no result")
        return self.state.result

    @property
    def chosen(self) -> str | None:
        """Name of the candidate to hand over; None when none is viable, or the run has no result."""
        return None if self.state.result is None else self.state.result.candidate

    @property
    def program(self) -> str | None:
        """Source of the answer."""
        return None if self.chosen is None else self.table.candidates[self.chosen].text
