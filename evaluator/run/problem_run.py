"""Makes the execution table of one problem from its samples, and decides which executions are repeated."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

from cure.extract import extractor
from cure.problem import Problem, UnitTest
from cure.table import Candidate, Cell, Pair, ProgramExecutor, ProgramTable, judging_of
from cure.table.compare import normalise
from evaluator.run.samples import Sample
from evaluator.run.settings import Settings
from evaluator.run.tables import LETTERS, PASSED, EvaluatedTable, TestColumn
from sandbox import Sandbox, Verdict


async def evaluate_problem(
    number: int,
    problem: Problem,
    codes: Sequence[Sample],
    tests: Sequence[Sample],
    settings: Settings,
    sandbox: Sandbox,
) -> EvaluatedTable:
    """The table of one problem. Executions on which the sandbox failed are repeated once, and may stay unknown.

    The reference solution is run first: the time limit is the problem's, or longer if the reference needs more here.
    """
    read = extractor(settings.extraction)
    extracted = [read.program(sample.text) for sample in codes]
    programs = [None if sample.error else found.value for sample, found in zip(codes, extracted, strict=True)]
    failures = [
        "" if program is not None else sample.error or str(found.reason)
        for program, sample, found in zip(programs, codes, extracted, strict=True)
    ]
    columns = [TestColumn("hidden", index, test.stdin, test.expected) for index, test in enumerate(problem.hidden)]
    if settings.public_tests:
        columns += [
            TestColumn("public", index, test.stdin, test.expected) for index, test in enumerate(problem.examples)
        ]
    test_failures: dict[int, str] = {}
    for sample in tests:
        test = read.test(sample.text)
        if sample.error or test.value is None:
            test_failures[sample.index] = sample.error or str(test.reason)
        else:
            columns.append(TestColumn("generated", sample.index, test.value.stdin, test.value.expected))
    run = _ProblemRun(sandbox, problem, settings, columns)
    reference_row = None
    if problem.reference:
        await run.calibrate(problem.reference)
        reference_row = run.letters(problem.reference)
    await run.complete([program for program in programs if program is not None], settings.give_up_after)
    return EvaluatedTable(
        problem=number,
        name=problem.name,
        programs=tuple(programs),
        program_failures=tuple(failures),
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
    """Runs the programs of one problem on its tests, and decides which executions are repeated."""

    def __init__(self, sandbox: Sandbox, problem: Problem, settings: Settings, columns: Sequence[TestColumn]) -> None:
        self._settings = settings
        self._tests = {str(at): UnitTest(column.stdin, column.expected) for at, column in enumerate(columns)}
        self._hidden = [str(at) for at, column in enumerate(columns) if column.suite == "hidden"]
        self.judging = judging_of(problem, comparison_name=settings.comparison, strict=settings.strict)
        self._executor = ProgramExecutor(sandbox, self.judging)
        self._cells: dict[Pair, Cell] = {}
        """Cells by source of the program and name of the test."""
        self.executions = 0
        """Executions made so far, without those given up."""

    async def calibrate(self, reference: str) -> None:
        """Run the reference solution under ten times the limit; raise the limit to `time_factor` times what it took."""
        declared = self.judging.limits.cpu_s
        self.judging = self.judging.with_time_limit(10 * declared)
        await self.complete([reference])
        slowest = max((cell.cpu_s for cell in self._cells.values() if cell.verdict is Verdict.OK), default=0.0)
        self.judging = self.judging.with_time_limit(max(declared, round(self._settings.time_factor * slowest, 2)))

    async def complete(self, programs: Sequence[str], give_up_after: int | None = None) -> None:
        """Run each program on every test without a cell; after `give_up_after` time-outs a program is given up."""
        missing = dict.fromkeys((program, test) for program in programs for test in self._tests)
        await self._run([pair for pair in missing if pair not in self._cells], give_up_after)
        await self._again(self._broken(), give_up_after)
        # A single time-out on a hidden test makes a program wrong.
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
        """Hidden tests given up, of programs that pass all other hidden tests: these tests decide the verdict."""
        pairs: list[Pair] = []
        for program in dict.fromkeys(programs):
            ran = [test for test in self._hidden if not self._is_given_up(program, test)]
            if len(ran) < len(self._hidden) and all(self._cells[program, test].passed for test in ran):
                pairs += [(program, test) for test in self._hidden if test not in ran]
        return pairs

    def _left_of_right(self, programs: Sequence[str]) -> list[Pair]:
        """Tests given up, of programs that pass all hidden tests: right programs are run on every test."""
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
        """The program's letter in each column."""
        cells = (self._cells[program, test] for test in self._tests)
        return "".join(PASSED if cell.passed else LETTERS[cell.verdict] for cell in cells)

    def outputs(self, program: str) -> tuple[str, ...]:
        """Digests of the program's output in each column."""
        return tuple(_digest(self._cells[program, test].stdout) for test in self._tests)

    def slowest(self, program: str) -> float:
        """CPU seconds of the program's slowest execution."""
        return round(max((self._cells[program, test].cpu_s for test in self._tests), default=0.0), 4)

    def largest(self, program: str) -> int:
        """Peak kB of the program's largest execution."""
        return max((self._cells[program, test].peak_memory_kb for test in self._tests), default=0)


def _digest(stdout: str) -> str:
    """`#` and eight hex digits, equal for outputs with equal tokens; the output's tokens where they are as short."""
    text = normalise(stdout)
    return text if len(text) <= 8 else "#" + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
