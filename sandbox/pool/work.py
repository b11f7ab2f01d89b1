"""Jobs on their way through a pool: which inputs are pending or under way, and which requests each one answers."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sandbox.protocol import Execution, Job, Verdict
from sandbox.runner.frames import Result

ATTEMPTS = 2
"""How often an input may be running when its slot is lost, until it is answered as a sandbox error."""


class Run:
    """One call of `Sandbox.run`: the queue its executions go to, and whether it was given up."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Execution] = asyncio.Queue()
        self.cancelled = False


@dataclass(kw_only=True, eq=False)
class Work:
    """A program with its distinct inputs."""

    run: Run
    job: Job
    """The program; each of its inputs is distinct and answers one or more inputs of the jobs that were asked for."""
    requests: list[list[tuple[str, int]]] = field(default_factory=list)
    """For each input: key and index, in the jobs that were asked for, of all inputs it answers."""
    pending: deque[int] = field(default_factory=deque)
    """Inputs that no slot has taken yet."""
    apart: bool = False
    """Set after a slow or lost input: the rest go one by one, each to its own fork, after other programs' inputs."""
    under_way: int = 0
    """Inputs that a slot has and has not answered."""
    timeouts: int = 0
    losses: dict[int, int] = field(default_factory=dict)
    """For an input: slots lost while they ran nothing else."""

    def next_batch(self, most: int, most_bytes: int) -> list[int]:
        """Inputs for one slot, taken from `pending`: at least one, and several if they may go together."""
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
        """Whether no further input may start now, because those under way may use up the program's time-outs."""
        most = self.job.give_up_after
        return self.apart and most is not None and self.under_way >= most - self.timeouts

    def settle(self, result: Result) -> None:
        """Deliver the result of an input that was under way; a sandbox error counts as a loss of its slot."""
        if result.verdict == Verdict.SANDBOX_ERROR:
            self.lose(result.position, result.reason)
            return
        self.under_way -= 1
        if result.verdict == Verdict.TIMEOUT:
            self.timeouts += 1
            self.apart = True
        for key, index in self._waiting(result.position):
            self.run.results.put_nowait(
                Execution(
                    job=key,
                    index=index,
                    verdict=Verdict(result.verdict),
                    stdout=result.stdout,
                    stderr_tail=result.stderr_tail,
                    exit_code=result.exit_code,
                    signal=result.signal,
                    cpu_s=result.cpu_s,
                    wall_s=result.wall_s,
                    peak_memory_kb=result.peak_kb,
                    reason=result.reason,
                    shared=result.shared,
                )
            )
        self._give_up_if_hopeless()

    def put_back(self, position: int) -> None:
        """Have an input that was under way run again."""
        self.under_way -= 1
        if not self.run.cancelled:
            self.pending.append(position)
            self._give_up_if_hopeless()

    def lose(self, position: int, reason: str) -> None:
        """Note that a slot was lost while it ran this input alone: run the input again, or give it up for `reason`."""
        self.apart = True
        self.losses[position] = self.losses.get(position, 0) + 1
        if self.losses[position] < ATTEMPTS:
            self.put_back(position)
        else:
            self.under_way -= 1
            self._answer(position, Verdict.SANDBOX_ERROR, reason)

    def give_up(self, verdict: Verdict, reason: str) -> None:
        """Answer everything that is pending with this verdict."""
        while self.pending:
            self._answer(self.pending.popleft(), verdict, reason)

    def _give_up_if_hopeless(self) -> None:
        most = self.job.give_up_after
        if most is not None and self.timeouts >= most:
            times = "a time-out" if self.timeouts == 1 else f"{self.timeouts} time-outs"
            self.give_up(Verdict.NOT_RUN, f"given up after {times} of this program")

    def _answer(self, position: int, verdict: Verdict, reason: str) -> None:
        for key, index in self._waiting(position):
            self.run.results.put_nowait(Execution(job=key, index=index, verdict=verdict, reason=reason))

    def _waiting(self, position: int) -> list[tuple[str, int]]:
        return [] if self.run.cancelled else self.requests[position]


def works_of(jobs: Sequence[Job], run: Run) -> list[Work]:
    """The work of these jobs, in their order; identical (program, input) pairs are one input of one work."""
    works: dict[Job, Work] = {}
    known: dict[Job, dict[bytes, int]] = {}
    for job in jobs:
        program = replace(job, key="", inputs=())
        work = works.setdefault(program, Work(run=run, job=program))
        positions = known.setdefault(program, {})
        for index, stdin in enumerate(job.inputs):
            position = positions.setdefault(stdin, len(positions))
            if position == len(work.requests):
                work.requests.append([])
            work.requests[position].append((job.key, index))
    for program, work in works.items():
        work.job = replace(program, inputs=tuple(known[program]))
        work.pending.extend(range(len(work.requests)))
    return [work for work in works.values() if work.pending]
