"""Takes the events of a solve: those already recorded are compared with the record, new ones are written."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from agent.runs.events import Event, Resumed, differing_fields, identity
from agent.runs.record import RecordedRun
from agent.runs.state import RunState
from agent.runs.store import RunWriter, blob_name

Notice = Callable[[Event], None]


class ReplayError(Exception):
    """A solve goes another way than its record says; the message names the first difference. Exits with 2."""

    exit_code = 2


class RecordEnds(Exception):
    """A replayed solve has come to the end of a record that was cut short."""


def silent(event: Event) -> None:
    """Show nothing."""


class Recorder:
    """The events of a solve that is recorded, anew or going on from what was recorded before."""

    takes_executions = True
    """Whether recorded executions are taken, and not run again."""
    asks = True
    """Whether models are asked for what is not recorded."""

    def __init__(self, writer: RunWriter, past: RecordedRun | None = None, notice: Notice = silent) -> None:
        self.id = writer.id
        self.known = RunState() if past is None else past.state
        """What was recorded before."""
        self.state = RunState()
        """What the solve has come to, from its start."""
        self._writer = writer
        self._past = past
        self._notice = notice

    def emit(self, event: Event) -> None:
        """Take the event, then show it. Raises ReplayError where the record has another one in its place, RunError
        when a new one cannot be written."""
        recorded = self.known.recorded.get(identity(event))
        if recorded is None:
            at = self._add(event)
        else:
            at = recorded[0]
            _compare(self.id, recorded[1], event)
        self.state.fold(event, at)
        self._notice(event)

    def blob(self, text: str) -> str:
        """The name of the text, which is in the run's store from now on. Raises RunError when it cannot be written."""
        return self._writer.blob(text)

    def text(self, name: str) -> str:
        """The recorded text of that name. Raises RunError when it is missing or damaged."""
        assert self._past is not None, "only what was recorded before is read back"
        return self._past.blob(name)

    def _add(self, event: Event) -> float:
        """Record a new event and return its time."""
        self._writer.emit(event)
        return time.time()


class Replayer(Recorder):
    """The events of a recorded solve that is gone through again; nothing is written."""

    asks = False

    def __init__(self, past: RecordedRun, notice: Notice = silent, *, execute: bool = False) -> None:
        self.id = past.id
        self.takes_executions = not execute
        self.known, self.state = past.state, RunState()
        self._past, self._notice = past, notice
        self._unseen = {name for name, (_, event) in past.state.recorded.items() if not isinstance(event, Resumed)}

    def emit(self, event: Event) -> None:
        """Take the event, then show it. Raises ReplayError at a difference, RecordEnds where a record was cut short."""
        super().emit(event)
        self._unseen.discard(identity(event))

    def blob(self, text: str) -> str:
        """The name that the text has."""
        return blob_name(text)

    def finish(self) -> None:
        """Raises ReplayError when the record has events that did not come up again."""
        if self._unseen:
            recorded = (name for name in self.known.recorded if name in self._unseen)
            raise ReplayError(f"run {self.id}: the record has {_words(next(recorded))}, the replay has not")

    def _add(self, event: Event) -> float:
        if self._unseen <= {("result",)} and self.known.is_resumable:
            raise RecordEnds
        raise ReplayError(f"run {self.id}: the replay has {_words(identity(event))}, the record has not")


def _compare(run: str, recorded: Event, event: Event) -> None:
    """Raises ReplayError that names the first field in which the two differ."""
    for name in differing_fields(recorded, event):
        before, now = _short(getattr(recorded, name)), _short(getattr(event, name))
        raise ReplayError(f"run {run}: {_words(identity(event))}: {name} is {now}, recorded was {before}")


def _words(name: tuple[Any, ...]) -> str:
    return " ".join(map(str, name))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
