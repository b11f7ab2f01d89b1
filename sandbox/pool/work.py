"""The state of jobs in a pool: each program's distinct inputs, pending or running, with the equal inputs requested."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sandbox.protocol import Execution, Job, Verdict

ATTEMPTS = 2
"""Lost slots after which the input that was running gets the verdict `sandbox_error`."""


class Run:
    """One call of `Sandbox.run`: the queue of its executions, and whether it was cancelled."""

    def __init__(self) -> None:
        self.results: asyncio.Queue[Execution] = asyncio.Queue()
        self.cancelled = False


@dataclass(kw_only=True, eq=False)
class Work:
    """A program with its distinct inputs."""

    run: Run
    job: Job
    """The program with distinct inputs, each of which stands for one or more equal inputs of the requested jobs."""
    requests: list[list[tuple[str, int]]] = field(default_factory=list)
    """For each input: (key, index) of all inputs of the requested jobs that it stands for."""
    pending: deque[int] = field(default_factory=deque)
    """Inputs that were not sent to a slot yet."""
    is_slow: bool = False
    """Set after a time-out or a lost slot: the other inputs run one by one, in forks of their own, after other work."""
    under_way: int = 0
    """Number of inputs that were sent to a slot and not answered."""
    timeouts: int = 0
    losses: dict[int, int] = field(default_factory=dict)
    """By input: number of slots lost while they ran that input alone."""

    def next_batch(self, most: int, most_bytes: int) -> list[int]:
        """Inputs for one slot, taken from `pending`: one if the work is slow, else up to `most`.

        Together they have at most `most_bytes` bytes, except that a single input may have more.
        """
        batch = [self.pending.popleft()]
        size = len(self.job.inputs[batch[0]])
        while self.pending and len(batch) < (1 if self.is_slow else most):
            size += len(self.job.inputs[self.pending[0]])
            if size > most_bytes:
                break
            batch.append(self.pending.popleft())
        self.under_way += len(batch)
        return batch

    @property
    def must_wait(self) -> bool:
        """Whether no further input may start now, because the running ones may exhaust the program's time-outs."""
        most = self.job.give_up_after
        return self.is_slow and most is not None and self.under_way >= most - self.timeouts

    def settle(self, execution: Execution) -> None:
        """Deliver the execution of an input that was under way; a sandbox error counts as a loss of its slot."""
        if execution.verdict == Verdict.SANDBOX_ERROR:
            self.lose(execution.index, execution.reason)
            return
        self.under_way -= 1
        if execution.verdict == Verdict.TIMEOUT:
            self.timeouts += 1
            self.is_slow = True
        for key, index in self._waiting(execution.index):
            self.run.results.put_nowait(replace(execution, job=key, index=index))
        self._give_up_if_hopeless()

    def put_back(self, position: int) -> None:
        """Return an input that was under way to `pending`."""
        self.under_way -= 1
        if not self.run.cancelled:
            self.pending.append(position)
            self._give_up_if_hopeless()

    def lose(self, position: int, reason: str) -> None:
        """Count a slot lost while it ran this input alone; the input runs again or becomes a sandbox error."""
        self.is_slow = True
        self.losses[position] = self.losses.get(position, 0) + 1
        if self.losses[position] < ATTEMPTS:
            self.put_back(position)
        else:
            self.under_way -= 1
            self._answer(position, Verdict.SANDBOX_ERROR, reason)

    def give_up(self, verdict: Verdict, reason: str) -> None:
        """Answer all pending inputs with this verdict."""
        while self.pending:
            self._answer(self.pending.popleft(), verdict, reason)

    def _give_up_if_hopeless(self) -> None:
        most = self.job.give_up_after
        if most is not None and self.timeouts >= most:
            self.give_up(Verdict.NOT_RUN, given_up_words(self.timeouts))

    def _answer(self, position: int, verdict: Verdict, reason: str) -> None:
        for key, index in self._waiting(position):
            self.run.results.put_nowait(Execution(job=key, index=index, verdict=verdict, reason=reason))

    def _waiting(self, position: int) -> list[tuple[str, int]]:
        return [] if self.run.cancelled else self.requests[position]


def given_up_words(timeouts: int) -> str:
    """The reason of an input that is not run after this many time-outs of its program."""
    return f"given up after {'a time-out' if timeouts == 1 else f'{timeouts} time-outs'} of this program"


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
