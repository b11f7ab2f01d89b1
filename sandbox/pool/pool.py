"""Schedules jobs over slots: every (job, input) gets exactly one execution, even if slots are lost."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field

from sandbox.errors import SandboxError
from sandbox.pool.connection import JailLost
from sandbox.pool.slot import Answer, Launcher, Size, Slot
from sandbox.pool.work import Run, Work, works_of
from sandbox.protocol import Execution, Job, Verdict

BATCH = 64
"""Maximum inputs of a program that are sent to a slot together."""
BATCH_BYTES = 4 << 20
"""Maximum bytes of the inputs that are sent to a slot together, except that a single input may have more."""
AHEAD = 3
"""Maximum batches that a slot holds, including the running one."""
START_ATTEMPTS = 3
"""Failed attempts to start a first slot after which all pending inputs fail."""
PATIENCE_S = 20.0
"""Seconds without a started slot after which all pending inputs fail, if the backend has worked before."""
LONGEST_PAUSE_S = 2.0
"""Longest pause, in seconds, between two attempts to start a slot."""
LONGEST_GUARDS = 9
"""Longest execution on a busy machine, as a multiple of its wall-clock guard: 1 + MOST_STARVED of `runner/jail.py`."""
SLACK_S = 45.0
"""Seconds added to the longest execution, for compiling and cleaning, which the runner limits separately."""
STALLED_S = 0.05
"""Seconds without an answer after which a slot counts as sleeping, so that another slot may use its core."""
GRACE_S = 0.2
"""Seconds that a slot gets to finish an execution whose run was cancelled."""


@dataclass(eq=False)
class _Batch:
    """Inputs of one program that were sent to a slot together."""

    work: Work
    unanswered: dict[int, None]
    alone: bool
    """Whether the batch has a single input: if the slot is lost, this input was running."""


@dataclass(eq=False)
class _LiveSlot:
    """A slot, and the batches that it has not answered completely."""

    slot: Slot
    batches: dict[int, _Batch] = field(default_factory=dict)
    """Batches by the number that `Slot.send` returned, in the order in which the runner runs them."""
    heard_at: float = 0.0
    """Event-loop time of the last answer, or of the start of work if that is later."""

    def is_running(self, run: Run) -> bool:
        """Whether the slot is running a batch of `run`."""
        first = next(iter(self.batches.values()), None)
        return first is not None and first.work.run is run

    @property
    def longest_silence_s(self) -> float:
        """Longest silence, in seconds, of a healthy runner."""
        return LONGEST_GUARDS * next(iter(self.batches.values())).work.job.limits.wall_guard_s + SLACK_S


class Pool:
    """A Sandbox with slots of one backend, for one event loop."""

    def __init__(self, launcher: Launcher, slots: int) -> None:
        self._launcher = launcher
        self._slots = slots
        self._size = Size()
        self._works: deque[Work] = deque()
        """All programs with pending inputs; slow ones (`Work.is_slow`) come last."""
        self._available = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._live: set[_LiveSlot] = set()
        self._ending: set[asyncio.Future[None]] = set()
        self._failing_since: float | None = None
        self._has_worked = False
        self._closed = False

    @property
    def isolation(self) -> str:
        return self._launcher.isolation

    @property
    def packages(self) -> Mapping[str, str]:
        return self._launcher.packages

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        run = Run()
        works = works_of(jobs, run)
        for work in works:
            self._size = self._size.cover(work.job.limits)
        at = next((place for place, work in enumerate(self._works) if work.is_slow), len(self._works))
        self._works.rotate(-at)
        self._works.extendleft(reversed(works))
        self._works.rotate(at)
        remaining = sum(len(job.inputs) for job in jobs)
        try:
            self._wake()
            while remaining:
                execution = await run.results.get()
                remaining -= 1
                yield execution
        finally:
            if remaining:
                self._abandon(run)

    async def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._fail_pending("the sandbox was closed")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, *self._ending, return_exceptions=True)
        await self._launcher.close()

    def _wake(self) -> None:
        """Wake idle slots if inputs are pending, and start further slots if there are too few."""
        pending = sum(len(work.pending) for work in self._works)
        if not pending:
            self._available.clear()
            return
        self._available.set()
        idle = sum(not live.batches for live in self._live)
        for _ in range(min(self._slots - len(self._tasks), pending - idle)):
            task = asyncio.create_task(self._keep_slot())
            self._tasks.add(task)
            task.add_done_callback(self._slot_ended)

    def _slot_ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail_pending(f"the sandbox broke: {error!r}")

    async def _keep_slot(self) -> None:
        """Keep one slot running, and send inputs to it, until the pool is closed."""
        failures = 0
        while True:
            await self._available.wait()
            try:
                slot = await Slot.start(self._launcher, self._size)
            except SandboxError as error:
                failures += 1
                if self._has_failed(failures):
                    self._fail_pending(str(error))
                    failures = 0
                await asyncio.sleep(min(0.1 * 2**failures, LONGEST_PAUSE_S))
                continue
            failures = 0
            self._failing_since, self._has_worked = None, True
            live = _LiveSlot(slot)
            self._live.add(live)
            try:
                await self._feed(live)
            except (SandboxError, TimeoutError) as error:
                self._recover(live, slot.connection.complaint() or str(error) or "the runner did not answer in time")
            finally:
                self._live.discard(live)
                self._recover(live, "the sandbox was closed", blame=False)
                await asyncio.shield(slot.connection.end())

    def _has_failed(self, failures: int) -> bool:
        """Whether to stop waiting for a backend that has failed to start a slot this many times in a row."""
        if self._live:
            return False
        now = asyncio.get_running_loop().time()
        if self._failing_since is None:
            self._failing_since = now
        return now - self._failing_since >= PATIENCE_S if self._has_worked else failures >= START_ATTEMPTS

    async def _feed(self, live: _LiveSlot) -> None:
        """Send batches and receive results until a program needs a larger slot. Raises JailLost for a lost slot."""
        receiving: asyncio.Task[Answer] | None = None
        try:
            while True:
                crowded = not live.batches and self._is_crowded()
                if not crowded and not self._send_batches(live):
                    return
                receiving = receiving or asyncio.create_task(live.slot.receive())
                if live.batches:
                    done, _ = await asyncio.wait({receiving}, timeout=live.longest_silence_s)
                    if not done:
                        raise JailLost("the runner did not answer in time")
                elif crowded:
                    await asyncio.wait({receiving}, timeout=STALLED_S)
                else:
                    await self._idle(receiving)
                if receiving.done():
                    answer = receiving.result()
                    receiving = None
                    live.heard_at = asyncio.get_running_loop().time()
                    self._receive(live, answer)
        finally:
            if receiving is not None:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)

    def _is_crowded(self) -> bool:
        """Whether the slots that are computing already use all cores, taken to be half as many as the slots."""
        since = asyncio.get_running_loop().time() - STALLED_S
        computing = sum(bool(live.batches) and live.heard_at > since for live in self._live)
        return computing >= max(1, self._slots // 2)

    async def _idle(self, receiving: asyncio.Task[Answer]) -> None:
        """Wait for pending inputs, or for the loss of the idle slot that `receiving` listens to."""
        waiting = asyncio.create_task(self._available.wait())
        try:
            await asyncio.wait({waiting, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def _receive(self, live: _LiveSlot, answer: Answer) -> None:
        if isinstance(answer, int):
            batch = live.batches.pop(answer, None)
            if batch is None:
                raise JailLost("the runner handed back a job it does not have")
            batch.work.is_slow = True
            self._put_back(batch)
            return
        for number, execution in answer:
            batch = live.batches.get(number)
            if batch is None or execution.index not in batch.unanswered:
                raise JailLost("the runner answered an input it does not have")
            del batch.unanswered[execution.index]
            if not batch.unanswered:
                del live.batches[number]
            batch.work.settle(execution)
            if batch.work.is_slow:
                self._queue(batch.work)

    def _send_batches(self, live: _LiveSlot) -> bool:
        """Send batches to the slot, up to the number it may hold.

        Returns False when the slot is idle and the next program needs a larger one.
        """
        while len(live.batches) < (AHEAD if self._has_work_for_all() else 1):
            work = self._next_work()
            if work is None:
                self._available.clear()
                break
            if live.slot.size.cover(work.job.limits) != live.slot.size:
                return bool(live.batches)
            batch = work.next_batch(self._batch_size(work), BATCH_BYTES)
            if not work.pending:
                self._works.remove(work)
            strict = work.job.strict or work.is_slow
            if not live.batches:
                live.heard_at = asyncio.get_running_loop().time()
            number = live.slot.send(work.job, batch, strict)
            live.batches[number] = _Batch(work, dict.fromkeys(batch), len(batch) == 1)
        return True

    def _next_work(self) -> Work | None:
        """The first program in the queue with an input that may be sent now."""
        return next((work for work in self._works if work.pending and not work.must_wait), None)

    def _has_work_for_all(self) -> bool:
        """Whether enough programs are pending to keep every slot busy although slots get batches ahead of time."""
        return len(self._works) > self._slots and not self._works[0].is_slow

    def _batch_size(self, work: Work) -> int:
        """The number of inputs of `work` to send together, such that no slot stays idle while inputs are pending."""
        if len(self._works) >= self._slots:
            return BATCH
        return max(1, min(BATCH, -(-len(work.pending) // self._slots)))

    def _recover(self, live: _LiveSlot, reason: str, blame: bool = True) -> None:
        """Put the unanswered inputs of a lost slot back.

        With `blame`, the first batch counts as the cause of the loss: a runner works in order, so no other was running.
        """
        for position, batch in enumerate(live.batches.values()):
            if blame and position == 0:
                if batch.alone:
                    for index in batch.unanswered:
                        batch.work.lose(index, reason)
                    batch.unanswered.clear()
                # From now on the program's inputs run one at a time, which shows the input that ends slots.
                batch.work.is_slow = True
            self._put_back(batch)
        live.batches.clear()
        self._wake()

    def _put_back(self, batch: _Batch) -> None:
        for index in batch.unanswered:
            batch.work.put_back(index)
        self._queue(batch.work)

    def _queue(self, work: Work) -> None:
        """Queue `work` again if it has pending inputs."""
        if self._closed:
            work.give_up(Verdict.SANDBOX_ERROR, "the sandbox was closed")
        if work in self._works:
            self._works.remove(work)
        if work.pending:
            if work.is_slow:
                self._works.append(work)
            else:
                self._works.appendleft(work)
            self._available.set()

    def _fail_pending(self, reason: str) -> None:
        for work in self._works:
            work.give_up(Verdict.SANDBOX_ERROR, reason)
        self._works.clear()
        self._available.clear()

    def _abandon(self, run: Run) -> None:
        """Drop the pending inputs of a cancelled run, and after GRACE_S end the slots that still execute it."""
        run.cancelled = True
        self._works = deque(work for work in self._works if work.run is not run)
        if any(live.is_running(run) for live in self._live):
            asyncio.get_running_loop().call_later(GRACE_S, self._end_slots_of, run)

    def _end_slots_of(self, run: Run) -> None:
        for live in self._live:
            if live.is_running(run):
                # The slot's `_keep_slot` task notices the lost connection and starts another jail.
                ending = asyncio.ensure_future(live.slot.connection.end())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
