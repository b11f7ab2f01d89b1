"""The execution table while it grows: every candidate meets every test as soon as both are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing

from cure.problem import UnitTest
from cure.table import Candidate, Cell, ExecutionTable
from sandbox.protocol import Execution, Job, Limits, Sandbox, Verdict

Pair = tuple[str, str]


def cell_of(execution: Execution, test: UnitTest, equal: Callable[[str, str], bool]) -> Cell:
    """The table's cell for one execution; comparison happens here, outside the sandbox."""
    stdout = execution.stdout.decode(errors="replace")
    return Cell(
        verdict=execution.verdict,
        passed=execution.verdict is Verdict.OK and equal(stdout, test.expected),
        stdout=stdout,
        stderr_tail=execution.stderr_tail.decode(errors="replace"),
        reason=execution.reason,
        cpu_s=execution.cpu_s,
        peak_memory_kb=execution.peak_memory_kb,
    )


class GrowingTable:
    """Runs what is missing in the background; identical (program, input) pairs run once."""

    def __init__(
        self,
        sandbox: Sandbox,
        limits: Limits,
        equal: Callable[[str, str], bool],
        on_cell: Callable[[str, str, Cell], None] | None = None,
    ) -> None:
        self._sandbox = sandbox
        self._limits = limits
        self._equal = equal
        self._on_cell = on_cell
        self._candidates: dict[str, Candidate] = {}
        self._tests: dict[str, UnitTest] = {}
        self._cells: dict[Pair, Cell] = {}
        self._done: dict[Pair, Execution] = {}
        self._waiting: dict[Pair, list[Pair]] = {}
        self._queued: dict[str, list[str]] = {}
        self._batches: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def add_candidate(self, name: str, candidate: Candidate) -> None:
        """Add a row; its executions start at once."""
        self._candidates[name] = candidate
        for test in self._tests:
            self._want(name, test)

    def add_test(self, name: str, test: UnitTest) -> None:
        """Add a column; its executions start at once."""
        self._tests[name] = test
        for candidate in self._candidates:
            self._want(candidate, name)

    def restore(self, candidate: str, test: str, cell: Cell) -> None:
        """Put back a cell known from a recorded run."""
        self._cells[candidate, test] = cell

    def snapshot(self) -> ExecutionTable:
        """The table as far as it is known."""
        return ExecutionTable(dict(self._candidates), dict(self._tests), dict(self._cells))

    @property
    def candidate_count(self) -> int:
        """Number of rows so far."""
        return len(self._candidates)

    @property
    def generated_count(self) -> int:
        """Number of generated tests so far."""
        return sum(not test.trusted for test in self._tests.values())

    @property
    def pending(self) -> int:
        """Number of cells still to come."""
        return len(self._candidates) * len(self._tests) - len(self._cells)

    async def settle(self) -> ExecutionTable:
        """The complete table, once every execution wanted so far has finished. Raises what the sandbox raised."""
        while self._queued or self._batches:
            self._flush()
            await asyncio.wait(set(self._batches))
        if self._failure is not None:
            raise self._failure
        return self.snapshot()

    async def cancel(self) -> None:
        """Give up what is still running."""
        self._queued.clear()
        batches = list(self._batches)
        for batch in batches:
            batch.cancel()
        await asyncio.gather(*batches, return_exceptions=True)

    def _want(self, candidate: str, test: str) -> None:
        if (candidate, test) in self._cells:
            return
        pair = (self._candidates[candidate].source, self._tests[test].stdin)
        if pair in self._done:
            self._fill(candidate, test, self._done[pair])
            return
        waiting = self._waiting.setdefault(pair, [])
        waiting.append((candidate, test))
        if len(waiting) == 1:
            if not self._queued:
                asyncio.get_running_loop().call_soon(self._flush)
            self._queued.setdefault(pair[0], []).append(pair[1])

    def _flush(self) -> None:
        """Start one batch for everything queued since the last: one job per program, carrying all its inputs."""
        if not self._queued:
            return
        queued, self._queued = self._queued, {}
        batch = asyncio.get_running_loop().create_task(self._run(queued))
        self._batches.add(batch)
        batch.add_done_callback(self._finished)

    def _finished(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        if not batch.cancelled():
            self._failure = self._failure or batch.exception()

    async def _run(self, queued: dict[str, list[str]]) -> None:
        jobs = [
            Job(str(i), source, tuple(stdin.encode(errors="replace") for stdin in stdins), self._limits)
            for i, (source, stdins) in enumerate(queued.items())
        ]
        sources = list(queued)
        async with aclosing(self._sandbox.run(jobs)) as executions:
            async for execution in executions:
                source = sources[int(execution.job)]
                pair = (source, queued[source][execution.index])
                self._done[pair] = execution
                for candidate, test in self._waiting.pop(pair, []):
                    self._fill(candidate, test, execution)

    def _fill(self, candidate: str, test: str, execution: Execution) -> None:
        cell = cell_of(execution, self._tests[test], self._equal)
        self._cells[candidate, test] = cell
        if self._on_cell is not None:
            self._on_cell(candidate, test, cell)
