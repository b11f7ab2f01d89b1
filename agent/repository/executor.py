"""Runs patches on checks: whatever a patch lacks when its turn comes, in one session of its tests."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

from agent.repository.cells import base_cell, existing_cell, generated_cell
from agent.repository.checks.verdicts import FAILURES, Report
from agent.repository.files import Changed
from agent.repository.patches import Check, Patch
from cure.table import Cell, ExecutionTable, Pair
from sandbox import SandboxError, Verdict

RunTests = Callable[[Changed, Sequence[str]], Awaitable[Report]]
"""Runs the tests in these files over the snapshot of a repository with some files changed; raises SandboxError where
nothing can be run.
"""
Wanted = tuple[str, Check]
"""Text of a patch, and a check."""


@dataclass(kw_only=True)
class PatchExecutor:
    """Executes patches on checks. Each distinct pair of patch and check is run once.

    Starting a session of tests takes longer than most tests do. So the checks that a patch lacks are collected until
    one of the `slots` sessions that run side by side is free, and then run together.
    """

    run_tests: RunTests
    place: Callable[[str], str]
    """The path of a generated test file with this name, where its imports work as those of its neighbours do."""
    changed_by: Callable[[str], Changed]
    """The files that a patch changes, by its text; none for an empty text, which is the unchanged code."""
    known: dict[Pair, Cell] = field(default_factory=dict)
    """Cells by text of the patch and stimulus of the check."""
    slots: int = 2
    _waiting: dict[str, dict[Check, asyncio.Future[Cell]]] = field(default_factory=dict)
    """Checks whose turn has not come, by text of the patch."""
    _running: dict[Wanted, asyncio.Future[Cell]] = field(default_factory=dict)
    _sessions: set[asyncio.Task[None]] = field(default_factory=set)
    _callers: int = 0

    async def run(
        self, table: ExecutionTable[Patch, Check], wanted: Collection[Pair]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """Each wanted cell with its place, as soon as it is known; see `cure.table.Executor`."""
        places: dict[Wanted, list[Pair]] = {}
        for row, column in wanted:
            places.setdefault((table.candidates[row].text, table.tests[column]), []).append((row, column))
        self._callers += 1
        try:
            futures = {self._future(key): key for key in places}
            while futures:
                self._start()
                done, _ = await asyncio.wait(futures, return_when=asyncio.FIRST_COMPLETED)
                for future in done:
                    cell = future.result()
                    for pair in places[futures.pop(future)]:
                        yield pair, cell
        finally:
            self._callers -= 1
            if not self._callers:
                await self._stop()

    def _future(self, key: Wanted) -> asyncio.Future[Cell]:
        text, check = key
        if key in self._running:
            return self._running[key]
        waiting = self._waiting.get(text, {})
        if check in waiting:
            return waiting[check]
        future: asyncio.Future[Cell] = asyncio.get_running_loop().create_future()
        if (text, check.stimulus) in self.known:
            future.set_result(self.known[text, check.stimulus])
        else:
            self._waiting.setdefault(text, {})[check] = future
        return future

    def _start(self) -> None:
        """Start sessions as long as one is free and a patch lacks cells."""
        while self._waiting and len(self._sessions) < self.slots:
            # The unchanged code comes first: what it passes decides which tests count.
            text = "" if "" in self._waiting else next(iter(self._waiting))
            session = asyncio.get_running_loop().create_task(self._session(text, self._waiting.pop(text)))
            self._sessions.add(session)
            session.add_done_callback(self._ended)

    def _ended(self, session: asyncio.Task[None]) -> None:
        self._sessions.discard(session)
        if not session.cancelled():
            session.exception()  # the callers have it
            self._start()

    async def _stop(self) -> None:
        """End all sessions: nobody waits for their cells."""
        self._waiting.clear()
        sessions = list(self._sessions)
        for session in sessions:
            session.cancel()
        await asyncio.gather(*sessions, return_exceptions=True)

    async def _session(self, text: str, wanted: dict[Check, asyncio.Future[Cell]]) -> None:
        """Run a patch on checks, and set the cells, or the error that ended the session."""
        self._running |= {(text, check): future for check, future in wanted.items()}
        try:
            before = [check for check in wanted if check.trusted and ("", check.stimulus) not in self.known]
            if text and before:
                await self._execute("", before)
            await self._execute(text, list(wanted))
            for check, future in wanted.items():
                future.set_result(self.known[text, check.stimulus])
        except Exception as error:
            for future in wanted.values():
                future.set_exception(error)
                # Mark the error as retrieved: a caller that awaits several futures reads only the first.
                future.exception()
            raise
        finally:
            for check, future in wanted.items():
                self._running.pop((text, check), None)
                future.cancel()  # has no effect on a future with a result

    async def _execute(self, text: str, checks: Sequence[Check]) -> None:
        generated = {check: self.place(name_of(check)) for check in checks if not check.trusted}
        files = {path: check.stimulus.encode(errors="replace") for check, path in generated.items()}
        targets = [generated.get(check, check.stimulus) for check in checks]
        report = await self.run_tests({**self.changed_by(text), **files}, targets)
        for check, target in zip(checks, targets, strict=True):
            cell = self._cell(text, check, target, report)
            if cell.verdict is Verdict.SANDBOX_ERROR:
                raise SandboxError(cell.reason)
            self.known[text, check.stimulus] = cell

    def _cell(self, text: str, check: Check, target: str, report: Report) -> Cell:
        if not check.trusted:
            return generated_cell(report, target)
        if not text:
            return base_cell(report.passed, report.having(*FAILURES), target)
        return existing_cell(report, target, self.known["", check.stimulus])


def name_of(check: Check) -> str:
    """A name for the file of a generated test, equal for equal texts."""
    return hashlib.sha256(check.stimulus.encode(errors="replace")).hexdigest()[:12]
