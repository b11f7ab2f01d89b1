"""What a screen knows of a run: its state, its texts, whether more can come, and how to control it."""

from __future__ import annotations

from typing import Protocol

from agent.runs.state import RunState


class Controls(Protocol):
    """Controls a solve that runs in a process of its own. No method waits for that process."""

    @property
    def is_paused(self) -> bool:
        """Whether no new request and no new execution starts."""

    def pause(self) -> None:
        """Let no new request and no new execution start; those that are under way end."""

    def go_on(self) -> None:
        """End the pause."""

    def stop(self) -> None:
        """End the solve as Ctrl-C does: its run is recorded as interrupted and can be resumed."""


class RunSource(Protocol):
    """A run, as far as it is known. Screens call `poll` at most 20 times a second and then read `state`."""

    @property
    def name(self) -> str:
        """Id of the run; empty while a run that was just started has no folder yet."""

    @property
    def state(self) -> RunState:
        """The state after the events so far. It may be another object after `poll`, or after a seek."""

    @property
    def is_live(self) -> bool:
        """Whether more events can come."""

    @property
    def controls(self) -> Controls | None:
        """Controls of the solve; None for a run that this UI did not start."""

    @property
    def trouble(self) -> str:
        """What went wrong with the source, in words for the screen; empty while nothing did."""

    def text(self, blob: str) -> str:
        """The text with this sha256. Raises RunError when it is missing or damaged."""

    def poll(self) -> bool:
        """Whether anything changed, after folding the events that are new. Never waits, never raises."""

    def close(self) -> None:
        """Free what the source holds; a solve that it started is stopped."""
