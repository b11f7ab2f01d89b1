"""A run folder that another process writes, followed by reading the end of its events."""

from __future__ import annotations

import time
from pathlib import Path

from agent.errors import RunError
from agent.runs.events import from_line
from agent.runs.record import read_blob
from agent.runs.state import RunState
from agent.runs.store import EVENTS, is_being_written

FOLD_S = 0.02
"""Seconds after which a poll leaves the rest of the events to the next one, so that the screen answers meanwhile."""
LOOK_S = 1.0
"""Seconds between two looks at whether a process still writes the run."""


class FollowedSource:
    """A run as far as it is written. A last line that is not complete yet is read once it is."""

    controls = None

    def __init__(self, folder: Path) -> None:
        """Raises RunError when the run's events cannot be opened."""
        self._folder = folder
        self._state = RunState()
        self._trouble = ""
        self._writer_gone = False
        self._looked = time.monotonic()
        try:
            self._lines = (folder / EVENTS).open("rb")
        except OSError as error:
            raise RunError(f"cannot read {folder / EVENTS}: {error.strerror}") from error

    @property
    def name(self) -> str:
        """Id of the run."""
        return self._folder.name

    @property
    def state(self) -> RunState:
        """The state after the events that were read so far."""
        return self._state

    @property
    def is_live(self) -> bool:
        """Whether the run has no result yet and nothing says that the process that writes it has ended."""
        return self._state.result is None and not self.trouble

    @property
    def trouble(self) -> str:
        """What keeps the run from going on, with what to do about it; empty while nothing does."""
        if self._trouble:
            return self._trouble
        if self._writer_gone and self._state.result is None:
            return f"no process writes this run any more; `cure-agent resume {self.name}` continues it"
        return ""

    def text(self, blob: str) -> str:
        """The text with this sha256. Raises RunError when it is missing or damaged."""
        return read_blob(self._folder, blob)

    def poll(self) -> bool:
        """Whether anything changed, after folding the complete lines that are new, for FOLD_S seconds at most."""
        if self._lines.closed:
            return False
        before = self.trouble
        changed = not self._trouble and self._fold_lines(time.monotonic() + FOLD_S)
        if changed:
            self._writer_gone = False
        elif self._state.result is None and time.monotonic() - self._looked > LOOK_S:
            self._looked = time.monotonic()
            self._writer_gone = is_being_written(self._folder) is False
        return changed or self.trouble != before

    def _fold_lines(self, until: float) -> bool:
        """Whether there were complete lines; one that is no event of a run becomes the trouble."""
        changed = False
        try:
            while time.monotonic() < until:
                start = self._lines.tell()
                line = self._lines.readline()
                if not line.endswith(b"\n"):
                    self._lines.seek(start)
                    break
                at, event = from_line(line.decode(errors="replace"))
                self._state.fold(event, at)
                changed = True
        except (OSError, RunError) as error:
            self._trouble = str(error)
        return changed

    def close(self) -> None:
        """Close the file of events; what was read stays."""
        self._lines.close()
