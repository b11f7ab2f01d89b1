"""Schedules jobs over slots: every (job, input) gets exactly one execution, whatever happens to a slot."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from sandbox.errors import SandboxError
from sandbox.protocol import Execution, Job, Verdict
from sandbox.runner.frames import Result
from sandbox.slot import Launcher, Size, Slot, SlotLost

ATTEMPTS = 2
"""Runs an input gets when its slot dies under it; then it is a sandbox error."""
START_ATTEMPTS = 3
AHEAD = 3
"""Inputs sent to a slot before the first is answered, to keep it busy while the host looks elsewhere."""
SLACK_S = 45.0
"""Beyond an execution's wall guard: compiling and cleaning have time limits of their own in the runner."""
GRACE_S = 0.2
"""How long a slot may finish an execution nobody waits for any more."""


def default_slots() -> int:
    """Twice the cores this process may use: a sleeping program must not hold a core."""
    return 2 * len(os.sched_getaffinity(0))


class _Run:
    """One call of `run`."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Execution] = asyncio.Queue()
        self.cancelled = False


@dataclass(eq=False)
class _Work:
    """A job, and those of its inputs that no slot has taken yet."""

    job: Job
    run: _Run
    pending: deque[int]
    losses: dict[int, int] = field(default_factory=dict)
    timed_out: bool = False


@dataclass(eq=False)
class _Station:
    """A slot at work: what it was sent and has not answered."""

    slot: Slot
    sent: deque[tuple[_Work, int]] = field(default_factory=deque)
    program: _Work | None = None

    def working_for(self, run: _Run) -> bool:
        return bool(self.sent) and self.sent[0][0].run is run


class Pool:
    """A Sandbox over the slots of one backend. Belongs to the event loop it is used in."""

    def __init__(self, launcher: Launcher, slots: int) -> None:
        self._launcher = launcher
        self._slots = slots
        self._size = Size()
        self._fresh: deque[_Work] = deque()
        self._opened: list[_Work] = []
        self._available = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stations: set[_Station] = set()
        self._ending: set[asyncio.Future[None]] = set()
        self._closed = False

    @property
    def isolation(self) -> str:
        return self._launcher.isolation

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        run = _Run()
        for job in jobs:
            if job.inputs:
                self._size = self._size.cover(job.limits)
                self._fresh.append(_Work(job, run, deque(range(len(job.inputs)))))
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
        """Let slots see what is pending, and start as many as it needs."""
        pending = sum(len(work.pending) for work in self._works())
        if not pending:
            self._available.clear()
            return
        self._available.set()
        idle = sum(not station.sent for station in self._stations)
        for _ in range(min(self._slots - len(self._tasks), pending - idle)):
            task = asyncio.create_task(self._keep_slot())
            self._tasks.add(task)
            task.add_done_callback(self._slot_gone)

    def _works(self) -> list[_Work]:
        return [*self._fresh, *self._opened]

    def _slot_gone(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail_pending(f"the sandbox broke: {error!r}")

    async def _keep_slot(self) -> None:
        """Keep one slot alive and fed until the pool is closed."""
        failures = 0
        while True:
            await self._available.wait()
            try:
                slot = await Slot.start(self._launcher, self._size)
            except SandboxError as error:
                failures += 1
                if failures >= START_ATTEMPTS and not self._stations:
                    self._fail_pending(str(error))
                    failures = 0
                await asyncio.sleep(0.1 * 2**failures)
                continue
            failures = 0
            station = _Station(slot)
            self._stations.add(station)
            try:
                await self._feed(station)
            except (SandboxError, TimeoutError) as error:
                self._recover(station, slot.complaint() or str(error) or "the runner did not answer in time")
            finally:
                self._stations.discard(station)
                self._recover(station, "the sandbox was closed", blame=False)
                await asyncio.shield(slot.end())

    async def _feed(self, station: _Station) -> None:
        """Send and receive until the slot is lost or has become too small."""
        while True:
            if not self._top_up(station):
                return
            if not station.sent:
                await self._available.wait()
                continue
            work, index = station.sent[0]
            async with asyncio.timeout(work.job.limits.wall_guard_s + SLACK_S):
                result = await station.slot.receive()
            if result.index != index:
                raise SlotLost("the runner answered another question")
            station.sent.popleft()
            self._settle(work, result)

    def _top_up(self, station: _Station) -> bool:
        """Send what the slot may have ahead; False when the next program does not fit into this slot."""
        while len(station.sent) < (AHEAD if self._plenty() else 1):
            work = self._next(station.program)
            if work is None:
                self._available.clear()
                break
            if station.slot.size.cover(work.job.limits) != station.slot.size:
                return bool(station.sent)
            if work is not station.program:
                station.slot.send_program(work.job.source, work.job.limits)
                station.program = work
            index = work.pending.popleft()
            station.slot.send_input(index, work.job.inputs[index])
            station.sent.append((work, index))
        return True

    def _plenty(self) -> bool:
        """Whether every slot has enough to do even if some is sent ahead."""
        return len(self._fresh) > self._slots or sum(len(work.pending) for work in self._opened) > AHEAD * self._slots

    def _next(self, current: _Work | None) -> _Work | None:
        """The job to take an input from: the one already compiled, else a new one, else the one with most left.

        A program that timed out comes last, so that it does not hold up the others.
        """
        if current is not None and current.pending and not current.timed_out:
            return current
        self._opened = [work for work in self._opened if work.pending]
        while self._fresh:
            work = self._fresh.popleft()
            if work.pending:
                self._opened.append(work)
                return work
        return max(self._opened, key=lambda work: (not work.timed_out, len(work.pending)), default=None)

    def _settle(self, work: _Work, result: Result) -> None:
        if result.verdict == Verdict.TIMEOUT:
            work.timed_out = True
        if result.verdict == Verdict.SANDBOX_ERROR:
            self._lost(work, result.index, result.reason)
            return
        self._deliver(
            work,
            Execution(
                work.job.key,
                result.index,
                Verdict(result.verdict),
                result.stdout,
                result.stderr_tail,
                result.exit_code,
                result.signal,
                result.cpu_s,
                result.wall_s,
                result.peak_kb,
                result.reason,
            ),
        )

    def _recover(self, station: _Station, reason: str, blame: bool = True) -> None:
        """Put unanswered inputs back. A runner works in order, so only the first was running when the slot was lost."""
        for position, (work, index) in enumerate(station.sent):
            if blame and position == 0:
                self._lost(work, index, reason)
            else:
                self._again(work, index)
        station.sent.clear()
        self._wake()

    def _lost(self, work: _Work, index: int, reason: str) -> None:
        work.losses[index] = work.losses.get(index, 0) + 1
        if work.losses[index] < ATTEMPTS:
            self._again(work, index)
        else:
            self._deliver(work, Execution(work.job.key, index, Verdict.SANDBOX_ERROR, reason=reason))

    def _again(self, work: _Work, index: int) -> None:
        if work.run.cancelled:
            return
        if self._closed:
            self._deliver(work, Execution(work.job.key, index, Verdict.SANDBOX_ERROR, reason="the sandbox was closed"))
            return
        work.pending.append(index)
        if work not in self._opened and work not in self._fresh:
            self._opened.append(work)
        self._available.set()

    def _deliver(self, work: _Work, execution: Execution) -> None:
        if not work.run.cancelled:
            work.run.results.put_nowait(execution)

    def _fail_pending(self, reason: str) -> None:
        for work in self._works():
            while work.pending:
                index = work.pending.popleft()
                self._deliver(work, Execution(work.job.key, index, Verdict.SANDBOX_ERROR, reason=reason))
        self._fresh.clear()
        self._opened.clear()
        self._available.clear()

    def _abandon(self, run: _Run) -> None:
        """Forget a run that nobody reads any more, and end what it still executes after a moment's grace."""
        run.cancelled = True
        for work in self._works():
            if work.run is run:
                work.pending.clear()
        if any(station.working_for(run) for station in self._stations):
            asyncio.get_running_loop().call_later(GRACE_S, self._end_slots_of, run)

    def _end_slots_of(self, run: _Run) -> None:
        for station in self._stations:
            if station.working_for(run):
                # Its task notices the lost connection and starts another jail.
                ending = asyncio.ensure_future(station.slot.end())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
