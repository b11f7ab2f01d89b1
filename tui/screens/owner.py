"""What the first screen asks of the application."""

from __future__ import annotations

from typing import Protocol

from tui.picks import Pick
from tui.sets import StoredSet


class Owner(Protocol):
    """Opens runs and starts solves."""

    ascii_only: bool
    """Whether only ASCII characters are shown."""

    @property
    def model_words(self) -> str:
        """The model that a solve would ask."""

    def choose(self, picks: list[Pick] | None) -> None:
        """Solve the only problem, or the one that is chosen from several."""

    def solve(self, pick: Pick) -> None:
        """Start a solve and show its run."""

    def open_set(self, stored: StoredSet) -> None:
        """Let one choose a problem of a stored set."""

    def open_run(self, name: str) -> None:
        """Show a recorded run."""

    def resume(self, name: str) -> None:
        """Continue a recorded run that was stopped."""

    def choose_model(self) -> object:
        """Let one choose the model."""
