"""Fills cells of a table: an executor for programs; one for patches of a repository needs no other table."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Iterable
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Protocol, TypeVar

from cure.problem import UnitTest
from cure.table.judging import Judging
from cure.table.pairs import ProgramInput, run_pairs
from cure.table.table import Cell, Column, ExecutionTable, Pair, ProgramTable, Row
from sandbox import Execution, Sandbox, Verdict

RowT = TypeVar("RowT", bound=Row)
ColumnT = TypeVar("ColumnT", bound=Column)
RowT_contra = TypeVar("RowT_contra", bound=Row, contravariant=True)
ColumnT_contra = TypeVar("ColumnT_contra", bound=Column, contravariant=True)


_Futures = dict[ProgramInput, asyncio.Future[Execution]]


class Executor(Protocol[RowT_contra, ColumnT_contra]):
    """Runs candidates on tests."""

    def run(
        self, table: ExecutionTable[RowT_contra, ColumnT_contra], wanted: Collection[Pair]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """The cells wanted, each named by its row and column in `table`, as each is known. May be called concurrently;
        closing it gives up what is left. Raises SandboxError where nothing can be run.
        """


class ProgramExecutor:
    """Runs programs on unit tests. Each distinct pair of program and input is run once, whoever asks for it."""

    def __init__(self, sandbox: Sandbox, judging: Judging, known: _Futures | None = None) -> None:
        self._sandbox = sandbox
        self.judging = judging
        self._executions: _Futures = {} if known is None else known

    def under(self, judging: Judging) -> ProgramExecutor:
        """An executor with other rules; the two share what either of them has run."""
        return ProgramExecutor(self._sandbox, judging, self._executions)

    def forget(self, pairs: Iterable[ProgramInput]) -> None:
        """Run these pairs again when they are asked for."""
        for pair in pairs:
            self._executions.pop(pair, None)

    @property
    def executions(self) -> dict[ProgramInput, Execution]:
        """What has been run so far."""
        known = self._executions.items()
        return {pair: future.result() for pair, future in known if future.done() and not future.cancelled()}

    async def run(self, table: ProgramTable, wanted: Collection[Pair]) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """See `Executor`."""
        places: dict[ProgramInput, list[Pair]] = {}
        for row, column in wanted:
            places.setdefault((table.candidates[row].text, table.tests[column].stdin), []).append((row, column))
        unchecked: list[tuple[Pair, UnitTest, Cell]] = []
        async with aclosing(self._executed(places)) as executed:
            async for pair, execution in executed:
                for place in places[pair]:
                    test = table.tests[place[1]]
                    cell = _cell(execution, test, self.judging)
                    if self.judging.equal is None and cell.verdict is Verdict.OK:
                        unchecked.append((place, test, cell))
                    else:
                        yield place, cell
        async with aclosing(self._checked(unchecked)) as checked:
            async for place, cell in checked:
                yield place, cell

    async def _executed(self, pairs: Collection[ProgramInput]) -> AsyncGenerator[tuple[ProgramInput, Execution], None]:
        """Executions of the pairs, those known already and those another call waits for included."""
        missing: dict[str, list[str]] = {}
        for source, stdin in pairs:
            if (source, stdin) not in self._executions:
                self._executions[source, stdin] = asyncio.get_running_loop().create_future()
                missing.setdefault(source, []).append(stdin)
        done: asyncio.Queue[ProgramInput] = asyncio.Queue()
        for pair in pairs:
            self._executions[pair].add_done_callback(partial(_announce, done, pair))
        futures = {pair: self._executions[pair] for pair in pairs}
        running = asyncio.create_task(self._run(missing))
        try:
            for _ in futures:
                pair = await done.get()
                yield pair, futures[pair].result()
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self, wanted: dict[str, list[str]]) -> None:
        """Run the pairs and tell whoever waits for them; what fails for all is raised to all."""
        mine = {
            (source, stdin): self._executions[source, stdin] for source, inputs in wanted.items() for stdin in inputs
        }
        try:
            async with aclosing(run_pairs(self._sandbox, wanted, self.judging)) as executions:
                async for pair, execution in executions:
                    mine.pop(pair).set_result(execution)
        except Exception as error:  # noqa: BLE001 (raised by whoever waits)
            for future in mine.values():
                future.set_exception(error)
                future.exception()  # seen: whoever waits for several futures reads the first one's alone
        finally:
            for pair, future in mine.items():
                future.cancel()
                self._executions.pop(pair, None)

    async def _checked(
        self, unchecked: Collection[tuple[Pair, UnitTest, Cell]]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """The cells as the checker program has them."""
        questions: dict[str, list[tuple[Pair, Cell]]] = {}
        for place, test, cell in unchecked:
            question = json.dumps({"input": test.stdin, "output": cell.stdout, "expected": test.expected})
            questions.setdefault(question, []).append((place, cell))
        judging = replace(self.judging, limits=self.judging.checker_limits, give_up_after=None)
        asked = {self.judging.checker: list(questions)}
        async with aclosing(run_pairs(self._sandbox, asked, judging)) as answers:
            async for (_, question), answer in answers:
                for place, cell in questions[question]:
                    yield place, _judged(cell, answer)


async def fill(
    executor: Executor[RowT, ColumnT], table: ExecutionTable[RowT, ColumnT], wanted: Collection[Pair] | None = None
) -> ExecutionTable[RowT, ColumnT]:
    """The table with the cells wanted, all of them without `wanted`. Raises SandboxError where nothing can be run."""
    cells = dict(table.cells)
    pairs = [(row, column) for row in table.candidates for column in table.tests] if wanted is None else wanted
    async with aclosing(executor.run(table, pairs)) as known:
        async for place, cell in known:
            cells[place] = cell
    return replace(table, cells=cells)


def _announce(done: asyncio.Queue[ProgramInput], pair: ProgramInput, _: asyncio.Future[Execution]) -> None:
    done.put_nowait(pair)


def _cell(execution: Execution, test: UnitTest, judging: Judging) -> Cell:
    """The cell of one execution, compared with the expectation; False where a checker has yet to decide."""
    stdout = execution.stdout.decode(errors="replace")
    is_right = execution.verdict is Verdict.OK and judging.equal is not None and judging.equal(stdout, test.expected)
    return Cell(
        verdict=execution.verdict,
        passed=is_right,
        stdout=stdout,
        stderr_tail=execution.stderr_tail.decode(errors="replace"),
        reason=execution.reason,
        cpu_s=execution.cpu_s,
        peak_memory_kb=execution.peak_memory_kb,
    )


def _judged(cell: Cell, answer: Execution) -> Cell:
    """The cell of a program that ended well, after the checker's answer."""
    if answer.verdict in (Verdict.OK, Verdict.CRASH):
        return replace(cell, passed=answer.verdict is Verdict.OK)
    return replace(cell, verdict=Verdict.SANDBOX_ERROR, reason=f"the checker ended with {answer.verdict}")
