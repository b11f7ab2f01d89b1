"""Fills tables of many problems through the sandbox, under a progress bar.

Executions on which the sandbox failed are repeated once.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TypeVar

from cure.problem import UnitTest
from cure.table import Candidate, Cell, Judging, Pair, ProgramExecutor, ProgramTable
from sandbox import Sandbox, Verdict

Item = TypeVar("Item")
_SIDE_BY_SIDE = 32
"""Tables filled at once: enough to keep every worker of the sandbox busy."""


@dataclass(frozen=True)
class EmptyTable:
    """Programs to run on tests, both by name, and the judging of their outputs."""

    programs: Mapping[str, str]
    tests: Mapping[str, UnitTest]
    judging: Judging
    wanted: tuple[Pair, ...] | None = None
    """The cells to fill; None for all."""

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """The cells to fill."""
        every = ((row, column) for row in self.programs for column in self.tests)
        return tuple(every) if self.wanted is None else self.wanted

    @property
    def size(self) -> int:
        """Number of cells to fill."""
        return len(self.pairs)


class ProgressBars:
    """Progress bars on stderr, one at a time; where stderr is no terminal, `filled` writes one line at the end."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet

    def track(self, title: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, one by one, under a bar with this title."""
        from rich.console import Console
        from rich.progress import track

        return iter(
            track(items, title, console=Console(file=sys.stderr), disable=self.quiet or not items, transient=True)
        )

    async def filled(self, title: str, sandbox: Sandbox, tables: Mapping[int, EmptyTable]) -> dict[int, ProgramTable]:
        """The tables by number, with the wanted cells filled under a bar with this title.

        Raises SandboxError where nothing can be run.
        """
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        total = sum(table.size for table in tables.values())
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=sys.stderr), disable=self.quiet or not total) as progress:
            bar = progress.add_task(title, total=total)
            gate = asyncio.Semaphore(_SIDE_BY_SIDE)

            async def fill(table: EmptyTable) -> ProgramTable:
                async with gate:
                    return await filled(sandbox, table, lambda: progress.advance(bar))

            try:
                async with asyncio.TaskGroup() as group:
                    tasks = {number: group.create_task(fill(table)) for number, table in tables.items()}
            except BaseExceptionGroup as errors:
                raise errors.exceptions[0] from None
            return {number: task.result() for number, task in tasks.items()}


async def filled(sandbox: Sandbox, empty: EmptyTable, advance: Callable[[], None] = lambda: None) -> ProgramTable:
    """The table with its wanted cells filled; `advance` is called once for each cell.

    Executions with the verdict `sandbox_error` are repeated once.

    Raises SandboxError where nothing can be run.
    """
    table: ProgramTable = ProgramTable(
        {name: Candidate(source) for name, source in empty.programs.items()}, empty.tests
    )
    executor = ProgramExecutor(sandbox, empty.judging)
    cells: dict[Pair, Cell] = {}

    async def run(wanted: Collection[Pair], advance: Callable[[], None]) -> None:
        async with aclosing(executor.run(table, wanted)) as known:
            async for place, cell in known:
                cells[place] = cell
                advance()

    await run(empty.pairs, advance)
    again = [place for place, cell in cells.items() if cell.verdict is Verdict.SANDBOX_ERROR]
    if again:
        broken = {pair for pair, execution in executor.executions.items() if execution.verdict is Verdict.SANDBOX_ERROR}
        executor.forget(broken)
        await run(again, lambda: None)
    return replace(table, cells=cells)
