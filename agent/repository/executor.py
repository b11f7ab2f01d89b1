"""Runs patches on checks: all checks that a patch lacks in one session of its test suite."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from agent.repository.cells import base_cell, existing_cell, generated_cell, passed_on_base
from agent.repository.checks.verdicts import Report
from agent.repository.files import Changed
from agent.repository.patches import Check, Patch
from cure.table import Cell, ExecutionTable, Pair
from sandbox import SandboxError, Verdict

RunTests = Callable[[Changed, Sequence[str]], Awaitable[Report]]
"""Runs the tests in these files over the snapshot of a repository with some files changed; raises SandboxError where
nothing can be run.
"""


@dataclass(kw_only=True)
class PatchExecutor:
    """Executes patches on checks. Each distinct pair of patch and check is run once."""

    run_tests: RunTests
    place: Callable[[str], str]
    """The path of a generated test file with this name, where its imports work as those of its neighbours do."""
    changed_by: Callable[[str], Changed]
    """The files that a patch changes, by its text; none for an empty text, which is the unchanged code."""
    known: dict[Pair, Cell] = field(default_factory=dict)
    """Cells by text of the patch and stimulus of the check."""
    _base: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def run(
        self, table: ExecutionTable[Patch, Check], wanted: Collection[Pair]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        """Each wanted cell with its place, those of one patch together; see `cure.table.Executor`."""
        places: dict[str, dict[Check, list[Pair]]] = {}
        for row, column in wanted:
            checks = places.setdefault(table.candidates[row].text, {})
            checks.setdefault(table.tests[column], []).append((row, column))
        # The unchanged code comes first: what it passes decides whether a patch breaks anything.
        for text in sorted(places, key=bool):
            cells = await self.cells(text, list(places[text]))
            for check, pairs in places[text].items():
                for pair in pairs:
                    yield pair, cells[check]

    async def cells(self, text: str, checks: Sequence[Check]) -> Mapping[Check, Cell]:
        """The cells of a patch on these checks, run as far as they are not known. Raises SandboxError."""
        if text:
            await self._base_cells([check for check in checks if check.trusted])
            await self._run(text, checks)
        else:
            await self._base_cells(checks)
        return {check: self.known[text, check.stimulus] for check in checks}

    async def _base_cells(self, checks: Sequence[Check]) -> None:
        async with self._base:
            await self._run("", checks)

    async def _run(self, text: str, checks: Sequence[Check]) -> None:
        missing = [check for check in checks if (text, check.stimulus) not in self.known]
        if not missing:
            return
        generated = {check: self.place(name_of(check)) for check in missing if not check.trusted}
        files = {path: check.stimulus.encode(errors="replace") for check, path in generated.items()}
        targets = [generated.get(check, check.stimulus) for check in missing]
        report = await self.run_tests({**self.changed_by(text), **files}, targets)
        for check, target in zip(missing, targets, strict=True):
            cell = self._cell(text, check, target, report)
            if cell.verdict is Verdict.SANDBOX_ERROR:
                raise SandboxError(cell.reason)
            self.known[text, check.stimulus] = cell

    def _cell(self, text: str, check: Check, target: str, report: Report) -> Cell:
        if not check.trusted:
            return generated_cell(report, target)
        if not text:
            return base_cell(report.passed, target)
        return existing_cell(report, target, passed_on_base(self.known["", check.stimulus]))


def name_of(check: Check) -> str:
    """A name for the file of a generated test, equal for equal texts."""
    return hashlib.sha256(check.stimulus.encode(errors="replace")).hexdigest()[:12]
