"""A recorded run read back from its folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from agent.errors import RunError
from agent.runs.events import Event, Started, from_line
from agent.runs.outcome import Outcome
from agent.runs.state import RunState
from agent.runs.store import EVENTS
from cure.problem import Problem
from cure.problem.file import load_problems
from cure.table import AnyTable


@dataclass(frozen=True)
class RecordedRun:
    """A run as far as it is recorded, finished or not."""

    folder: Path
    started_at: float
    """Time of the first event, in seconds since the epoch."""
    started: Started
    state: RunState

    @property
    def id(self) -> str:
        """Name of the run, which is that of its folder."""
        return self.folder.name

    def blob(self, name: str) -> str:
        """The text with this sha256. Raises RunError when it is missing or damaged."""
        return read_blob(self.folder, name)

    def table(self) -> AnyTable:
        """The execution table with the recorded cells. Raises RunError when a text is missing or damaged."""
        return self.state.table(self.blob)

    def outcome(self) -> Outcome:
        """How the run ended, or how far it came. Raises RunError when a text is missing or damaged."""
        return Outcome(self.id, self.state, self.table())

    def problem(self) -> Problem:
        """The problem of the run. Raises RunError when its text is missing or damaged, ProblemError when this version
        cannot read it.
        """
        text = self.blob(self.started.problem)
        (problem,) = load_problems(f"{self.id}.json", json.dumps([json.loads(text)]))
        return problem


def read_blob(folder: Path, name: str) -> str:
    """The text with this sha256 in the folder of a run. Raises RunError when it is missing or damaged."""
    try:
        data = (folder / "blobs" / name).read_bytes()
    except OSError as error:
        raise RunError(f"run {folder.name} lacks the text {name[:12]}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != name:
        raise RunError(f"run {folder.name} has a damaged text {name[:12]}: it is not what was recorded")
    return data.decode(errors="surrogatepass")


def load_run(folder: Path) -> RecordedRun:
    """The run in that folder. Raises RunError when its events cannot be read."""
    events = timed_events(folder)
    if not events or not isinstance(events[0][1], Started):
        raise RunError(f"{folder / EVENTS} does not begin with the start of a run")
    state = RunState()
    for at, event in events:
        state.fold(event, at)
    return RecordedRun(folder, events[0][0], events[0][1], state)


def timed_events(folder: Path) -> list[tuple[float, Event]]:
    """Time (seconds since the epoch) and event of each complete line of a run's record.

    Raises RunError when the record cannot be read.
    """
    try:
        with (folder / EVENTS).open("rb") as lines:
            # A last line without a newline was torn by a kill, perhaps within a character.
            return [from_line(line.decode(errors="replace")) for line in lines if line.endswith(b"\n")]
    except OSError as error:
        raise RunError(f"cannot read {folder / EVENTS}: {error.strerror}") from error
