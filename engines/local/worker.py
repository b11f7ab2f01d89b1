"""The decoding thread: takes jobs from any event loop, decodes all of them together, hands results back."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Generic

import torch

from engines.local.decoder import Decoder
from engines.local.model import C
from engines.local.rows import Row

_CLOSED = "the engine was closed"


@dataclass(eq=False)
class Job:
    """Rows that were asked for together."""

    rows: list[Row]
    """Rows of one request stand together and share their prompt's list."""
    deliver: Callable[[list[Report]], None]
    """Called in the decoding thread, once a step, with what happened to the job's rows."""
    deltas: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


@dataclass(frozen=True)
class Report:
    """A row has new text, has finished, or failed."""

    row: Row
    text: str = ""
    error: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing more will come for the row."""
        return bool(self.error) or (self.row.finish is not None and not self.text)


class Worker(Generic[C]):
    """One thread and one decoder with room for `places` rows. The thread starts with the first job.

    `threads` is how many threads torch's operators use in it, and in threads the process starts later; None leaves
    torch's default.
    """

    def __init__(self, decoder: Decoder[C], places: int, threads: int | None = None) -> None:
        self._decoder = decoder
        self._places = places
        self._threads = threads
        self._wake = threading.Condition()
        self._waiting: deque[tuple[Job, Row]] = deque()
        self._active: dict[Row, Job] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Job) -> None:
        """Queue the job's rows behind those already waiting."""
        with self._wake:
            if self._closed:
                job.deliver([Report(row, error=_CLOSED) for row in job.rows])
                return
            self._waiting.extend((job, row) for row in job.rows)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
                self._thread.start()
            self._wake.notify()

    def cancel(self, job: Job) -> None:
        """Forget the job's rows before the next step."""
        with self._wake:
            job.cancelled.set()
            self._waiting = deque(item for item in self._waiting if item[0] is not job)
            self._wake.notify()

    def close(self) -> None:
        """End the thread after the step under way, with an error for every row not finished. Idempotent."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        if self._threads is not None:
            torch.set_num_threads(self._threads)
        while True:
            with self._wake:
                while not (self._closed or self._waiting or self._active):
                    self._wake.wait()
                if self._closed:
                    break
                admitted = self._admit()
            self._drop_cancelled()
            if admitted:
                self._do(partial(self._decoder.admit, admitted))
            self._do(self._decoder.step)
        self._active.update((row, job) for job, row in self._waiting)
        self._fail(list(self._active), _CLOSED)

    def _do(self, work: Callable[[], None]) -> None:
        """Work and report. What goes wrong (a GPU out of memory, say) ends the rows under way, never the thread.

        All of them: work that broke off has left the cache and the masks beside it at odds, whichever row it was for.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is delivered as the error of these rows
            self._fail([row for row in self._active if row.finish is None], f"{type(error).__name__}: {error}")
        self._report()

    def _admit(self) -> list[Row]:
        """The rows to let in now: few at a time would mean many small prefills."""
        free = self._places - len(self._active)
        if not self._waiting or not (len(self._waiting) <= free or free * 4 >= self._places):
            return []
        admitted = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        self._active.update((row, job) for job, row in admitted)
        return [row for _, row in admitted]

    def _drop_cancelled(self) -> None:
        gone = [row for row, job in self._active.items() if job.cancelled.is_set()]
        if gone:
            self._decoder.drop(gone)
            for row in gone:
                del self._active[row]

    def _report(self) -> None:
        """Tell every job what its rows did in the last step."""
        reports: dict[Job, list[Report]] = {}
        for row, job in list(self._active.items()):
            if job.deltas and (text := row.news()):
                reports.setdefault(job, []).append(Report(row, text))
            if row.finish is not None:
                reports.setdefault(job, []).append(Report(row))
                del self._active[row]
        for job, news in reports.items():
            job.deliver(news)

    def _fail(self, rows: list[Row], error: str) -> None:
        self._decoder.clear()
        for row in rows:
            self._active.pop(row).deliver([Report(row, error=error)])
