"""A recorded run read back from its folder."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from agent.errors import RunError
from agent.runs.events import Event, Started, from_line
from agent.runs.state import RunState
from agent.runs.store import EVENTS
from cure.problem import Problem
from cure.problem.file import load_problems
from cure.table import ProgramTable


@dataclass(frozen=True)
class RecordedRun:
    """Everything that is known of a run, finished or not."""

    folder: Path
    started_at: float
    started: Started
    state: RunState

    @property
    def id(self) -> str:
        return self.folder.name

    def blob(self, name: str) -> str:
        """The text of that sha256. Raises RunError when it is missing or is not what was recorded."""
        try:
            data = (self.folder / "blobs" / name).read_bytes()
        except OSError as error:
            raise RunError(f"run {self.id} lacks the text {name[:12]}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise RunError(f"run {self.id} has a damaged text {name[:12]}: it is not what was recorded")
        return data.decode(errors="surrogatepass")

    def table(self) -> ProgramTable:
        """The execution table as far as it was filled."""
        return self.state.table(self.blob)

    def problem(self) -> Problem:
        """The problem that was to be solved."""
        text = self.blob(self.started.problem)
        (problem,) = load_problems(f"{self.id}.json", json.dumps([json.loads(text)]))
        return problem


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
    """Time and event of every whole line. Raises RunError when they cannot be read."""
    try:
        return [from_line(line) for line in _whole_lines(folder / EVENTS)]
    except OSError as error:
        raise RunError(f"cannot read {folder / EVENTS}: {error.strerror}") from error


def _whole_lines(path: Path) -> Iterator[str]:
    """Lines that end in a newline; a torn last line of a killed run is left out."""
    with path.open("rb") as lines:
        # Only whole lines are decoded: a torn one may end within a character.
        yield from (line.decode(errors="replace") for line in lines if line.endswith(b"\n"))
