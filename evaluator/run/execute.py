"""Completes an evaluation: asks for missing samples, and executes a problem's table once its samples have arrived."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from cure.json_lines import Lines
from cure.problem import Problem
from engines import BatchProgress, Engine
from evaluator.run.directory import RunDirectory
from evaluator.run.problem_run import evaluate_problem
from evaluator.run.samples import Asker, Sample, Samples, fill
from evaluator.run.settings import Settings
from evaluator.run.stored import read_tables
from evaluator.run.tables import NOT_RUN, UNKNOWN, EvaluatedTable
from sandbox import Sandbox

SIDE_BY_SIDE = 16
"""Maximum tables computed at once: enough to fill the sandbox, few enough to bound memory."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Progress of an evaluation: finished samples and tables, and their totals."""

    samples: int
    """Answers, stored earlier or new."""
    of_samples: int
    tables: int
    of_tables: int
    executions: int
    """Executions made since `execute` was called."""
    failed: int
    """Samples whose request failed since `execute` was called."""
    batch: BatchProgress | None = None
    """Progress of the batches, where samples are asked for by batch."""


async def execute(
    directory: RunDirectory,
    settings: Settings,
    problems: Sequence[Problem],
    askers: Sequence[Asker],
    sandbox: Sandbox,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> None:
    """Complete the run: ask for each missing sample and make each missing execution; store results as they arrive.

    A sample whose request fails, and an execution on which the sandbox fails, stay missing, and are tried again by the
    next call. Once the sandbox has failed on every execution of a table, samples are still requested, but no further
    table is executed.

    Raises EngineError where an engine fails before its first sample or after its last, SandboxError where nothing can
    be run.
    """
    run = _Run(directory, settings, problems, askers, sandbox, on_progress)
    try:
        await run.complete()
    finally:
        run.close()


class _Run:
    def __init__(
        self,
        directory: RunDirectory,
        settings: Settings,
        problems: Sequence[Problem],
        askers: Sequence[Asker],
        sandbox: Sandbox,
        on_progress: Callable[[Progress], None],
    ) -> None:
        self._settings, self._problems, self._sandbox, self._on_progress = settings, problems, sandbox, on_progress
        self._askers = [asker for asker in askers if asker.engine is not None]
        # Files are opened before they are read: opening cuts off an incomplete last line.
        self._lines: dict[str, Lines] = {asker.role: Lines(directory.samples(asker.role)) for asker in askers}
        self._samples: dict[str, Samples] = {
            asker.role: Samples(
                directory.samples(asker.role),
                asker.settings.samples,
                None if asker.engine is None else asker.keys(problems),
            )
            for asker in askers
        }
        self._tables = Lines(directory.tables)
        self._earlier = read_tables(directory)
        self._unsettled = [
            sum(len(self._samples[asker.role].missing(number)) for asker in self._askers)
            for number in range(len(problems))
        ]
        """For each problem, the number of samples that have neither arrived nor failed."""
        self._gate = asyncio.Semaphore(SIDE_BY_SIDE)
        self._running: set[asyncio.Task[None]] = set()
        self._sandbox_is_lost = False
        had = sum(len(samples.of(number)) for samples in self._samples.values() for number in range(len(problems)))
        missing = sum(self._unsettled)
        self._progress = Progress(
            samples=had, of_samples=had + missing, tables=0, of_tables=len(problems), executions=0, failed=0
        )

    async def complete(self) -> None:
        """Ask for samples and compute tables until every sample has arrived or failed and every table is finished."""
        self._report()
        for number, missing in enumerate(self._unsettled):
            if not missing:
                await self._start_table(number)
        engines = {id(asker.engine): asker.engine for asker in self._askers if asker.engine is not None}
        try:
            async with asyncio.TaskGroup() as asking:
                for engine in engines.values():
                    asking.create_task(self._ask(engine, [a for a in self._askers if a.engine is engine]))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        while self._running:
            await asyncio.wait(self._running)
            self._raise()

    async def _ask(self, engine: Engine, askers: Sequence[Asker]) -> None:
        async with aclosing(fill(engine, askers, self._problems, self._samples, self._lines)) as filled:
            async for sample in filled:
                failed = bool(sample.error)
                self._report(samples=self._progress.samples + (not failed), failed=self._progress.failed + failed)
                self._unsettled[sample.problem] -= 1
                if not self._unsettled[sample.problem]:
                    await self._start_table(sample.problem)

    async def _start_table(self, number: int) -> None:
        self._raise()
        self._running.add(asyncio.create_task(self._table(number)))
        await asyncio.sleep(0)

    def _raise(self) -> None:
        """Raise the error that a table failed with, such as that of a full disk."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            task.result()

    async def _table(self, number: int) -> None:
        """Make the missing executions of a problem's table, if the problem has an answer and the sandbox works."""
        codes, tests = (self._answers(role, number) for role in ("coder", "tester"))
        async with self._gate:
            earlier = self._earlier.of(number)
            if earlier is not None and _is_complete(earlier, codes, tests):
                self._finish(number)
                return
            if not (codes or tests) or self._sandbox_is_lost:
                return
            problem = self._problems[number]
            table = await evaluate_problem(number, problem, codes, tests, self._settings, self._sandbox, earlier)
        failed = {role: len(samples.missing(number)) for role, samples in self._samples.items()}
        table = replace(table, failed=table.failed | failed)
        self._tables.append(table.to_record())
        self._sandbox_is_lost = self._sandbox_is_lost or _is_all_lost(table)
        self._finish(number, table.executions - (0 if earlier is None else earlier.executions))

    def _finish(self, number: int, executions: int = 0) -> None:
        for samples in self._samples.values():
            samples.forget_texts(number)
        self._report(tables=self._progress.tables + 1, executions=self._progress.executions + executions)

    def _answers(self, role: str, number: int) -> list[Sample]:
        return self._samples[role].of(number) if role in self._samples else []

    def _report(self, **changed: Any) -> None:
        self._progress = replace(self._progress, **changed)
        self._on_progress(self._progress)

    def close(self) -> None:
        """Close the files and cancel the tables under way."""
        for task in self._running:
            task.cancel()
        for lines in (*self._lines.values(), self._tables):
            lines.close()


def _is_complete(table: EvaluatedTable, codes: Sequence[Sample], tests: Sequence[Sample]) -> bool:
    """Whether the table has exactly these answers, and no cell on which the sandbox failed."""
    answers = tuple(sample.index for sample in codes), tuple(sample.index for sample in tests)
    lost = UNKNOWN in "".join((*table.cells, table.reference or ""))
    return (table.program_samples, table.test_samples) == answers and not lost


def _is_all_lost(table: EvaluatedTable) -> bool:
    """Whether the sandbox failed on every execution of the table."""
    letters = set("".join((*table.cells, table.reference or "")))
    return bool(letters) and letters <= {UNKNOWN, NOT_RUN}
