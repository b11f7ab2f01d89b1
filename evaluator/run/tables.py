"""Execution tables of an evaluation: one for each problem, kept as a line as soon as it is complete."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cure.extract import extractor
from cure.problem import Problem
from cure.table.compare import comparison, normalise
from evaluator.run.samples import Sample
from evaluator.run.settings import Settings
from sandbox import Execution, Job, Limits, Sandbox, Verdict

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
    rule = str(problem.extra.get("comparison") or settings.comparison)
    reference = problem.extra.get("reference_solution")
    runner = _Runner(box, problem, settings, rule, columns)
    reference_row = None
    if isinstance(reference, str):
        await runner.calibrate(reference)
        reference_row = runner.row(reference)
    await runner.run([program for program in programs if program is not None], settings.give_up_after)
    rows = ["" if program is None else runner.row(program) for program in programs]
    return EvaluatedTable(
        problem=number,
        name=problem.name,
        programs=tuple(programs),
        program_failures=tuple(why),
        requested_tests=len(tests),
        test_failures=test_failures,
        columns=tuple(columns),
        cells=tuple(rows),
        outputs=tuple(() if program is None else runner.outputs(program) for program in programs),
        cpu_s=tuple(0.0 if program is None else runner.slowest(program) for program in programs),
        peak_kb=tuple(0 if program is None else runner.largest(program) for program in programs),
        reference=reference_row,
        limit_s=runner.limit_s,
        comparison=rule,
        executions=runner.executions,
        truncated={"coder": _cut(codes), "tester": _cut(tests)},
        failed={"coder": sum(bool(s.error) for s in codes), "tester": sum(bool(s.error) for s in tests)},
        difficulty=str(problem.extra.get("difficulty") or ""),
        date=str(problem.extra.get("date") or problem.extra.get("contest_date") or "")[:10],
    )


def _cut(samples: Sequence[Sample]) -> int:
    return sum(sample.finish == "length" for sample in samples)


class _Runner:
    """Runs each distinct pair of program and input of one problem once."""

    def __init__(
        self, box: Sandbox, problem: Problem, settings: Settings, rule: str, columns: Sequence[Column]
    ) -> None:
        self._box = box
        self._settings = settings
        self._equal = comparison(rule)
        self._columns = columns
        self._hidden = [column for column in columns if column.suite == "hidden"]
        self._inputs = list(dict.fromkeys(column.stdin for column in columns))
        self._memory_mb = problem.memory_mb
        self.limit_s = problem.time_limit_s
        self._done: dict[tuple[str, str], Execution] = {}
        self.executions = 0

    async def calibrate(self, reference: str) -> None:
        """Run the reference solution with ten times the limit, and raise the limit where it needs more."""
        declared = self.limit_s
        self.limit_s = 10 * declared
        await self.run([reference])
        slowest = max((one.cpu_s for one in self._done.values() if one.verdict is Verdict.OK), default=0.0)
        self.limit_s = max(declared, round(self._settings.time_factor * slowest, 2))

    async def run(self, programs: Sequence[str], give_up_after: int | None = None) -> None:
        """Run what has not been run yet; after `give_up_after` time-outs of a program no more of it is."""
        await self._run(programs, give_up_after)
        await self._again(self._broken(), give_up_after)
        # One time-out on a hidden test decides.
        await self._again(self._undecided(programs), give_up_after and 1)
        await self._again(self._left_of_right(programs), None)

    async def _again(self, pairs: Sequence[tuple[str, str]], give_up_after: int | None) -> None:
        for pair in pairs:
            del self._done[pair]
        if pairs:
            await self._run([program for program, _ in pairs], give_up_after)

    def _broken(self) -> list[tuple[str, str]]:
        return [pair for pair, execution in self._done.items() if execution.verdict is Verdict.SANDBOX_ERROR]

    def _undecided(self, programs: Sequence[str]) -> list[tuple[str, str]]:
        """Hidden tests not run of programs that fail none of those run: whether a program is right is not guessed."""
        pairs: dict[tuple[str, str], None] = {}
        for program in dict.fromkeys(programs):
            ran = [column for column in self._hidden if not self._is_given_up(program, column)]
            if len(ran) < len(self._hidden) and all(self._letter(program, column) == PASSED for column in ran):
                pairs |= {(program, column.stdin): None for column in self._hidden if column not in ran}
        return list(pairs)

    def _left_of_right(self, programs: Sequence[str]) -> list[tuple[str, str]]:
        """What was not run of right programs: a tester that asks too much of them must not hide that they are."""
        right = [
            program
            for program in dict.fromkeys(programs)
            if self._hidden and all(self._letter(program, column) == PASSED for column in self._hidden)
        ]
        left = [(program, column.stdin) for program in right for column in self._columns
                if self._is_given_up(program, column)]  # fmt: skip
        return list(dict.fromkeys(left))

    def _is_given_up(self, program: str, column: Column) -> bool:
        return self._done[program, column.stdin].verdict is Verdict.NOT_RUN

    async def _run(self, programs: Sequence[str], give_up_after: int | None) -> None:
        limits = Limits(cpu_s=self.limit_s, memory_mb=self._memory_mb)
        jobs: list[Job] = []
        wanted: list[tuple[str, list[str]]] = []
        for program in dict.fromkeys(programs):
            inputs = [text for text in self._inputs if (program, text) not in self._done]
            if inputs:
                given = tuple(text.encode(errors="replace") for text in inputs)
                jobs.append(Job(str(len(jobs)), program, given, limits, self._settings.strict, give_up_after))
                wanted.append((program, inputs))
        if not jobs:
            return
        async with aclosing(self._box.run(jobs)) as executions:
            async for execution in executions:
                program, inputs = wanted[int(execution.job)]
                self._done[program, inputs[execution.index]] = execution
                self.executions += execution.verdict is not Verdict.NOT_RUN

    def row(self, program: str) -> str:
        """A letter for each column."""
        return "".join(self._letter(program, column) for column in self._columns)

    def _letter(self, program: str, column: Column) -> str:
        execution = self._done[program, column.stdin]
        if execution.verdict is Verdict.OK and self._equal(execution.stdout.decode(errors="replace"), column.expected):
            return PASSED
        return LETTERS[execution.verdict]

    def outputs(self, program: str) -> tuple[str, ...]:
        """What it printed in each column."""
        return tuple(_digest(self._done[program, column.stdin].stdout) for column in self._columns)

    def slowest(self, program: str) -> float:
        """CPU seconds of its slowest execution."""
        return round(max((self._done[program, text].cpu_s for text in self._inputs), default=0.0), 4)

    def largest(self, program: str) -> int:
        """Peak kB of its largest execution."""
        return max((self._done[program, text].peak_memory_kb for text in self._inputs), default=0)


def _digest(stdout: bytes) -> str:
    """Eight hex digits that are equal for outputs with equal tokens; the text itself where it is as short."""
    text = normalise(stdout.decode(errors="replace"))
    return text if len(text) <= 8 else "#" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
