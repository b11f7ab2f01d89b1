"""An execution table that grows: each candidate runs on each test as soon as both are added."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from typing import Generic

from cure.table.executor import ColumnT, Executor, RowT
from cure.table.table import Cell, ExecutionTable, Pair


class GrowingTable(Generic[RowT, ColumnT]):
    """Collects candidates and tests, and fills missing cells in the background through an executor.

    `on_cell` is called with the candidate's name, the test's name and the cell as soon as a cell is filled.
    """

    def __init__(
        self, executor: Executor[RowT, ColumnT], on_cell: Callable[[str, str, Cell], None] = lambda *_: None
    ) -> None:
        self._executor = executor
        self._on_cell = on_cell
        self._candidates: dict[str, RowT] = {}
        self._tests: dict[str, ColumnT] = {}
        self._cells: dict[Pair, Cell] = {}
        self._queued: list[Pair] = []
        self._batches: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None

    def add_candidate(self, name: str, candidate: RowT) -> None:
        """Add a row; its executions start at once."""
        self._candidates[name] = candidate
        for test in self._tests:
            self._want(name, test)

    def add_test(self, name: str, test: ColumnT) -> None:
        """Add a column; its executions start at once."""
        self._tests[name] = test
        for candidate in self._candidates:
            self._want(candidate, name)

    def restore(self, candidate: str, test: str, cell: Cell) -> None:
        """Set a cell of a recorded run; to be called before its row and column are added."""
        self._cells[candidate, test] = cell

    def snapshot(self) -> ExecutionTable[RowT, ColumnT]:
        """The table with the cells known so far."""
        return ExecutionTable(dict(self._candidates), dict(self._tests), dict(self._cells))

    async def settle(self) -> ExecutionTable[RowT, ColumnT]:
        """The complete table, once every execution wanted so far has finished. Raises what the executor raised."""
        while self._queued or self._batches:
            self._flush()
            await asyncio.wait(set(self._batches))
        if self._failure is not None:
            raise self._failure
        return self.snapshot()

    async def cancel(self) -> None:
        """Cancel running executions and drop queued ones."""
        self._queued.clear()
        batches = list(self._batches)
        for batch in batches:
            batch.cancel()
        await asyncio.gather(*batches, return_exceptions=True)

    def _want(self, candidate: str, test: str) -> None:
        if (candidate, test) not in self._cells:
            if not self._queued:
                asyncio.get_running_loop().call_soon(self._flush)
            self._queued.append((candidate, test))

    def _flush(self) -> None:
        """Start one batch for everything queued since the last batch."""
        if not self._queued:
            return
        queued, self._queued = self._queued, []
        batch = asyncio.get_running_loop().create_task(self._run(queued))
        self._batches.add(batch)
        batch.add_done_callback(self._finished)

    def _finished(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        if not batch.cancelled():
            self._failure = self._failure or batch.exception()

    async def _run(self, queued: list[Pair]) -> None:
        table = ExecutionTable(self._candidates, self._tests)
        async with aclosing(self._executor.run(table, queued)) as cells:
            async for (candidate, test), cell in cells:
                self._cells[candidate, test] = cell
                self._on_cell(candidate, test, cell)
