"""Tasks for an engine's thread: samples that were requested together, and work to do while nothing is sampled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from engines.errors import EngineError
from engines.protocol import Completion, Delta

CLOSED = "the engine was closed"
S = TypeVar("S")


@dataclass(eq=False)
class Job(Generic[S]):
    """The samples of one call to `complete`."""

    samples: list[S]
    """Samples of one request are adjacent and share one prompt list."""
    deliver: Callable[[list[Completion | Delta]], None]
    """Called in the engine's thread with new text and finished completions of the job's samples."""
    deltas: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class IdleWork:
    """Work for the engine's thread while no sample is under way."""

    work: Callable[..., Any]
    done: Future[Any] = field(default_factory=Future)

    def run(self, *arguments: Any) -> None:
        """Do the work and set its result or exception, unless the future was cancelled."""
        if self.done.set_running_or_notify_cancel():
            try:
                self.done.set_result(self.work(*arguments))
            except BaseException as error:  # noqa: BLE001 - it is raised where the work is awaited
                self.done.set_exception(error)

    def refuse(self, error: str) -> None:
        """Set an EngineError instead of doing the work, unless the future was cancelled."""
        if self.done.set_running_or_notify_cancel():
            self.done.set_exception(EngineError(error))
