"""Schedules jobs over slots: every (job, input) gets exactly one execution, whatever happens to a slot."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field

from sandbox.errors import SandboxError
from sandbox.pool.slot import Launcher, Size, Slot, SlotLost
from sandbox.pool.work import Run, Work, works_of
from sandbox.protocol import Execution, Job, Verdict
from sandbox.runner.frames import Result

BATCH = 64
"""Inputs of a program that go to a slot together."""
BATCH_BYTES = 4 << 20
AHEAD = 3
"""Batches that a slot may have, the one it runs included."""
START_ATTEMPTS = 3
"""Failures to start a first slot before everything pending fails."""
PATIENCE_S = 20.0
"""How long a backend that has worked may be gone before everything pending fails."""
LONGEST_PAUSE_S = 2.0
LONGEST_GUARDS = 9
"""Times the wall guard that an execution may take where the machine hardly lets it run: one, and MOST_STARVED."""
SLACK_S = 45.0
"""Beyond that: compiling and cleaning have time limits of their own in the runner."""
STALLED_S = 0.05
"""A slot that has said nothing for so long may be asleep: another takes its turn."""
GRACE_S = 0.2
"""How long a slot may finish an execution nobody waits for any more."""


@dataclass(eq=False)
class _Batch:
    """Inputs of one program that went to a slot together."""

    work: Work
    unanswered: dict[int, None]
    alone: bool
    """Whether there was one input only: if the slot is lost, it was lost under this one."""


@dataclass(eq=False)
class _Station:
    """A slot at work: what it was sent and has not answered."""

    slot: Slot
    batches: dict[int, _Batch] = field(default_factory=dict)
    """By the number of the job they went in, in the order they are run."""
    heard_at: float = 0.0
    """When it began to work, or last answered."""

    def working_for(self, run: Run) -> bool:
        first = next(iter(self.batches.values()), None)
        return first is not None and first.work.run is run

    @property
    def longest_s(self) -> float:
        """Most seconds until the runner says something, if it works."""
        return LONGEST_GUARDS * next(iter(self.batches.values())).work.job.limits.wall_guard_s + SLACK_S


class Pool:
    """A Sandbox over the slots of one backend. Belongs to the event loop it is used in."""

    def __init__(self, launcher: Launcher, slots: int) -> None:
        self._launcher = launcher
        self._slots = slots
        self._size = Size()
        self._works: deque[Work] = deque()
        """All that have pending inputs; those to be run apart come last."""
        self._available = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stations: set[_Station] = set()
        self._ending: set[asyncio.Future[None]] = set()
        self._gone_since: float | None = None
        self._has_worked = False
        self._closed = False

    @property
    def isolation(self) -> str:
        return self._launcher.isolation

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        run = Run()
        works = works_of(jobs, run)
        for work in works:
            self._size = self._size.cover(work.job.limits)
        # Before those that wait because they are slow.
        at = next((place for place, work in enumerate(self._works) if work.apart), len(self._works))
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
        """Let slots see what is pending, and start as many as it needs."""
        pending = sum(len(work.pending) for work in self._works)
        if not pending:
            self._available.clear()
            return
        self._available.set()
        idle = sum(not station.batches for station in self._stations)
        for _ in range(min(self._slots - len(self._tasks), pending - idle)):
            task = asyncio.create_task(self._keep_slot())
            self._tasks.add(task)
            task.add_done_callback(self._slot_gone)

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
                if self._is_gone(failures):
                    self._fail_pending(str(error))
                    failures = 0
                await asyncio.sleep(min(0.1 * 2**failures, LONGEST_PAUSE_S))
                continue
            failures = 0
            self._gone_since, self._has_worked = None, True
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

    def _is_gone(self, failures: int) -> bool:
        """Whether to stop waiting for a backend that starts no slots."""
        if self._stations:
            return False
        now = asyncio.get_running_loop().time()
        if self._gone_since is None:
            self._gone_since = now
        return now - self._gone_since >= PATIENCE_S if self._has_worked else failures >= START_ATTEMPTS

    async def _feed(self, station: _Station) -> None:
        """Send and receive until the slot is lost or has become too small."""
        receiving: asyncio.Task[list[Result] | int] | None = None
        try:
            while True:
                crowded = not station.batches and self._is_crowded()
                if not crowded and not self._top_up(station):
                    return
                receiving = receiving or asyncio.create_task(station.slot.receive())
                if station.batches:
                    done, _ = await asyncio.wait({receiving}, timeout=station.longest_s)
                    if not done:
                        raise SlotLost("the runner did not answer in time")
                elif crowded:
                    await asyncio.wait({receiving}, timeout=STALLED_S)
                else:
                    await self._idle(receiving)
                if receiving.done():
                    answer = receiving.result()
                    receiving = None
                    station.heard_at = asyncio.get_running_loop().time()
                    self._take(station, answer)
        finally:
            if receiving is not None:
                receiving.cancel()
                await asyncio.gather(receiving, return_exceptions=True)

    def _is_crowded(self) -> bool:
        """Whether as many slots are busily at work as there are cores for: more would only wait for each other."""
        since = asyncio.get_running_loop().time() - STALLED_S
        lively = sum(bool(station.batches) and station.heard_at > since for station in self._stations)
        return lively >= max(1, self._slots // 2)

    async def _idle(self, receiving: asyncio.Task[list[Result] | int]) -> None:
        """Wait for work, or for the loss of a slot that has none."""
        waiting = asyncio.create_task(self._available.wait())
        try:
            await asyncio.wait({waiting, receiving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()

    def _take(self, station: _Station, answer: list[Result] | int) -> None:
        if isinstance(answer, int):
            batch = station.batches.pop(answer, None)
            if batch is None:
                raise SlotLost("the runner left what it never had")
            batch.work.apart = True
            self._again(batch)
            return
        for result in answer:
            batch = station.batches.get(result.number)
            if batch is None or result.position not in batch.unanswered:
                raise SlotLost("the runner answered another question")
            del batch.unanswered[result.position]
            if not batch.unanswered:
                del station.batches[result.number]
            self._settle(batch.work, result)

    def _settle(self, work: Work, result: Result) -> None:
        work.settle(result)
        if work.apart:
            self._offer(work)

    def _top_up(self, station: _Station) -> bool:
        """Send what the slot may have; False when the next program does not fit into this slot."""
        while len(station.batches) < (AHEAD if self._plenty() else 1):
            work = self._next()
            if work is None:
                self._available.clear()
                break
            if station.slot.size.cover(work.job.limits) != station.slot.size:
                return bool(station.batches)
            batch = work.next_batch(self._share_of(work), BATCH_BYTES)
            if not work.pending:
                self._works.remove(work)
            strict = work.job.strict or work.apart
            if not station.batches:
                station.heard_at = asyncio.get_running_loop().time()
            number = station.slot.send(work.job, batch, strict)
            station.batches[number] = _Batch(work, dict.fromkeys(batch), len(batch) == 1)
        return True

    def _next(self) -> Work | None:
        """The work whose turn it is."""
        return next((work for work in self._works if work.pending and not work.held_back), None)

    def _plenty(self) -> bool:
        """Whether every slot has enough to do even if some is sent ahead."""
        return len(self._works) > self._slots and not self._works[0].apart

    def _share_of(self, work: Work) -> int:
        """How many inputs of `work` to send together, so that no slot is idle while there are some."""
        if len(self._works) >= self._slots:
            return BATCH
        return max(1, min(BATCH, -(-len(work.pending) // self._slots)))

    def _recover(self, station: _Station, reason: str, blame: bool = True) -> None:
        """Put unanswered inputs back. A runner works in order, so only the first batch was running when it was lost."""
        for position, batch in enumerate(station.batches.values()):
            if blame and position == 0:
                if batch.alone:
                    for index in batch.unanswered:
                        batch.work.lose(index, reason)
                    batch.unanswered.clear()
                # Which of several it was shows when each has a slot for itself.
                batch.work.apart = True
            self._again(batch)
        station.batches.clear()
        self._wake()

    def _again(self, batch: _Batch) -> None:
        for index in batch.unanswered:
            batch.work.put_back(index)
        self._offer(batch.work)

    def _offer(self, work: Work) -> None:
        """See to it that a slot takes what is pending of `work`."""
        if self._closed:
            work.give_up(Verdict.SANDBOX_ERROR, "the sandbox was closed")
        if work in self._works:
            self._works.remove(work)
        if work.pending:
            if work.apart:
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
        """Forget a run that nobody reads any more, and end what it still executes after a moment's grace."""
        run.cancelled = True
        self._works = deque(work for work in self._works if work.run is not run)
        if any(station.working_for(run) for station in self._stations):
            asyncio.get_running_loop().call_later(GRACE_S, self._end_slots_of, run)

    def _end_slots_of(self, run: Run) -> None:
        for station in self._stations:
            if station.working_for(run):
                # Its task notices the lost connection and starts another jail.
                ending = asyncio.ensure_future(station.slot.end())
                self._ending.add(ending)
                ending.add_done_callback(self._ending.discard)
