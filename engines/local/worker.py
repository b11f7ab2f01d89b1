"""The decoding thread: takes jobs from any event loop, decodes all of them together, hands results back."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Generic

import torch

from engines.local.decoder import Decoder
from engines.local.jobs import CLOSED, IdleWork, Job
from engines.local.model import C
from engines.local.rows import Row
from engines.protocol import Completion, Delta


class Worker(Generic[C]):
    """One thread and one decoder with room for `places` rows. The thread starts with the first job.

    `threads` is the number of threads that torch's operators use in the decoding thread and in threads started later;
    None keeps torch's default.
    """

    def __init__(self, decoder: Decoder[C], places: int, threads: int | None = None, version: str = "") -> None:
        self.version = version
        """Version of the weights, set on each row when it is admitted; changed by idle work only."""
        self._decoder = decoder
        self._places = places
        self._threads = threads
        self._wake = threading.Condition()
        self._waiting: deque[tuple[Job[Row], Row]] = deque()
        self._later: deque[tuple[Job[Row], Row] | IdleWork] = deque()
        """The first pending idle work and everything submitted after it; empty without idle work."""
        self._active: dict[Row, Job[Row]] = {}
        self._closed = False
        self._thread: threading.Thread | None = None

    def submit(self, job: Job[Row]) -> None:
        """Queue the job's rows behind those already waiting."""
        with self._wake:
            if self._closed:
                job.deliver([row.completion(CLOSED) for row in job.samples])
                return
            queue = self._later or self._waiting
            queue.extend((job, row) for row in job.samples)
            self._start()

    def between(self, work: Callable[[], None]) -> Future[None]:
        """A future of the work.

        The decoding thread does the work after all rows submitted before it and before any submitted later.
        """
        idle = IdleWork(work)
        with self._wake:
            if self._closed:
                idle.refuse(CLOSED)
            else:
                self._later.append(idle)
                self._start()
        return idle.done

    def cpu_seconds(self) -> float:
        """CPU seconds that the decoding thread has used so far."""
        if self._thread is None or self._thread.ident is None:
            return 0.0
        return time.clock_gettime(time.pthread_getcpuclockid(self._thread.ident))

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="decode", daemon=True)
            self._thread.start()
        self._wake.notify()

    def cancel(self, job: Job[Row]) -> None:
        """Drop the job's rows before the next step."""
        with self._wake:
            job.cancelled.set()
            self._waiting = deque(item for item in self._waiting if item[0] is not job)
            self._later = deque(item for item in self._later if isinstance(item, IdleWork) or item[0] is not job)
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
                while not (self._closed or self._waiting or self._active or self._later):
                    self._wake.wait()
                if self._closed:
                    break
                idle = self._next_idle_work()
                admitted = [] if idle else self._admit()
            if idle:
                idle.run()
                continue
            self._drop_cancelled()
            if admitted:
                self._do(partial(self._decoder.admit, admitted))
            self._do(self._decoder.step)
        for item in [*self._waiting, *self._later]:
            if isinstance(item, IdleWork):
                item.refuse(CLOSED)
            else:
                self._active[item[1]] = item[0]
        self._fail(list(self._active), CLOSED)

    def _next_idle_work(self) -> IdleWork | None:
        """The next idle work if all earlier rows have ended, else None; the rows submitted next move to `_waiting`."""
        if self._waiting or self._active or not self._later:
            return None
        idle = self._later.popleft()
        assert isinstance(idle, IdleWork)
        while self._later and not isinstance(item := self._later[0], IdleWork):
            self._waiting.append(item)
            self._later.popleft()
        return idle

    def _do(self, work: Callable[[], None]) -> None:
        """Do the work, then report. An error, such as a GPU out of memory, fails all unfinished rows, never the thread.

        All rows fail because interrupted work leaves the cache and its masks inconsistent.
        """
        try:
            work()
        except Exception as error:  # noqa: BLE001 - it is delivered as the error of these rows
            self._fail([row for row in self._active if row.finish is None], f"{type(error).__name__}: {error}")
        self._report()

    def _admit(self) -> list[Row]:
        """The rows to admit now; none until enough places are free, to avoid many small prefills."""
        free = self._places - len(self._active)
        if not self._waiting or not (len(self._waiting) <= free or free * 4 >= self._places):
            return []
        admitted = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        for job, row in admitted:
            row.weights_version = self.version
            self._active[row] = job
        return [row for _, row in admitted]

    def _drop_cancelled(self) -> None:
        cancelled = [row for row, job in self._active.items() if job.cancelled.is_set()]
        if cancelled:
            self._decoder.drop(cancelled)
            for row in cancelled:
                del self._active[row]

    def _report(self) -> None:
        """Deliver the last step's deltas and completions to their jobs."""
        arrived: dict[Job[Row], list[Completion | Delta]] = {}
        for row, job in list(self._active.items()):
            if job.deltas and (text := row.new_text()):
                arrived.setdefault(job, []).append(Delta(row.key, row.index, text))
            if row.finish is not None:
                arrived.setdefault(job, []).append(row.completion())
                del self._active[row]
        for job, items in arrived.items():
            job.deliver(items)
        if not self._active:
            # Remnants of these rows would change the batch, and so the rounding, of later ones.
            self._decoder.clear()

    def _fail(self, rows: list[Row], error: str) -> None:
        self._decoder.clear()
        for row in rows:
            self._active.pop(row).deliver([row.completion(error)])
