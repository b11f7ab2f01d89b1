"""Execution tables of an evaluation: one for each problem, kept as a line as soon as it is complete."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cure.extract import extractor
from cure.problem import Problem, UnitTest
from cure.table import Candidate, Cell, Pair, ProgramExecutor, ProgramTable, judging_of
from cure.table.compare import normalise
from evaluator.run.samples import Sample
from evaluator.run.settings import Settings
from sandbox import Sandbox, Verdict

LETTERS = {
    Verdict.OK: "W",
    Verdict.CRASH: "C",
    Verdict.TIMEOUT: "T",
    Verdict.MEMORY: "M",
    Verdict.OUTPUT_LIMIT: "O",
    Verdict.NOT_RUN: "N",
    Verdict.SANDBOX_ERROR: "S",
}
"""What a cell says: P passed, W ended well with a wrong answer, and the verdicts."""
PASSED, UNKNOWN, NOT_RUN = "P", LETTERS[Verdict.SANDBOX_ERROR], LETTERS[Verdict.NOT_RUN]


@dataclass(frozen=True)
class Column:
    """One test of a table."""

    suite: str
    """`hidden`, `public`, `generated`."""
    index: int
    """In its suite; of a generated test, which of the tester's samples it is from."""
    stdin: str
    expected: str


@dataclass(frozen=True)
class EvaluatedTable:
    """What every program of a problem did on every test."""

    problem: int
    name: str
    programs: tuple[str | None, ...]
    """By sample; None where none could be read."""
    program_failures: tuple[str, ...]
    """Why, by sample; empty where one was read."""
    requested_tests: int
    test_failures: dict[int, str]
    """Why a sample of the tester holds no test."""
    columns: tuple[Column, ...]
    cells: tuple[str, ...]
    """A row for each program: a letter for each column; empty for a program that could not be read."""
    outputs: tuple[tuple[str, ...], ...]
    """A row for each program: what it printed in each column, as a digest of its tokens."""
    cpu_s: tuple[float, ...]
    """Per program, of its slowest execution."""
    peak_kb: tuple[int, ...]
    reference: str | None = None
    """The row of the reference solution; None where the problem has none."""
    limit_s: float = 1.0
    comparison: str = "tokens"
    executions: int = 0
    truncated: dict[str, int] = field(default_factory=dict)
    """Samples cut at the most tokens allowed, by role."""
    failed: dict[str, int] = field(default_factory=dict)
    """Samples that an engine could not give, by role."""
    difficulty: str = ""
    """As the set names it; empty where it does not."""
    date: str = ""
    """When the problem was published, YYYY-MM-DD; empty where the set does not say so."""

    def passes(self, suite: str) -> NDArray[np.bool_]:
        """(programs, tests of the suite); a program that could not be read passes nothing."""
        chosen = [number for number, column in enumerate(self.columns) if column.suite == suite]
        rows = [[bool(row) and row[number] == PASSED for number in chosen] for row in self.cells]
        return np.array(rows, dtype=np.bool_).reshape(len(self.cells), len(chosen))

    def to_record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def from_record(record: dict[str, Any]) -> EvaluatedTable:
        """What `to_record` wrote."""
        return EvaluatedTable(
            **{
                **record,
                "programs": tuple(record["programs"]),
                "program_failures": tuple(record["program_failures"]),
                "test_failures": {int(index): why for index, why in record["test_failures"].items()},
                "columns": tuple(Column(**column) for column in record["columns"]),
                "cells": tuple(record["cells"]),
                "outputs": tuple(tuple(row) for row in record["outputs"]),
                "cpu_s": tuple(record["cpu_s"]),
                "peak_kb": tuple(record["peak_kb"]),
            }
        )


async def evaluate_problem(
    number: int,
    problem: Problem,
    codes: Sequence[Sample],
    tests: Sequence[Sample],
    settings: Settings,
    box: Sandbox,
) -> EvaluatedTable:
    """The table of one problem. Cells that the sandbox got wrong are run once more, and stay apart if they fail again.

    The time limit is the problem's, or more where the reference solution needs it on this machine: it is run first.
    """
    read = extractor(settings.extraction)
    found = [read.program(sample.text) for sample in codes]
    programs = [None if sample.error else one.value for sample, one in zip(codes, found, strict=True)]
    why = ["" if p is not None else sample.error or str(one.reason) for p, sample, one in
           zip(programs, codes, found, strict=True)]  # fmt: skip
    columns = [Column("hidden", index, test.stdin, test.expected) for index, test in enumerate(problem.hidden)]
    if settings.public_tests:
        columns += [Column("public", index, test.stdin, test.expected) for index, test in enumerate(problem.examples)]
    test_failures: dict[int, str] = {}
    for sample in tests:
        test = read.test(sample.text)
        if sample.error or test.value is None:
            test_failures[sample.index] = sample.error or str(test.reason)
        else:
            columns.append(Column("generated", sample.index, test.value.stdin, test.value.expected))
    run = _ProblemRun(box, problem, settings, columns)
    reference_row = None
    if problem.reference:
        await run.calibrate(problem.reference)
        reference_row = run.letters(problem.reference)
    await run.complete([program for program in programs if program is not None], settings.give_up_after)
    return EvaluatedTable(
        problem=number,
        name=problem.name,
        programs=tuple(programs),
        program_failures=tuple(why),
        requested_tests=len(tests),
        test_failures=test_failures,
        columns=tuple(columns),
        cells=tuple("" if program is None else run.letters(program) for program in programs),
        outputs=tuple(() if program is None else run.outputs(program) for program in programs),
        cpu_s=tuple(0.0 if program is None else run.slowest(program) for program in programs),
        peak_kb=tuple(0 if program is None else run.largest(program) for program in programs),
        reference=reference_row,
        limit_s=run.judging.limits.cpu_s,
        comparison=run.judging.name,
        executions=run.executions,
        truncated={"coder": _cut(codes), "tester": _cut(tests)},
        failed={"coder": sum(bool(s.error) for s in codes), "tester": sum(bool(s.error) for s in tests)},
        difficulty=problem.difficulty,
        date=problem.date,
    )


def _cut(samples: Sequence[Sample]) -> int:
    return sum(sample.finish == "length" for sample in samples)


class _ProblemRun:
    """The programs of one problem on its columns, and which of them are run once more."""

    def __init__(self, box: Sandbox, problem: Problem, settings: Settings, columns: Sequence[Column]) -> None:
        self._settings = settings
        self._tests = {str(number): UnitTest(one.stdin, one.expected) for number, one in enumerate(columns)}
        self._hidden = [name for name, one in zip(self._tests, columns, strict=True) if one.suite == "hidden"]
        self.judging = judging_of(problem, comparison_name=settings.comparison, strict=settings.strict)
        self._executor = ProgramExecutor(box, self.judging)
        self._cells: dict[Pair, Cell] = {}
        """By program and name of the test."""
        self.executions = 0

    async def calibrate(self, reference: str) -> None:
        """Run the reference solution with ten times the limit, and raise the limit where it needs more."""
        declared = self.judging.limits.cpu_s
        self.judging = self.judging.with_time_limit(10 * declared)
        await self.complete([reference])
        slowest = max((cell.cpu_s for cell in self._cells.values() if cell.verdict is Verdict.OK), default=0.0)
        self.judging = self.judging.with_time_limit(max(declared, round(self._settings.time_factor * slowest, 2)))

    async def complete(self, programs: Sequence[str], give_up_after: int | None = None) -> None:
        """Run what has not been run yet; after `give_up_after` time-outs of a program no more of it is."""
        missing = dict.fromkeys((program, test) for program in programs for test in self._tests)
        await self._run([pair for pair in missing if pair not in self._cells], give_up_after)
        await self._again(self._broken(), give_up_after)
        # One time-out on a hidden test decides.
        await self._again(self._undecided(programs), give_up_after and 1)
        await self._again(self._left_of_right(programs), None)

    async def _again(self, pairs: Sequence[Pair], give_up_after: int | None) -> None:
        inputs = {(program, self._tests[test].stdin) for program, test in pairs}
        self._executor.forget(inputs)
        # Tests with equal inputs share an execution.
        every = [pair for pair in self._cells if (pair[0], self._tests[pair[1]].stdin) in inputs]
        await self._run(every, give_up_after)

    def _broken(self) -> list[Pair]:
        return [pair for pair, cell in self._cells.items() if cell.verdict is Verdict.SANDBOX_ERROR]

    def _undecided(self, programs: Sequence[str]) -> list[Pair]:
        """Hidden tests not run of programs that fail none of those run: whether a program is right is not guessed."""
        pairs: list[Pair] = []
        for program in dict.fromkeys(programs):
            ran = [test for test in self._hidden if not self._is_given_up(program, test)]
            if len(ran) < len(self._hidden) and all(self._cells[program, test].passed for test in ran):
                pairs += [(program, test) for test in self._hidden if test not in ran]
        return pairs

    def _left_of_right(self, programs: Sequence[str]) -> list[Pair]:
        """What was not run of right programs: a tester that asks too much of them must not hide that they are."""
        right = [
            program
            for program in dict.fromkeys(programs)
            if self._hidden and all(self._cells[program, test].passed for test in self._hidden)
        ]
        return [(program, test) for program in right for test in self._tests if self._is_given_up(program, test)]

    def _is_given_up(self, program: str, test: str) -> bool:
        return self._cells[program, test].verdict is Verdict.NOT_RUN

    async def _run(self, pairs: Sequence[Pair], give_up_after: int | None) -> None:
        if not pairs:
            return
        executor = self._executor.under(replace(self.judging, give_up_after=give_up_after))
        table = ProgramTable({program: Candidate(program) for program, _ in pairs}, self._tests)
        known = set(self._executor.executions)
        async with aclosing(executor.run(table, pairs)) as cells:
            async for pair, cell in cells:
                self._cells[pair] = cell
        new = (execution for pair, execution in self._executor.executions.items() if pair not in known)
        self.executions += sum(execution.verdict is not Verdict.NOT_RUN for execution in new)

    def letters(self, program: str) -> str:
        """A letter for each column."""
        cells = (self._cells[program, test] for test in self._tests)
        return "".join(PASSED if cell.passed else LETTERS[cell.verdict] for cell in cells)

    def outputs(self, program: str) -> tuple[str, ...]:
        """What the program printed in each column, as digests."""
        return tuple(_digest(self._cells[program, test].stdout) for test in self._tests)

    def slowest(self, program: str) -> float:
        """CPU seconds of the program's slowest execution."""
        return round(max((self._cells[program, test].cpu_s for test in self._tests), default=0.0), 4)

    def largest(self, program: str) -> int:
        """Peak kB of the program's largest execution."""
        return max((self._cells[program, test].peak_memory_kb for test in self._tests), default=0)


def _digest(stdout: str) -> str:
    """Eight hex digits that are equal for outputs with equal tokens; the text itself where it is as short."""
    text = normalise(stdout)
    return text if len(text) <= 8 else "#" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
