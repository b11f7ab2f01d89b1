"""Jobs on their way through a pool: which inputs are to be run, are being run, and who waits for each."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sandbox.protocol import Execution, Job, Verdict
from sandbox.runner.frames import Result

ATTEMPTS = 2
"""Runs an input gets when its slot dies under it; then it is a sandbox error."""


class Run:
    """One call of `Sandbox.run`: where its executions go."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Execution] = asyncio.Queue()
        self.cancelled = False


@dataclass(eq=False)
class Work:
    """A program with its distinct inputs."""

    run: Run
    job: Job
    """Its inputs are distinct, and each stands for one or more of those asked for."""
    askers: list[list[tuple[str, int]]]
    """For each input the keys and indices it answers."""
    pending: deque[int] = field(default_factory=deque)
    """Inputs that no slot has taken yet."""
    apart: bool = False
    """Its inputs go one by one, each to a fork of its own, after those of other programs: one was slow, or lost."""
    under_way: int = 0
    """Inputs that a slot has and has not answered."""
    timeouts: int = 0
    losses: dict[int, int] = field(default_factory=dict)

    def next_batch(self, most: int, most_bytes: int) -> list[int]:
        """Pending inputs for one slot, taken from `pending`: several if they may go together, at least one."""
        batch = [self.pending.popleft()]
        size = len(self.job.inputs[batch[0]])
        while self.pending and len(batch) < (1 if self.apart else most):
            size += len(self.job.inputs[self.pending[0]])
            if size > most_bytes:
                break
            batch.append(self.pending.popleft())
        self.under_way += len(batch)
        return batch

    @property
    def held_back(self) -> bool:
        """Whether no more of its inputs may start now, because those under way may use up its time-outs."""
        most = self.job.give_up_after
        return self.apart and most is not None and self.under_way >= most - self.timeouts

    def settle(self, result: Result) -> None:
        """Hand on the result of an input that was under way."""
        if result.verdict == Verdict.SANDBOX_ERROR:
            self.lose(result.position, result.reason)
            return
        self.under_way -= 1
        if result.verdict == Verdict.TIMEOUT:
            self.timeouts += 1
            self.apart = True
        self._deliver(
            result.position,
            Verdict(result.verdict),
            result.reason,
            result.stdout,
            result.stderr_tail,
            result.exit_code,
            result.signal,
            result.cpu_s,
            result.wall_s,
            result.peak_kb,
            result.shared,
        )
        self._give_up_if_hopeless()

    def put_back(self, index: int) -> None:
        """Have an input that was under way run again."""
        self.under_way -= 1
        if not self.run.cancelled:
            self.pending.append(index)
            self._give_up_if_hopeless()

    def lose(self, index: int, reason: str) -> None:
        """An input was under way, alone, when its slot was lost."""
        self.apart = True
        self.losses[index] = self.losses.get(index, 0) + 1
        if self.losses[index] < ATTEMPTS:
            self.put_back(index)
        else:
            self.under_way -= 1
            self._deliver(index, Verdict.SANDBOX_ERROR, reason)

    def give_up(self, verdict: Verdict, reason: str) -> None:
        """Answer everything that is pending with this verdict."""
        while self.pending:
            self._deliver(self.pending.popleft(), verdict, reason)

    def _give_up_if_hopeless(self) -> None:
        most = self.job.give_up_after
        if most is not None and self.timeouts >= most:
            times = "a time-out" if self.timeouts == 1 else f"{self.timeouts} time-outs"
            self.give_up(Verdict.NOT_RUN, f"given up after {times} of this program")

    def _deliver(
        self,
        index: int,
        verdict: Verdict,
        reason: str,
        stdout: bytes = b"",
        stderr_tail: bytes = b"",
        exit_code: int | None = None,
        signal: int | None = None,
        cpu_s: float = 0.0,
        wall_s: float = 0.0,
        peak_kb: int = 0,
        shared: bool = False,
    ) -> None:
        if self.run.cancelled:
            return
        for key, asked in self.askers[index]:
            self.run.results.put_nowait(
                Execution(
                    key,
                    asked,
                    verdict,
                    stdout,
                    stderr_tail,
                    exit_code,
                    signal,
                    cpu_s,
                    wall_s,
                    peak_kb,
                    reason,
                    shared,
                )
            )


def works_of(jobs: Sequence[Job], run: Run) -> list[Work]:
    """The work of these jobs, in their order: identical (program, input) pairs are run once."""
    works: dict[Job, Work] = {}
    known: dict[Job, dict[bytes, int]] = {}
    distinct: dict[Job, list[bytes]] = {}
    for job in jobs:
        program = replace(job, key="", inputs=())
        work = works.get(program)
        if work is None:
            work = works[program] = Work(run, program, [])
            known[program], distinct[program] = {}, []
        positions = known[program]
        for index, stdin in enumerate(job.inputs):
            position = positions.setdefault(stdin, len(positions))
            if position == len(work.askers):
                work.askers.append([])
                distinct[program].append(stdin)
            work.askers[position].append((job.key, index))
    for program, work in works.items():
        work.job = replace(program, inputs=tuple(distinct[program]))
        work.pending.extend(range(len(work.askers)))
    return [work for work in works.values() if work.pending]
