"""Receives the events of a solve: events already recorded are compared with the record, new ones are written."""

from __future__ import annotations

import time
from collections.abc import Callable

from agent.runs.events import Event, Identity, Resumed, differing_fields, identity
from agent.runs.record import RecordedRun, read_blob
from agent.runs.state import RunState
from agent.runs.store import RunWriter, blob_name

Notice = Callable[[Event], None]
_RESULT: Identity = ("result",)


class ReplayError(Exception):
    """A solve differs from its record; the message names the first difference. The command exits with 2."""

    exit_code = 2


class RecordEnds(Exception):
    """A replay reached the end of a record that was cut short."""


class Recorder:
    """Receives the events of a solve that is new, continues a past run, or replays a past run."""

    def __init__(
        self,
        writer: RunWriter | None,
        past: RecordedRun | None = None,
        notice: Notice = lambda _: None,
        *,
        takes_executions: bool = True,
    ) -> None:
        """Without `writer` the past run is replayed: nothing is written, and no model is asked."""
        self.known = RunState() if past is None else past.state
        """State of the past run; empty for a new one."""
        self.state = RunState()
        """State of this solve, folded from the events it emitted, recorded ones included."""
        self.takes_executions = takes_executions
        """Whether recorded executions are reused and not run again."""
        self.id = past.id if past is not None else writer.id if writer is not None else ""
        self._writer, self._past, self._notice = writer, past, notice
        self._unseen = {name for name, (_, event) in self.known.recorded.items() if not isinstance(event, Resumed)}

    @property
    def is_replay(self) -> bool:
        """Whether events that are not recorded are errors."""
        return self._writer is None

    def emit(self, event: Event) -> None:
        """Compare or write the event, fold it into `state`, then pass it to `notice`.

        Raises ReplayError when it differs from the recorded event, RunError when a new event cannot be written, and
        RecordEnds when a replay reaches the end of a record that was cut short.
        """
        name = identity(event)
        if name in self.known.recorded:
            at, recorded = self.known.recorded[name]
            for field in differing_fields(recorded, event):
                before, now = (_short(getattr(each, field)) for each in (recorded, event))
                raise self._error(f"{_words(name)}: {field} is {now}, recorded was {before}")
            self._unseen.discard(name)
        elif self._writer is not None:
            self._writer.emit(event)
            at = time.time()
        elif self._unseen <= {_RESULT} and self.known.is_resumable:
            raise RecordEnds
        else:
            raise self._error(f"the replay has {_words(name)}, the record has not")
        self.state.fold(event, at)
        self._notice(event)

    def finish_replay(self) -> None:
        """Raise ReplayError, which names the first recorded event that was not emitted again, if there is one."""
        for name in self.known.recorded:
            if name in self._unseen:
                raise self._error(f"the record has {_words(name)}, the replay has not")

    def blob(self, text: str) -> str:
        """Name of the text, after storing it unless this is a replay. Raises RunError when it cannot be written."""
        return blob_name(text) if self._writer is None else self._writer.blob(text)

    def text(self, name: str) -> str:
        """The recorded text with this name, of the past or this run. Raises RunError if it is missing or damaged."""
        if self._past is not None:
            return self._past.blob(name)
        assert self._writer is not None, "a recorder writes a run or has a past one"
        return read_blob(self._writer.folder, name)

    def _error(self, difference: str) -> ReplayError:
        return ReplayError(f"run {self.id}: {difference}")


def _words(name: Identity) -> str:
    return " ".join(map(str, name))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."
