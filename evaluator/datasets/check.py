"""Checks a problem set: runs its reference solutions and labelled programs, and compares its tests with each other.

A set is in order if every reference solution passes every test, also under other hash seeds where it uses Python sets,
every program labelled right passes all hidden tests, every program labelled wrong fails one, and no input has two
expected outputs. All other findings are remarks: public tests among the hidden ones, repeated tests, empty expected
outputs, fractions compared as text, reference solutions close to the time limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem
from cure.table import Cell, Judging, Pair, ProgramTable, judging_of
from evaluator.datasets.errors import DatasetError
from evaluator.datasets.execution import EmptyTable, ProgressBars
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
    verdict: str
    reason: str
    output: str
    expected: str


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
    """The findings of a check; lists and mappings name problems."""

    problems: int = 0
    tests: int = 0
    without_hidden_tests: list[str] = field(default_factory=list)
    references: int = 0
    references_passed: int = 0
    reference_failures: list[ReferenceFailure] = field(default_factory=list)
    seeded: int = 0
    """Number of reference solutions that use Python sets and were also run under other hash seeds."""
    programs_right: int = 0
    programs_wrong: int = 0
    mismatches: list[LabelMismatch] = field(default_factory=list)
    slowest: dict[str, Any] | None = None
    close_to_limit: list[str] = field(default_factory=list)
    overlapping: dict[str, int] = field(default_factory=dict)
    duplicated: dict[str, int] = field(default_factory=dict)
    contradicting: dict[str, int] = field(default_factory=dict)
    empty_expected: dict[str, int] = field(default_factory=dict)
    fractions_as_text: list[str] = field(default_factory=list)
    sandbox_errors: int = 0

    @property
    def reference_pass_rate(self) -> float | None:
        """The share of reference solutions that pass every test; None where there is none."""
        return self.references_passed / self.references if self.references else None

    @property
    def well(self) -> bool:
        """Whether all programs do what the set says, and no tests contradict each other."""
        bad = self.reference_failures, self.mismatches, self.contradicting, self.without_hidden_tests
        return not any(bad) and not self.sandbox_errors

    @property
    def remarks(self) -> bool:
        """Whether there are remarks, missing reference solutions included."""
        found = self.overlapping, self.duplicated, self.empty_expected, self.fractions_as_text, self.close_to_limit
        return any(found) or self.references < self.problems

    def record(self) -> dict[str, Any]:
        """The report as JSON."""
        why = None if self.references else "the set has no reference solutions"
        return {
            "well": self.well,
            "reference_pass_rate": self.reference_pass_rate,
            "reference_pass_rate_reason": why,
            **asdict(self),
        }


_Judge = Callable[[Problem, ProgramTable, CheckReport], None]
"""Adds the table of a problem to the report."""


async def check(
    problems: Sequence[Problem], sandbox: Sandbox, bars: ProgressBars, programs: bool = True
) -> CheckReport:
    """The report on these problems. With `programs`, labelled programs are run beside reference solutions.

    Raises DatasetError for a comparison that does not exist, SandboxError where nothing can be run.
    """
    report = CheckReport(problems=len(problems))
    for problem in problems:
        _look(problem, report)
    todo = [item for problem in problems for item in _to_run(problem, programs)]
    tables = await bars.filled("running programs", sandbox, {at: empty for at, (_, _, empty) in enumerate(todo)})
    for at, (problem, judge, _) in enumerate(todo):
        judge(problem, tables[at], report)
    return report


def _to_run(problem: Problem, labelled: bool) -> Iterator[tuple[Problem, _Judge, EmptyTable]]:
    """Tables to fill, with the function that adds each to the report: the reference solution on all tests, labelled
    programs on the hidden tests."""
    hidden = {f"hidden {number}": test for number, test in enumerate(problem.hidden)}
    public = {f"public {number}": test for number, test in enumerate(problem.examples)}
    if problem.reference.strip():
        seeds = SEEDS if uses_sets(problem.reference) else ()
        sources = {"0": problem.reference} | {str(seed): seeded(problem.reference, seed) for seed in seeds}
        yield problem, _judge_reference, EmptyTable(sources, public | hidden, _judging(problem))
    if not labelled:
        return
    for label, right in (("right", True), ("wrong", False)):
        sources = {str(number): item.text for number, item in enumerate(problem.submissions) if item.right is right}
        if sources:
            empty = EmptyTable(sources, hidden, _judging(problem, None if right else 2))
            yield problem, partial(_judge_labelled, label=label), empty


def _look(problem: Problem, report: CheckReport) -> None:
    """Add the findings about a problem that need no execution."""
    report.tests += len(problem.hidden)
    if not problem.hidden:
        report.without_hidden_tests.append(problem.name)
    public = {test.stdin.strip() for test in problem.examples}
    inputs = Counter(test.stdin for test in problem.hidden)
    judging = _judging(problem)
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
    words = {word for test in problem.hidden for word in test.expected.split()}
    if judging.equal is not None and not judging.name.startswith("float") and any(map(_is_fraction, words)):
        report.fractions_as_text.append(problem.name)


def _judging(problem: Problem, give_up_after: int | None = None) -> Judging:
    """The judging of the problem; raises DatasetError naming the problem if its comparison does not exist."""
    try:
        return judging_of(problem, give_up_after=give_up_after)
    except ProblemError as error:
        raise DatasetError(str(error)) from error


def _judge_reference(problem: Problem, table: ProgramTable, report: CheckReport) -> None:
    """Add the failures of the reference solution, and its slowest test under the hash seed of the sandbox."""
    report.references += 1
    report.seeded += len(table.candidates) > 1
    failures = [
        ReferenceFailure(
            problem=problem.name,
            test=test,
            seed=int(seed),
            verdict=cell.verdict,
            reason=cell.reason or ("wrong output" if cell.verdict is Verdict.OK else ""),
            output=cell.stdout[:_SHORT],
            expected=table.tests[test].expected[:_SHORT],
        )
        for (seed, test), cell in _in_order(table)
        if not cell.passed and cell.verdict is not Verdict.SANDBOX_ERROR
    ]
    report.reference_failures += failures
    report.references_passed += not failures
    report.sandbox_errors += _sandbox_errors(table)
    times = [(cell.cpu_s, test) for (seed, test), cell in _in_order(table) if seed == "0"]
    if not times:
        return
    cpu_s, test = max(times, key=lambda timed: timed[0])
    if report.slowest is None or cpu_s > report.slowest["cpu_s"]:
        report.slowest = {"problem": problem.name, "test": test, "cpu_s": cpu_s, "limit_s": problem.time_limit_s}
    if cpu_s > _CLOSE * problem.time_limit_s:
        report.close_to_limit.append(problem.name)


def _judge_labelled(problem: Problem, table: ProgramTable, report: CheckReport, label: str) -> None:
    """Add programs of one label: those labelled right that fail a test, those labelled wrong that pass all."""
    if label == "right":
        report.programs_right += len(table.candidates)
    else:
        report.programs_wrong += len(table.candidates)
    report.sandbox_errors += _sandbox_errors(table)
    for number in table.candidates:
        failing = [test for test in table.tests if not table.passes(number, test)]
        if (label == "right") == (not failing):
            continue
        first = table.cells[number, failing[0]] if failing else None
        report.mismatches.append(
            LabelMismatch(
                problem=problem.name,
                program=problem.submissions[int(number)].name or f"program {number}",
                label=label,
                passed=len(table.tests) - len(failing),
                tests=len(table.tests),
                first=f"{failing[0]}: {first.verdict} {first.reason}".strip() if first else "",
            )
        )


def _in_order(table: ProgramTable) -> Iterator[tuple[Pair, Cell]]:
    """Pairs and their cells, row by row."""
    return (((row, test), table.cells[row, test]) for row in table.candidates for test in table.tests)


def _sandbox_errors(table: ProgramTable) -> int:
    return sum(cell.verdict is Verdict.SANDBOX_ERROR for cell in table.cells.values())


def _is_fraction(word: str) -> bool:
    if not any(mark in word for mark in ".eE"):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return word[-1].isdigit()
