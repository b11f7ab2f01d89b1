"""How a solve ended."""

from __future__ import annotations

from dataclasses import dataclass

from agent.repository.judged import judged
from agent.runs.events import Result
from agent.runs.state import RunState
from cure.table import AnyTable


@dataclass(frozen=True)
class Outcome:
    """What a run found: its answer, if there is one, and the evidence. A run that was killed has no result."""

    run: str
    """Name of the run."""
    state: RunState
    """Everything the run's events say."""
    table: AnyTable
    """The execution table at the end."""

    @property
    def result(self) -> Result:
        """The run's last event. Raises ValueError for a run that was killed before that event."""
        if self.state.result is None:
            raise ValueError(f"run {self.run} has no result")
        return self.state.result

    @property
    def judged(self) -> AnyTable:
        """The part of the table by which candidates are judged. In a repository, the unchanged code is left out, and so
        are generated tests that this code passes or was not run on; else it is the whole table.
        """
        return judged(self.table) if self.state.is_repository else self.table

    @property
    def chosen(self) -> str | None:
        """Name of the candidate to hand over; None when no candidate is viable, or the run has no result."""
        return None if self.state.result is None else self.state.result.candidate

    @property
    def program(self) -> str | None:
        """Source of the chosen candidate; None when there is none."""
        return None if self.chosen is None else self.table.candidates[self.chosen].text
