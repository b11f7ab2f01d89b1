"""Checks a problem set: runs its reference solutions and labelled programs, and compares its tests with each other.

A set is in order if every problem has hidden tests, every reference solution passes every test, also under other hash
seeds where it uses Python sets, every program labelled right passes all hidden tests, every program labelled wrong
fails a hidden test, no input has two expected outputs, and the sandbox failed on no execution. All other findings are
remarks: missing reference solutions, public tests among the hidden ones, repeated tests, empty expected outputs,
decimal fractions without a tolerance, reference solutions close to the time limit. An execution on which the sandbox
failed twice says nothing about a program: a program is undecided if it has such executions and fails no other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from cure.problem import Problem
from cure.table import Cell, Pair, ProgramTable, judging_of
from evaluator.datasets.execution import EmptyTable, ProgressBars
from evaluator.datasets.fractions import lacks_tolerance
from evaluator.datasets.functional.program import seeded, uses_sets
from sandbox import Sandbox, Verdict

SEEDS = (1, 2)
"""Hash seeds to check besides the sandbox's, which is 0."""
_CLOSE = 0.5
"""Share of the time limit above which a reference solution is close to it."""
_SHORT = 120
"""Characters of an output that a failure shows."""


@dataclass(frozen=True, kw_only=True)
class ReferenceFailure:
    """A reference solution that does not pass a test."""

    problem: str
    test: str
    """Suite and number of the test: `public 0`, `hidden 3`."""
    seed: int
    """The hash seed (PYTHONHASHSEED) of the execution."""
    verdict: str
    reason: str
    output: str
    """The first 120 characters that the solution printed."""
    expected: str
    """The first 120 characters of the expected output."""


@dataclass(frozen=True, kw_only=True)
class LabelMismatch:
    """A labelled program that contradicts its label."""

    problem: str
    program: str
    label: str
    passed: int
    tests: int
    first: str
    """The first test that the program fails, and its verdict; empty if it passes all."""


@dataclass(kw_only=True)
class CheckReport:
    """The findings of a check. Mappings to integers count tests, by the name of the problem."""

    problems: int = 0
    hidden_tests: int = 0
    without_hidden_tests: list[str] = field(default_factory=list)
    references: int = 0
    references_passed: int = 0
    references_undecided: int = 0
    reference_failures: list[ReferenceFailure] = field(default_factory=list)
    seeded: int = 0
    """Number of reference solutions that use Python sets and were also run under other hash seeds."""
    programs_right: int = 0
    programs_wrong: int = 0
    programs_undecided: int = 0
    mismatches: list[LabelMismatch] = field(default_factory=list)
    slowest: dict[str, Any] | None = None
    """The slowest test of a reference solution: `problem`, `test`, `cpu_s` and the time limit `limit_s`."""
    close_to_limit: list[str] = field(default_factory=list)
    """Problems whose reference solution takes more than half of the time limit on a test."""
    overlapping: dict[str, int] = field(default_factory=dict)
    """Hidden tests with the input of a public example."""
    duplicated: dict[str, int] = field(default_factory=dict)
    """Hidden tests with the input of an earlier hidden test."""
    contradicting: dict[str, int] = field(default_factory=dict)
    """Tests that expect another output than the first test with the same input."""
    empty_expected: dict[str, int] = field(default_factory=dict)
    """Hidden tests that expect no output."""
    fractions_without_tolerance: dict[str, str] = field(default_factory=dict)
    """The comparison, if it has no tolerance, of each problem whose expected output has decimal fractions."""
    sandbox_errors: int = 0
    """Number of executions on which the sandbox failed."""
    sandbox_error: str = ""
    """The reason for the sandbox's first failure."""

    @property
    def reference_pass_rate(self) -> float | None:
        """The share of the decided reference solutions that pass every test; None if none is decided."""
        decided = self.references - self.references_undecided
        return self.references_passed / decided if decided else None

    @property
    def well(self) -> bool:
        """Whether the set is in order: no failure, mismatch, contradiction, missing hidden tests or sandbox error."""
        bad = self.reference_failures, self.mismatches, self.contradicting, self.without_hidden_tests
        return not any(bad) and not self.sandbox_errors

    @property
    def remarks(self) -> bool:
        """Whether there are remarks, missing reference solutions included."""
        about_tests = self.overlapping, self.duplicated, self.empty_expected, self.fractions_without_tolerance
        return any(about_tests) or bool(self.close_to_limit) or self.references < self.problems

    def record(self) -> dict[str, Any]:
        """The report as JSON."""
        lost = "the sandbox failed on executions of every reference solution"
        why = lost if self.references else "the set has no reference solutions"
        return {
            "well": self.well,
            "reference_pass_rate": self.reference_pass_rate,
            "reference_pass_rate_reason": why if self.reference_pass_rate is None else None,
            **{"tests" if name == "hidden_tests" else name: value for name, value in asdict(self).items()},
        }


_Judge = Callable[[Problem, ProgramTable, CheckReport], None]
"""A function that adds the findings of a problem's table to the report."""


async def check(
    problems: Sequence[Problem], sandbox: Sandbox, bars: ProgressBars, programs: bool = True
) -> CheckReport:
    """The report on these problems. With `programs`, labelled programs are run beside reference solutions.

    Raises ProblemError for a comparison that does not exist, SandboxError where nothing can be run.
    """
    report = CheckReport(problems=len(problems))
    for problem in problems:
        _compare_tests(problem, report)
    to_run = [item for problem in problems for item in _tables_to_run(problem, programs)]
    tables = await bars.filled("running programs", sandbox, {at: empty for at, (_, _, empty) in enumerate(to_run)})
    for at, (problem, judge, _) in enumerate(to_run):
        judge(problem, tables[at], report)
        lost = [cell.reason for cell in tables[at].cells.values() if cell.verdict is Verdict.SANDBOX_ERROR]
        report.sandbox_errors += len(lost)
        report.sandbox_error = report.sandbox_error or next(iter(lost), "")
    return report


def _tables_to_run(problem: Problem, labelled: bool) -> Iterator[tuple[Problem, _Judge, EmptyTable]]:
    """Tables to fill: the reference solution on all tests, labelled programs on the hidden tests.

    With each come its problem and the function that adds its findings to the report.
    """
    hidden = {f"hidden {number}": test for number, test in enumerate(problem.hidden)}
    public = {f"public {number}": test for number, test in enumerate(problem.examples)}
    if problem.reference.strip():
        seeds = SEEDS if uses_sets(problem.reference) else ()
        sources = {"0": problem.reference} | {str(seed): seeded(problem.reference, seed) for seed in seeds}
        yield problem, _judge_reference, EmptyTable(sources, public | hidden, judging_of(problem))
    if not labelled:
        return
    for label, right in (("right", True), ("wrong", False)):
        sources = {str(number): item.text for number, item in enumerate(problem.submissions) if item.right is right}
        if sources:
            empty = EmptyTable(sources, hidden, judging_of(problem, give_up_after=None if right else 2))
            yield problem, partial(_judge_labelled, label=label), empty


def _compare_tests(problem: Problem, report: CheckReport) -> None:
    """Add the findings about a problem's tests, which need no execution."""
    report.hidden_tests += len(problem.hidden)
    if not problem.hidden:
        report.without_hidden_tests.append(problem.name)
    public = {test.stdin.strip() for test in problem.examples}
    inputs = Counter(test.stdin for test in problem.hidden)
    judging = judging_of(problem)
    expected: dict[str, str] = {}
    contradictions = 0
    for test in (*problem.examples, *problem.hidden):
        first = expected.setdefault(test.stdin, test.expected)
        # With a checker, several outputs may be right.
        contradictions += judging.equal is not None and not judging.equal(test.expected, first)
    found = {
        "overlapping": sum(test.stdin.strip() in public for test in problem.hidden),
        "duplicated": sum(count - 1 for count in inputs.values()),
        "contradicting": contradictions,
        "empty_expected": sum(not test.expected.strip() for test in problem.hidden),
    }
    for name, count in found.items():
        if count:
            getattr(report, name)[problem.name] = count
    if lacks_tolerance((test.expected for test in problem.hidden), judging.name):
        report.fractions_without_tolerance[problem.name] = judging.name


def _judge_reference(problem: Problem, table: ProgramTable, report: CheckReport) -> None:
    """Add the failures of the reference solution, and its slowest test under the hash seed of the sandbox."""
    report.references += 1
    report.seeded += len(table.candidates) > 1
    known = [(pair, cell) for pair, cell in _in_order(table) if cell.verdict is not Verdict.SANDBOX_ERROR]
    failures = [
        ReferenceFailure(
            problem=problem.name,
            test=test,
            seed=int(seed),
            verdict=cell.verdict,
            reason=cell.reason or ("wrong output" if cell.verdict is Verdict.OK else ""),
            output=cell.stdout[:_SHORT],
            expected=(table.tests[test].expected or "")[:_SHORT],
        )
        for (seed, test), cell in known
        if not cell.passed
    ]
    report.reference_failures += failures
    undecided = not failures and len(known) < len(table.cells)
    report.references_undecided += undecided
    report.references_passed += not failures and not undecided
    times = [(cell.cpu_s, test) for (seed, test), cell in known if seed == "0"]
    if not times:
        return
    cpu_s, test = max(times, key=lambda timed: timed[0])
    if report.slowest is None or cpu_s > report.slowest["cpu_s"]:
        report.slowest = {"problem": problem.name, "test": test, "cpu_s": cpu_s, "limit_s": problem.time_limit_s}
    if cpu_s > _CLOSE * problem.time_limit_s:
        report.close_to_limit.append(problem.name)


def _judge_labelled(problem: Problem, table: ProgramTable, report: CheckReport, label: str) -> None:
    """Count the programs of one label; mismatches are those labelled right that fail a test, or wrong that pass all."""
    if label == "right":
        report.programs_right += len(table.candidates)
    else:
        report.programs_wrong += len(table.candidates)
    for number in table.candidates:
        cells = {test: table.cells[number, test] for test in table.tests}
        lost = [test for test, cell in cells.items() if cell.verdict is Verdict.SANDBOX_ERROR]
        failing = [test for test, cell in cells.items() if not cell.passed and test not in lost]
        if lost and not failing:
            report.programs_undecided += 1
        elif (label == "right") == bool(failing):
            report.mismatches.append(
                LabelMismatch(
                    problem=problem.name,
                    program=problem.submissions[int(number)].name or f"program {number}",
                    label=label,
                    passed=sum(cell.passed for cell in cells.values()),
                    tests=len(cells),
                    first=f"{failing[0]}: {cells[failing[0]].verdict} {cells[failing[0]].reason}".strip()
                    if failing
                    else "",
                )
            )


def _in_order(table: ProgramTable) -> Iterator[tuple[Pair, Cell]]:
    """Pairs of program and test with their cells, program by program."""
    return (((row, test), table.cells[row, test]) for row in table.candidates for test in table.tests)
