"""Completes an evaluation: asks for missing samples, and runs a problem's table as soon as its samples are there."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from cure.json_lines import Lines, read_lines
from cure.problem import Problem
from engines import BatchProgress, Engine
from evaluator.run.directory import RunDirectory
from evaluator.run.problem_run import evaluate_problem
from evaluator.run.samples import Asker, Sample, Samples, fill
from evaluator.run.settings import Settings
from sandbox import Sandbox

SIDE_BY_SIDE = 16
"""Maximum tables computed at once: enough to fill the sandbox, few enough to bound memory."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Progress of an evaluation: finished samples and tables, and their totals."""

    samples: int
    of_samples: int
    tables: int
    of_tables: int
    executions: int
    failed: int
    """Samples whose request failed; `samples` includes them."""
    batch: BatchProgress | None = None
    """Progress of the batches, where samples are asked for by batch."""


async def execute(
    directory: RunDirectory,
    settings: Settings,
    problems: Sequence[Problem],
    askers: Sequence[Asker],
    sandbox: Sandbox,
    on_progress: Callable[[Progress], None] = lambda _: None,
    ask_again: bool = False,
) -> None:
    """Complete the run: each missing sample is asked for and each missing table computed once, and stored at once.

    With `ask_again`, failed samples are asked for again, and the tables made without them are computed anew.
    """
    run = _Run(directory, settings, problems, askers, sandbox, on_progress, ask_again)
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
        ask_again: bool,
    ) -> None:
        self._settings, self._problems, self._sandbox, self._on_progress = settings, problems, sandbox, on_progress
        self._directory = directory
        self._askers = {asker.role: asker for asker in askers}
        self._samples: dict[str, Samples] = {}
        self._lines: dict[str, Lines] = {}
        for role, asker in self._askers.items():
            path = directory.samples(role)
            # Opened before it is read: opening cuts off a torn last line.
            self._lines[role] = Lines(path)
            wanted = asker.settings.samples
            keys = None if asker.engine is None else asker.keys(problems)
            self._samples[role] = Samples.load(path, wanted, keys, ask_again)
        self._tables = Lines(directory.tables)
        done = read_lines(directory.tables)
        # A table made before a failed sample was asked for again is out of date.
        self._known = {record["problem"] for record in done if self._is_current(record)}
        every = [
            sample for role in self._samples.values() for found in role.found.values() for sample in found.values()
        ]
        self._there, self._failed = len(every), sum(bool(sample.error) for sample in every)
        self._tables_there, self._executions = len(self._known), 0
        self._gate = asyncio.Semaphore(SIDE_BY_SIDE)
        self._running: set[asyncio.Task[None]] = set()

    def _is_current(self, record: dict[str, object]) -> bool:
        failed = record.get("failed")
        if not isinstance(failed, dict):
            return False
        number = record["problem"]
        assert isinstance(number, int)
        now = {role: sum(bool(sample.error) for sample in self._samples[role].of(number)) for role in self._samples}
        complete = not any(self._samples[role].missing(number) for role in self._samples)
        return complete and all(failed.get(role, 0) == count for role, count in now.items())

    async def complete(self) -> None:
        """Ask for samples and compute tables until none is missing."""
        self._report()
        for number in range(len(self._problems)):
            await self._start_if_ready(number)
        engines = {id(asker.engine): asker.engine for asker in self._askers.values() if asker.engine is not None}
        try:
            async with asyncio.TaskGroup() as asking:
                for engine in engines.values():
                    asking.create_task(self._ask(engine, [a for a in self._askers.values() if a.engine is engine]))
        except BaseExceptionGroup as group:
            raise group.exceptions[0] from None
        while self._running:
            await asyncio.wait(self._running)
            self._raise()

    async def _ask(self, engine: Engine, askers: Sequence[Asker]) -> None:
        async with aclosing(fill(engine, askers, self._problems, self._samples, self._lines)) as filled:
            async for _, sample in filled:
                self._there += 1
                self._failed += bool(sample.error)
                self._report()
                await self._start_if_ready(sample.problem)

    async def _start_if_ready(self, number: int) -> None:
        self._raise()
        if number not in self._known and not any(samples.missing(number) for samples in self._samples.values()):
            self._known.add(number)
            self._running.add(asyncio.create_task(self._table(number)))
            await asyncio.sleep(0)

    def _raise(self) -> None:
        """Raise the error of a failed table, such as a lost sandbox or a full disk."""
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            task.result()

    async def _table(self, number: int) -> None:
        async with self._gate:
            codes, tests = (self._of(role, number) for role in ("coder", "tester"))
            table = await evaluate_problem(number, self._problems[number], codes, tests, self._settings, self._sandbox)
        self._tables.append(table.to_record())
        for samples in self._samples.values():
            samples.forget_texts(number)
        self._tables_there += 1
        self._executions += table.executions
        self._report()

    def _of(self, role: str, number: int) -> list[Sample]:
        return self._samples[role].of(number) if role in self._samples else []

    def _report(self) -> None:
        asked = sum(samples.wanted for samples in self._samples.values() if not samples.given)
        given = (found for samples in self._samples.values() if samples.given for found in samples.found.values())
        progress = Progress(
            samples=self._there,
            of_samples=asked * len(self._problems) + sum(map(len, given)),
            tables=self._tables_there,
            of_tables=len(self._problems),
            executions=self._executions,
            failed=self._failed,
        )
        self._on_progress(progress)

    def close(self) -> None:
        """Close the files and cancel the tables under way."""
        for task in self._running:
            task.cancel()
        for lines in (*self._lines.values(), self._tables):
            lines.close()
