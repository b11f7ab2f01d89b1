"""Builds the tables of stored programs and tests: executes them in the sandbox, and writes what may be published.

Every program runs on every public and generated test, even after it ran out of time: otherwise the tests left out would
tell a selector that a hidden test ran out of time. On hidden tests a program is run no further once it has run out of
time on one of them, since it is then wrong.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.tables.sources import Sources, is_withheld
from benchmarks.tables.stored import SUFFIX
from cure.json_lines import Lines, read_lines
from cure.problem import Problem
from evaluator.run.problem_run import ExtractedAnswers, columns_of, digest_of, table_of
from evaluator.run.settings import Settings
from evaluator.run.tables import NOT_RUN, TIMED_OUT, EvaluatedTable
from sandbox import Execution, Job, Sandbox

KEPT = 400
"""Maximum number of characters of an output that are stored."""
SETTINGS = Settings(
    dataset="stored answers",
    data_sha256="",
    coder=None,
    tester=None,
    give_up_after=1,
    time_factor=0,
    keep_outputs=KEPT,
)
_NEVER_GIVE_UP = SETTINGS.model_copy(update={"give_up_after": None})
SIDE_BY_SIDE = 4
_WALL_LIMIT_FACTOR = 30
"""Wall-clock limit of an execution, as a multiple of its CPU seconds: tables are made on busy machines as well."""


@dataclass(frozen=True)
class LongWallLimit:
    """A sandbox with a long wall-clock limit, for programs that get little of the processor."""

    sandbox: Sandbox

    @property
    def isolation(self) -> str:
        return self.sandbox.isolation

    @property
    def packages(self) -> Mapping[str, str]:
        return self.sandbox.packages

    def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        return self.sandbox.run(
            [replace(job, limits=replace(job.limits, wall_s=_WALL_LIMIT_FACTOR * job.limits.cpu_s)) for job in jobs]
        )

    async def close(self) -> None:
        await self.sandbox.close()


async def build(
    sources: Sources,
    pair: tuple[str, str],
    work: Path,
    sandbox: Sandbox,
    *,
    limit: int | None = None,
    on_table: Callable[[], None] = lambda: None,
) -> list[EvaluatedTable]:
    """The tables of a coder and a tester, of their first `limit` problems; tables in the file `work` are not run again.

    A table in `work` is run again if its programs or tests are no longer those of the sources, or if the sandbox failed
    on one of its cells.
    """
    names = sources.common(*pair)[:limit]
    lines = Lines(work)
    made = {record["name"]: EvaluatedTable.from_record(record) for record in read_lines(work)}
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def one(number: int, name: str) -> EvaluatedTable:
        answers = _answers(sources, pair, name)
        problem = sources.problems[name]
        table = made.get(name)
        if table is None or not _is_of(table, answers, columns_of(problem, answers, SETTINGS.public_tests)):
            async with gate:
                table = await _executed(number, problem, answers, LongWallLimit(sandbox))
            lines.append(table.to_record())
        on_table()
        return replace(table, problem=number)

    try:
        return list(await asyncio.gather(*(one(number, name) for number, name in enumerate(names))))
    finally:
        lines.close()


async def _executed(number: int, problem: Problem, answers: ExtractedAnswers, sandbox: Sandbox) -> EvaluatedTable:
    """The table of one problem: the tests that a selector may read are run first, then the hidden tests."""
    shown = await table_of(number, replace(problem, hidden=()), answers, _NEVER_GIVE_UP, sandbox)
    return await table_of(number, problem, answers, SETTINGS, sandbox, shown)


def write(tables: Sequence[EvaluatedTable], path: Path) -> None:
    """Write the tables as they are published; equal tables give an equal file."""
    text = "".join(json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n" for record in _records(tables))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(text.encode(errors="surrogatepass"), mtime=0))


def file_of(pair: tuple[str, str], folder: Path) -> Path:
    """The file of a coder and a tester."""
    return folder / f"{'+'.join(pair)}{SUFFIX}"


def published(table: EvaluatedTable) -> EvaluatedTable:
    """The table as it is published, without anything that depends on when or where it was made.

    Times, memory and numbers of executions are left out, and so is what a program did on hidden tests after the first
    one on which it ran out of time. Where texts may not be published (`is_withheld`), digests replace programs, equal
    for equal texts, and inputs and outputs, equal for equal tokens.
    """
    kept = [_known(table, row) for row in range(len(table.programs))]
    table = replace(
        table,
        cells=tuple(cells for cells, _ in kept),
        outputs=tuple(outputs for _, outputs in kept),
        cpu_s=(0,) * len(kept),
        peak_kb=(0,) * len(kept),
        executions=0,
    )
    table = replace(table, texts={digest: text for digest, text in table.texts.items() if digest in _printed(table)})
    if not is_withheld(table.name):
        return table
    return replace(
        table,
        programs=tuple(None if program is None else hash_of(program) for program in table.programs),
        columns=tuple(
            replace(column, stdin=digest_of(column.stdin), expected=digest_of(column.expected))
            for column in table.columns
        ),
        texts={},
    )


def _known(table: EvaluatedTable, row: int) -> tuple[str, tuple[str, ...]]:
    """Letters and outputs of a program, without those of hidden tests after the first on which it ran out of time."""
    cells, outputs = [*table.cells[row]], [*table.outputs[row]]
    hidden = [place for place, column in enumerate(table.columns) if column.suite == "hidden" and cells]
    late = next((at for at, place in enumerate(hidden) if cells[place] == TIMED_OUT), len(hidden))
    for place in hidden[late + 1 :]:
        cells[place], outputs[place] = NOT_RUN, ""
    return "".join(cells), tuple(outputs)


def _printed(table: EvaluatedTable) -> set[str]:
    return {output for row in table.outputs for output in row}


def _answers(sources: Sources, pair: tuple[str, str], name: str) -> ExtractedAnswers:
    coder, tester = pair
    return ExtractedAnswers(
        programs=dict(enumerate(sources.programs[coder][name])),
        tests=dict(enumerate(sources.tests[tester][name])),
        truncated={},
    )


def _is_of(table: EvaluatedTable, answers: ExtractedAnswers, columns: Sequence[object]) -> bool:
    """Whether the table has these answers, and the sandbox failed on no cell."""
    programs = tuple(found.value for found in answers.programs.values())
    return table.programs == programs and [*table.columns] == [*columns] and not table.lost


def _records(tables: Sequence[EvaluatedTable]) -> Iterator[dict[str, object]]:
    return (published(table).to_record() for table in tables)


def hash_of(program: str) -> str:
    """The digest that replaces a program whose text is not published."""
    return "#" + hashlib.sha256(program.encode(errors="replace")).hexdigest()[:16]
