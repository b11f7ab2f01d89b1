"""Executors fill the cells of a table; `ProgramExecutor` runs programs on unit tests."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Collection, Iterable, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Protocol, TypeVar

from cure.problem import UnitTest
from cure.table.judging import Judging
from cure.table.pairs import ProgramInput, run_pairs
from cure.table.table import Cell, Column, ExecutionTable, Pair, ProgramColumn, ProgramTable, Row
from sandbox import Execution, Sandbox, Verdict

RowT = TypeVar("RowT", bound=Row)
ColumnT = TypeVar("ColumnT", bound=Column)
RowT_contra = TypeVar("RowT_contra", bound=Row, contravariant=True)
ColumnT_contra = TypeVar("ColumnT_contra", bound=Column, contravariant=True)


MOST_TIMEOUTS = 2
"""Time-outs after which a program is not run on more inputs without a known output, since they would only cost time."""


class Executor(Protocol[RowT_contra, ColumnT_contra]):
    """Runs candidates on tests."""

    def run(
        self, table: ExecutionTable[RowT_contra, ColumnT_contra], wanted: Collection[Pair]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """Each wanted cell of `table` with its place (row, column), as soon as it is known. May be called concurrently;
        closing the generator cancels the executions that are left. Raises SandboxError where no candidate can be run.
        """


class ProgramExecutor:
    """Runs programs on unit tests. Each distinct pair of program and input is run once, whichever call asks for it."""

    def __init__(self, sandbox: Sandbox, judging: Judging, known: _Known | None = None) -> None:
        self._sandbox = sandbox
        self.judging = judging
        self._known = _Known() if known is None else known

    def under(self, judging: Judging) -> ProgramExecutor:
        """An executor with another judging; the two share their executions."""
        return ProgramExecutor(self._sandbox, judging, self._known)

    def forget(self, pairs: Iterable[ProgramInput]) -> None:
        """Discard the executions of these pairs, which run again when they are next wanted."""
        for pair in pairs:
            self._known.executions.pop(pair, None)

    def remember(self, executions: Mapping[ProgramInput, Execution]) -> None:
        """Reuse these earlier executions: their pairs are not run again."""
        self._known.executions.update(executions)

    @property
    def executions(self) -> Mapping[ProgramInput, Execution]:
        """All executions so far, by program and input."""
        return self._known.executions

    async def run(self, table: ProgramTable, wanted: Collection[Pair]) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """Each wanted cell with its place; see `Executor.run`."""
        places: dict[ProgramInput, list[Pair]] = {}
        for row, column in wanted:
            places.setdefault((table.candidates[row].text, table.tests[column].stdin), []).append((row, column))
        unchecked: list[tuple[Pair, UnitTest, Cell]] = []
        judging = self.judging.with_room_for(
            test.expected for test in table.tests.values() if test.expected is not None
        )
        tested = [pair for pair, names in places.items() if any(table.tests[name].judges for _, name in names)]
        async with aclosing(self._tested_first(tested, places, judging)) as executed:
            async for pair, execution in executed:
                for place in places[pair]:
                    test = table.tests[place[1]]
                    cell = _cell(execution, test, self.judging)
                    if self.judging.equal is None and isinstance(test, UnitTest) and cell.verdict is Verdict.OK:
                        unchecked.append((place, test, cell))
                    else:
                        yield place, cell
        async with aclosing(self._checked(unchecked)) as checked:
            async for place, cell in checked:
                yield place, cell

    async def _tested_first(
        self, tested: Collection[ProgramInput], pairs: Collection[ProgramInput], judging: Judging
    ) -> AsyncGenerator[tuple[ProgramInput, Execution], None]:
        """Executions of the `tested` pairs, then of the others, on which a program is run no further after
        MOST_TIMEOUTS time-outs.
        """
        async with aclosing(self._executed(tested, judging)) as executions:
            async for pair, execution in executions:
                yield pair, execution
        judged = set(tested)
        others = [pair for pair in pairs if pair not in judged]
        async with aclosing(self._executed(others, replace(judging, give_up_after=MOST_TIMEOUTS))) as executions:
            async for pair, execution in executions:
                if execution.verdict is Verdict.NOT_RUN:
                    self.forget([pair])  # a test may have this input later
                yield pair, execution

    async def _executed(
        self, pairs: Collection[ProgramInput], judging: Judging
    ) -> AsyncGenerator[tuple[ProgramInput, Execution], None]:
        """Executions of the pairs: known ones first, then new ones, then those that another call runs.

        A pair that the other call gave up on is run here, unless this call gives up on programs as well.
        """
        known, awaited, missing = self._known.claim(pairs)
        left = {(source, stdin) for source, inputs in missing.items() for stdin in inputs}
        try:
            for pair in known:
                yield pair, self._known.executions[pair]
            async with aclosing(run_pairs(self._sandbox, missing, judging)) as executions:
                async for pair, execution in executions:
                    left.discard(pair)
                    self._known.learn(pair, execution)
                    yield pair, execution
        except Exception as error:
            self._known.give_up(left, error)
            raise
        finally:
            self._known.give_up(left)
        given_up: list[ProgramInput] = []
        for pair, future in awaited.items():
            execution = await future
            if execution.verdict is Verdict.NOT_RUN and judging.give_up_after is None:
                given_up.append(pair)
            else:
                yield pair, execution
        if given_up:
            self.forget(given_up)
            async with aclosing(self._executed(given_up, judging)) as executions:
                async for pair, execution in executions:
                    yield pair, execution

    async def _checked(
        self, unchecked: Collection[tuple[Pair, UnitTest, Cell]]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """The cells with their places, passed or failed by the checker program."""
        questions: dict[str, list[tuple[Pair, Cell]]] = {}
        for place, test, cell in unchecked:
            question = json.dumps({"input": test.stdin, "output": cell.stdout, "expected": test.expected})
            questions.setdefault(question, []).append((place, cell))
        judging = replace(self.judging, limits=self.judging.checker_limits, give_up_after=None)
        checks = {self.judging.checker: list(questions)}
        async with aclosing(run_pairs(self._sandbox, checks, judging)) as answers:
            async for (_, question), answer in answers:
                for place, cell in questions[question]:
                    yield place, _judged(cell, answer)


class _Known:
    """Executions by program and input, and futures of those that other calls wait for."""

    def __init__(self) -> None:
        self.executions: dict[ProgramInput, Execution] = {}
        self._running: dict[ProgramInput, asyncio.Future[Execution] | None] = {}
        """By running pair: the future that other calls await; None while there is no such call."""

    def claim(
        self, pairs: Iterable[ProgramInput]
    ) -> tuple[list[ProgramInput], dict[ProgramInput, asyncio.Future[Execution]], dict[str, list[str]]]:
        """Known pairs; pairs that another call runs, with their futures; inputs to run, by program. The caller has to
        call `learn` or `give_up` for every input to run.
        """
        known: list[ProgramInput] = []
        awaited: dict[ProgramInput, asyncio.Future[Execution]] = {}
        missing: dict[str, list[str]] = {}
        for pair in pairs:
            if pair in self.executions:
                known.append(pair)
            elif pair in self._running:
                future = self._running[pair] or asyncio.get_running_loop().create_future()
                awaited[pair] = self._running[pair] = future
            else:
                self._running[pair] = None
                missing.setdefault(pair[0], []).append(pair[1])
        return known, awaited, missing

    def learn(self, pair: ProgramInput, execution: Execution) -> None:
        """Store the execution and set it as the result of the pair's future."""
        self.executions[pair] = execution
        if future := self._running.pop(pair, None):
            future.set_result(execution)

    def give_up(self, pairs: Iterable[ProgramInput], error: Exception | None = None) -> None:
        """Set the error on the futures of these pairs, which were not run; without an error, cancel the futures."""
        for pair in pairs:
            future = self._running.pop(pair, None)
            if future is None or future.cancelled():
                continue
            if error is None:
                future.cancel()
            else:
                future.set_exception(error)
                # Mark the error as retrieved: a call that awaits several futures reads only the first.
                future.exception()


async def fill(
    executor: Executor[RowT, ColumnT], table: ExecutionTable[RowT, ColumnT], wanted: Collection[Pair] | None = None
) -> ExecutionTable[RowT, ColumnT]:
    """The table with the wanted cells filled, all cells for None. Raises SandboxError where no candidate can be run."""
    cells = dict(table.cells)
    pairs = [(row, column) for row in table.candidates for column in table.tests] if wanted is None else wanted
    async with aclosing(executor.run(table, pairs)) as known:
        async for place, cell in known:
            cells[place] = cell
    return replace(table, cells=cells)


def _cell(execution: Execution, test: ProgramColumn, judging: Judging) -> Cell:
    """The cell of one execution; `passed` is False where the column does not judge, or a checker has yet to decide."""
    stdout = execution.stdout.decode(errors="replace")
    is_right = (
        execution.verdict is Verdict.OK
        and judging.equal is not None
        and test.expected is not None
        and judging.equal(stdout, test.expected)
    )
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
