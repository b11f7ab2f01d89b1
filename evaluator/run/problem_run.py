"""Makes the execution table of one problem from its samples, and decides which executions are repeated."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from cure.extract import Extracted, extractor
from cure.problem import Problem, UnitTest
from cure.table import Candidate, Cell, ProgramExecutor, ProgramTable, judging_of
from cure.table.compare import normalise
from evaluator.run.samples import Sample
from evaluator.run.settings import Settings
from evaluator.run.tables import LETTERS, NOT_RUN, PASSED, TIMED_OUT, UNKNOWN, EvaluatedTable, TestColumn
from sandbox import Sandbox, Verdict

Place = tuple[str, TestColumn]
"""Source of a program, and a test."""
_HASHED = "#"
"""First character of the digest of a long output; a short output is its own digest (`digest_of`)."""


@dataclass(frozen=True, kw_only=True)
class ExtractedAnswers:
    """What was extracted from the samples of one problem, by number of the sample."""

    programs: Mapping[int, Extracted[str]]
    tests: Mapping[int, Extracted[UnitTest]]
    truncated: dict[str, int]
    """Number of samples cut at `max_tokens`, by role."""


async def evaluate_problem(
    number: int,
    problem: Problem,
    codes: Sequence[Sample],
    tests: Sequence[Sample],
    settings: Settings,
    sandbox: Sandbox,
    earlier: EvaluatedTable | None = None,
) -> EvaluatedTable:
    """The table of one problem, from the samples of both roles; see `table_of`.

    Raises SandboxError where nothing can be run.
    """
    read = extractor(settings.extraction)
    answers = ExtractedAnswers(
        programs={sample.index: read.program(sample.text) for sample in codes},
        tests={sample.index: read.test(sample.text) for sample in tests},
        truncated={"coder": _cut(codes), "tester": _cut(tests)},
    )
    return await table_of(number, problem, answers, settings, sandbox, earlier)


async def table_of(
    number: int,
    problem: Problem,
    answers: ExtractedAnswers,
    settings: Settings,
    sandbox: Sandbox,
    earlier: EvaluatedTable | None = None,
) -> EvaluatedTable:
    """The table of one problem. Executions on which the sandbox failed are repeated once, and may stay unknown.

    The reference solution is run first: the time limit is the problem's, or longer if the reference needs more here.
    Cells with an outcome in an earlier table of the problem are not run again, except time-outs under a shorter limit
    and cells that were not run because of these time-outs. Raises SandboxError where nothing can be run.
    """
    programs = [found.value for found in answers.programs.values()]
    columns = columns_of(problem, answers, settings.public_tests)
    run = _ProblemRun(sandbox, problem, settings, columns)
    if earlier is not None:
        run.remember(earlier)
    await run.complete([program for program in programs if program is not None])
    return EvaluatedTable(
        problem=number,
        name=problem.name,
        programs=tuple(programs),
        program_samples=tuple(answers.programs),
        program_failures=tuple(
            "" if found.value is not None else str(found.reason) for found in answers.programs.values()
        ),
        requested_tests=len(answers.tests),
        test_failures={index: str(found.reason) for index, found in answers.tests.items() if found.value is None},
        columns=tuple(columns),
        cells=tuple(run.letters(program) for program in programs),
        outputs=tuple(tuple(cell.output for cell in run.row(program)) for program in programs),
        cpu_s=tuple(round(max((cell.cpu_s for cell in run.row(program)), default=0.0), 4) for program in programs),
        peak_kb=tuple(max((cell.peak_kb for cell in run.row(program)), default=0) for program in programs),
        texts=run.texts(programs),
        reference=run.letters(problem.reference) if problem.reference else None,
        limit_s=run.judging.limits.cpu_s,
        comparison=run.judging.name,
        executions=run.executions,
        truncated=answers.truncated,
        failed={"coder": 0, "tester": 0},
        lost=run.lost,
        difficulty=problem.difficulty,
        date=problem.date,
    )


def columns_of(problem: Problem, answers: ExtractedAnswers, public_tests: bool) -> list[TestColumn]:
    """The columns of a problem's table: hidden tests, public examples, and the generated tests that were extracted."""
    columns = [TestColumn("hidden", index, test.stdin, test.expected) for index, test in enumerate(problem.hidden)]
    if public_tests:
        columns += [
            TestColumn("public", index, test.stdin, test.expected) for index, test in enumerate(problem.examples)
        ]
    for index, found in answers.tests.items():
        if found.value is not None:
            columns.append(TestColumn("generated", index, found.value.stdin, found.value.expected))
    return columns


def _cut(samples: Sequence[Sample]) -> int:
    return sum(sample.finish == "length" for sample in samples)


@dataclass(frozen=True)
class _Outcome:
    """What a table keeps of one execution."""

    letter: str
    """Letter of the verdict in the table."""
    output: str = ""
    """Digest of the output."""
    cpu_s: float = 0.0
    peak_kb: int = 0
    reason: str = ""
    """Why the sandbox failed, where it did."""
    text: str = ""
    """The output, or its beginning; empty where it is not kept, or where the digest is the output."""


class _ProblemRun:
    """Runs the programs of one problem on its tests, and decides which executions are repeated."""

    def __init__(self, sandbox: Sandbox, problem: Problem, settings: Settings, columns: Sequence[TestColumn]) -> None:
        self._reference, self._columns = problem.reference, columns
        self._hidden = [column for column in columns if column.suite == "hidden"]
        self._time_factor, self._give_up_after = settings.time_factor, settings.give_up_after
        self._kept = settings.keep_outputs
        self.judging = judging_of(problem, comparison_name=settings.comparison, strict=settings.strict)
        self._executor = ProgramExecutor(sandbox, self.judging)
        self._outcomes: dict[Place, _Outcome] = {}
        self._earlier_limit_s = 0.0

    def remember(self, earlier: EvaluatedTable) -> None:
        """Take over the outcomes of an earlier table of this problem, without those on which the sandbox failed."""
        self._earlier_limit_s = earlier.limit_s
        columns = set(self._columns)
        for column, letter in zip(earlier.columns, earlier.reference or "", strict=False):
            if letter != UNKNOWN and column in columns:
                self._outcomes[self._reference, column] = _Outcome(letter)
        for row, program in enumerate(earlier.programs):
            if program is None:
                continue
            # Tables keep only the largest time and memory of a program, so these stand for all of its executions.
            cpu_s, peak_kb = earlier.cpu_s[row], earlier.peak_kb[row]
            for column, letter, output in zip(earlier.columns, earlier.cells[row], earlier.outputs[row], strict=True):
                if letter != UNKNOWN and column in columns:
                    text = earlier.texts.get(output, "")
                    self._outcomes[program, column] = _Outcome(letter, output, cpu_s, peak_kb, text=text)

    async def complete(self, programs: Sequence[str]) -> None:
        """Run the reference solution, which gives the time limit, and each program, on every test without an outcome.

        After `give_up_after` time-outs the remaining tests of a program are given up, that is, marked as not run. They
        are run nevertheless where they decide the verdict, and for right programs.
        """
        await self._calibrate()
        programs = list(dict.fromkeys(programs))
        if self._give_up_after is not None:
            self._give_up(programs, self._give_up_after)
        await self._run_missing(programs, self._give_up_after)
        # A single time-out on a hidden test makes a program wrong.
        await self._repeat(self._undecided(programs), self._give_up_after and 1)
        await self._repeat(self._left_of_right(programs), None)

    async def _calibrate(self) -> None:
        """Run the reference solution under ten times the limit, and make the limit at least `time_factor` times the
        CPU seconds of its slowest test."""
        declared = self.judging.limits.cpu_s
        limit = max(declared, self._earlier_limit_s)
        if self._reference:
            self.judging = self.judging.with_time_limit(10 * declared)
            await self._run_missing([self._reference], None)
            finished = (cell for cell in self.row(self._reference) if cell.letter in (PASSED, "W"))
            slowest = max((cell.cpu_s for cell in finished), default=0.0)
            limit = max(limit, round(self._time_factor * slowest, 2))
        self.judging = self.judging.with_time_limit(limit)
        if 0 < self._earlier_limit_s < limit:
            # Programs that timed out under the earlier, shorter limit are run again.
            reference = self._reference
            self._outcomes = {
                place: cell
                for place, cell in self._outcomes.items()
                if cell.letter not in (TIMED_OUT, NOT_RUN) or place[0] == reference
            }

    def _give_up(self, programs: Sequence[str], after: int) -> None:
        """Mark the remaining tests as not run, for programs with at least `after` time-outs in the earlier table."""
        for program in programs:
            cells = [self._outcomes.get((program, column)) for column in self._columns]
            if sum(cell is not None and cell.letter == TIMED_OUT for cell in cells) >= after:
                for column, cell in zip(self._columns, cells, strict=True):
                    self._outcomes[program, column] = cell or _Outcome(NOT_RUN)

    async def _run_missing(self, programs: Sequence[str], give_up_after: int | None) -> None:
        """Run each program on the tests without an outcome, and once more those on which the sandbox failed."""
        places = [(program, column) for program in programs for column in self._columns]
        await self._run([place for place in places if place not in self._outcomes], give_up_after)
        broken = [place for place in places if self._outcomes[place].letter == UNKNOWN]
        await self._repeat(broken, give_up_after)

    async def _repeat(self, places: Collection[Place], give_up_after: int | None) -> None:
        """Run these pairs again, and pairs of the same program and an equal input, since they share an execution."""
        inputs = {(program, column.stdin) for program, column in places}
        self._executor.forget(inputs)
        await self._run([place for place in self._outcomes if (place[0], place[1].stdin) in inputs], give_up_after)

    def _undecided(self, programs: Sequence[str]) -> list[Place]:
        """Hidden tests not run, of programs that pass all other hidden tests: these tests decide the verdict."""
        places: list[Place] = []
        for program in programs:
            cells = {column: self._outcomes[program, column].letter for column in self._hidden}
            if set(cells.values()) <= {NOT_RUN, PASSED}:
                places += [(program, column) for column, letter in cells.items() if letter == NOT_RUN]
        return places

    def _left_of_right(self, programs: Sequence[str]) -> list[Place]:
        """Tests not run, of programs that pass all hidden tests: right programs are run on every test."""
        right = [
            program
            for program in programs
            if self._hidden and all(self._outcomes[program, column].letter == PASSED for column in self._hidden)
        ]
        places = [(program, column) for program in right for column in self._columns]
        return [place for place in places if self._outcomes[place].letter == NOT_RUN]

    async def _run(self, places: Sequence[Place], give_up_after: int | None) -> None:
        if not places:
            return
        names = {column: str(at) for at, column in enumerate(self._columns)}
        tests = {name: UnitTest(column.stdin, column.expected) for column, name in names.items()}
        executor = self._executor.under(replace(self.judging, give_up_after=give_up_after))
        table = ProgramTable({program: Candidate(program) for program, _ in places}, tests)
        async with aclosing(executor.run(table, [(program, names[column]) for program, column in places])) as cells:
            async for (program, name), cell in cells:
                self._outcomes[program, self._columns[int(name)]] = _outcome(cell, self._kept)

    def row(self, program: str | None) -> list[_Outcome]:
        """The program's outcome in each column; none for a program that could not be extracted."""
        return [] if program is None else [self._outcomes[program, column] for column in self._columns]

    def letters(self, program: str | None) -> str:
        """The program's letter in each column; empty for a program that could not be extracted."""
        return "".join(cell.letter for cell in self.row(program))

    @property
    def executions(self) -> int:
        """Number of distinct pairs of a program and an input that were run."""
        ran = (place for place, cell in self._outcomes.items() if cell.letter not in (NOT_RUN, UNKNOWN))
        return len({(program, column.stdin) for program, column in ran})

    def texts(self, programs: Sequence[str | None]) -> dict[str, str]:
        """The outputs of these programs that are kept, by digest, in the order of programs and columns."""
        return {cell.output: cell.text for program in programs for cell in self.row(program) if cell.text}

    @property
    def lost(self) -> dict[str, int]:
        """Numbers of pairs of a program and a test on which the sandbox failed, by reason."""
        return dict(Counter(cell.reason for cell in self._outcomes.values() if cell.letter == UNKNOWN))


def _outcome(cell: Cell, kept: int) -> _Outcome:
    letter = PASSED if cell.passed else LETTERS[cell.verdict]
    digest = digest_of(cell.stdout)
    is_kept = kept and cell.verdict is Verdict.OK and digest.startswith(_HASHED)
    text = _beginning(cell.stdout, kept, digest) if is_kept else ""
    return _Outcome(letter, digest, cell.cpu_s, cell.peak_memory_kb, cell.reason, text)


def _beginning(stdout: str, kept: int, digest: str) -> str:
    """The output, or its first `kept` characters and its digest."""
    return stdout if len(stdout) <= kept else f"{stdout[:kept]}... {digest}"


def digest_of(stdout: str) -> str:
    """`#` and eight hex digits, equal for outputs with equal tokens; an output whose tokens, joined by blanks, have at
    most eight characters is kept as these tokens.
    """
    text = normalise(stdout)
    return text if len(text) <= 8 else _HASHED + hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8]
