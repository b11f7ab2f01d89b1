"""Whether a set can be trusted: its reference solutions and labelled programs run on this machine, its tests looked at.

A set is well when every reference solution passes every test, under other hash seeds as well where it makes sets,
every program labelled right passes all hidden tests, every one labelled wrong does not, and no input has two
expectations. The rest are remarks: overlap of public and hidden tests, repeated tests, empty expectations, fractions
compared as text, reference solutions close to the time limit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem, UnitTest
from cure.table import Judging, judging_of
from evaluator.datasets.errors import DatasetError
from evaluator.datasets.functional.execution import Bars, Executions
from evaluator.datasets.functional.program import seeded, uses_sets
from sandbox import Job, Limits, Sandbox, Verdict

SEEDS = (1, 2)
"""Hash seeds besides the sandbox's own, which is 0."""
_CLOSE = 0.5
_SHORT = 120


@dataclass(frozen=True)
class Failure:
    """A reference solution that does not pass a test."""

    problem: str
    test: str
    """`public 0`, `hidden 3`."""
    seed: int
    verdict: str
    reason: str
    output: str
    expected: str


@dataclass(frozen=True)
class Mismatch:
    """A labelled program that is not what its label says."""

    problem: str
    program: str
    label: str
    passed: int
    tests: int
    first: str
    """The first test it does not pass, and how; empty if it passes all."""


@dataclass
class Report:
    """What the check found."""

    problems: int = 0
    tests: int = 0
    without_hidden_tests: list[str] = field(default_factory=list)
    references: int = 0
    references_passed: int = 0
    reference_failures: list[Failure] = field(default_factory=list)
    seeded: int = 0
    """Reference solutions that make sets and were run under other hash seeds too."""
    programs_right: int = 0
    programs_wrong: int = 0
    mismatches: list[Mismatch] = field(default_factory=list)
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
        """Share of the reference solutions that pass everything; None if there is none."""
        return self.references_passed / self.references if self.references else None

    @property
    def well(self) -> bool:
        """Whether nothing contradicts what the set says."""
        bad = self.reference_failures, self.mismatches, self.contradicting, self.without_hidden_tests
        return not any(bad) and not self.sandbox_errors

    @property
    def remarks(self) -> bool:
        """Whether anything deserves a look all the same, an absence of reference solutions included."""
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


@dataclass(frozen=True)
class _Program:
    """One program to be run on the tests of a problem."""

    key: str
    problem: Problem
    source: str
    tests: tuple[UnitTest, ...]
    name: str
    right: bool
    reference: bool
    seed: int = 0

    def job(self) -> Job:
        limits = Limits(cpu_s=self.problem.time_limit_s, memory_mb=self.problem.memory_mb)
        inputs = tuple(test.stdin.encode() for test in self.tests)
        source = seeded(self.source, self.seed) if self.seed else self.source
        return Job(self.key, source, inputs, limits, give_up_after=None if self.right else 2)


async def check(problems: Sequence[Problem], sandbox: Sandbox, bars: Bars, programs: bool = True) -> Report:
    """The report on these problems; `programs`: run labelled programs, not only reference solutions."""
    report = Report(problems=len(problems))
    for problem in problems:
        _look(problem, report)
    todo = [item for number, problem in enumerate(problems) for item in _programs(number, problem, programs)]
    executions = await bars.over("running programs", sandbox, [item.job() for item in todo])
    failed: dict[str, bool] = {}
    for item in todo:
        if item.reference:
            bad = _judge_reference(item, executions, report)
            key = item.key.split()[0]
            failed[key] = failed.get(key, False) or bad
        else:
            _judge_program(item, executions, report)
    report.references = len(failed)
    report.references_passed = sum(not bad for bad in failed.values())
    return report


def _look(problem: Problem, report: Report) -> None:
    """What can be seen without running anything."""
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
        # A checker is there because several outputs may be right.
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


def _judging(problem: Problem) -> Judging:
    """How the problem is judged; raises DatasetError naming the problem if its comparison does not exist."""
    try:
        return judging_of(problem)
    except ProblemError as error:
        raise DatasetError(str(error)) from error


def _programs(number: int, problem: Problem, labelled: bool) -> Iterator[_Program]:
    reference = problem.reference
    if reference.strip():
        tests = (*problem.examples, *problem.hidden)
        seeds = (0, *SEEDS) if uses_sets(reference) else (0,)
        for seed in seeds:
            yield _Program(f"{number} reference {seed}", problem, reference, tests, "reference", True, True, seed)
    if not labelled:
        return
    for at, item in enumerate(problem.submissions):
        if item.right is not None:
            name = item.name or f"program {at}"
            yield _Program(f"{number} program {at}", problem, item.text, problem.hidden, name, item.right, False)


def _outcomes(item: _Program, executions: Executions, report: Report) -> Iterator[tuple[int, bool, Any, str]]:
    """Index of the test, whether it passed, its execution, its output."""
    equal = _judging(item.problem).equal
    for at, test in enumerate(item.tests):
        execution = executions[item.key, at]
        report.sandbox_errors += execution.verdict is Verdict.SANDBOX_ERROR
        output = execution.stdout.decode(errors="replace")
        yield at, execution.verdict is Verdict.OK and (equal is None or equal(output, test.expected)), execution, output


def _judge_reference(item: _Program, executions: Executions, report: Report) -> bool:
    """Whether the reference solution fails anywhere; notes where, and the slowest test."""
    report.seeded += item.seed == SEEDS[0]
    bad, slowest = False, 0.0
    for at, passed, execution, output in _outcomes(item, executions, report):
        name = _test_name(item.problem, at)
        slowest = max(slowest, execution.cpu_s)
        if not item.seed and (report.slowest is None or execution.cpu_s > report.slowest["cpu_s"]):
            limit = item.problem.time_limit_s
            report.slowest = {"problem": item.problem.name, "test": name, "cpu_s": execution.cpu_s, "limit_s": limit}
        if not passed and execution.verdict is not Verdict.SANDBOX_ERROR:
            bad = True
            reason = execution.reason or ("wrong output" if execution.verdict is Verdict.OK else "")
            expected = item.tests[at].expected[:_SHORT]
            report.reference_failures.append(
                Failure(item.problem.name, name, item.seed, execution.verdict, reason, output[:_SHORT], expected)
            )
    if not item.seed and slowest > _CLOSE * item.problem.time_limit_s:
        report.close_to_limit.append(item.problem.name)
    return bad


def _judge_program(item: _Program, executions: Executions, report: Report) -> None:
    if item.right:
        report.programs_right += 1
    else:
        report.programs_wrong += 1
    failing = [(at, execution) for at, passed, execution, _ in _outcomes(item, executions, report) if not passed]
    if item.right == (not failing):
        return
    first = f"hidden {failing[0][0]}: {failing[0][1].verdict} {failing[0][1].reason}".strip() if failing else ""
    report.mismatches.append(
        Mismatch(
            item.problem.name,
            item.name,
            "right" if item.right else "wrong",
            len(item.tests) - len(failing),
            len(item.tests),
            first,
        )
    )


def _test_name(problem: Problem, at: int) -> str:
    public = len(problem.examples)
    return f"public {at}" if at < public else f"hidden {at - public}"


def _is_fraction(word: str) -> bool:
    if not any(mark in word for mark in ".eE"):
        return False
    try:
        float(word)
    except ValueError:
        return False
    return word[-1].isdigit()
