"""A run folder read as a whole, whose state can be looked at after any of its events."""

from __future__ import annotations

from pathlib import Path

from agent.errors import RunError
from agent.runs.events import Started
from agent.runs.record import read_blob, timed_events
from agent.runs.state import RunState
from agent.runs.store import EVENTS


class RecordedSource:
    """A recorded run; `seek` moves through its events, and the state starts after the last one."""

    is_live = False
    controls = None
    trouble = ""

    def __init__(self, folder: Path) -> None:
        """Raises RunError when the run's events cannot be read."""
        self._folder = folder
        self._events = timed_events(folder)
        if not self._events or not isinstance(self._events[0][1], Started):
            raise RunError(f"{folder / EVENTS} does not begin with the start of a run")
        self._state, self._position, self._changed = RunState(), 0, False
        self.seek(self.length)

    @property
    def name(self) -> str:
        """Id of the run."""
        return self._folder.name

    @property
    def state(self) -> RunState:
        """The state after the first `position` events."""
        return self._state

    @property
    def length(self) -> int:
        """Number of events."""
        return len(self._events)

    @property
    def position(self) -> int:
        """Number of events that the state is made of, from 1 to `length`."""
        return self._position

    @property
    def at(self) -> float:
        """Time of the last event that the state is made of, in seconds since the epoch."""
        return self._events[self._position - 1][0]

    def seek(self, position: int) -> None:
        """Make the state that of the first `position` events; a position out of range is the nearest one in it."""
        target = max(1, min(position, self.length))
        self._changed = self._changed or target != self._position
        if target < self._position:
            self._state, self._position = RunState(), 0
        for at, event in self._events[self._position : target]:
            self._state.fold(event, at)
        self._position = target

    def text(self, blob: str) -> str:
        """The text with this sha256. Raises RunError when it is missing or damaged."""
        return read_blob(self._folder, blob)

    def poll(self) -> bool:
        """Whether the position was changed since the last call."""
        changed, self._changed = self._changed, False
        return changed

    def close(self) -> None:
        """Nothing is held."""
