"""The few facts about each problem that a report keeps in memory, in place of the problem's table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.plain import visible
from evaluator.datasets.fractions import lacks_tolerance
from evaluator.run.summary import WORDS, problem_row, program_verdict
from evaluator.run.tables import NOT_RUN, PASSED, UNKNOWN, EvaluatedTable


@dataclass(frozen=True, kw_only=True)
class ProblemFacts:
    """One problem: a row of the report's list of problems, and further facts."""

    number: int
    """Index of the problem in the set."""
    name: str
    programs: int
    """Number of the coder's answers, those without a program included."""
    right: int
    """Number of programs that pass all hidden tests."""
    extracted_programs: int
    requested_tests: int
    extracted_tests: int
    right_tests: int | None
    """Number of tests that the reference solution passes; None without a reference solution."""
    best: float | None
    """Probability that the program passing the most generated tests is right, ties broken at random; None without
    hidden tests or programs."""
    verdict: str
    """The verdict of the chosen programs; where their verdicts differ, how many of the chosen programs are right; a
    dash where no program is chosen."""
    slowest_s: float | None
    """CPU seconds of the slowest execution; None where no program was extracted."""
    largest_kb: int
    """Peak memory in kB of the execution that took the most; 0 where no program was extracted."""
    limit_s: float
    """CPU seconds that an execution was allowed."""
    filters: tuple[str, ...]
    """Names of the page's filters that show the problem."""
    has_hidden_tests: bool
    overlaps: bool
    """Whether a public example and a hidden test have the same input; False where public examples were not run."""
    lacks_tolerance: bool
    """Whether a hidden test expects decimal fractions, and the comparison has no tolerance of its own."""
    comparison: str
    silent: bool
    """Whether a hidden test expects an empty output, so that a program that prints nothing passes the test."""
    not_extracted: dict[str, tuple[int, ...]]
    """Indices of the samples from which nothing was extracted, by role."""


def facts_of(table: EvaluatedTable) -> ProblemFacts:
    """The facts of one table."""
    row = problem_row(table)
    public, hidden = ([column for column in table.columns if column.suite == suite] for suite in ("public", "hidden"))
    verdicts = [program_verdict(table, at) for at in chosen(table)]
    seconds = [seconds for seconds, cells in zip(table.cpu_s, table.cells, strict=True) if cells]
    return ProblemFacts(
        number=table.problem,
        name=visible(table.name),
        programs=row["programs"],
        right=row["right"],
        extracted_programs=len(seconds),
        requested_tests=row["tests_requested"],
        extracted_tests=row["tests_extracted"],
        right_tests=None if row["tests_right"] == "" else row["tests_right"],
        best=None if row["best_of_n"] == "" or not hidden else row["best_of_n"],
        verdict=_joint_verdict(verdicts),
        slowest_s=max(seconds, default=None),
        largest_kb=max(table.peak_kb, default=0),
        limit_s=table.limit_s,
        filters=_filters(table, row["right"], verdicts if hidden else []),
        has_hidden_tests=bool(hidden),
        overlaps=bool({test.stdin.strip() for test in public} & {test.stdin.strip() for test in hidden}),
        lacks_tolerance=lacks_tolerance((test.expected for test in hidden), table.comparison),
        comparison=table.comparison,
        silent=any(not test.expected.strip() for test in hidden),
        not_extracted={
            "coder": tuple(at for at, why in zip(table.program_samples, table.program_failures, strict=True) if why),
            "tester": tuple(table.test_failures),
        },
    )


def chosen(table: EvaluatedTable) -> list[int]:
    """Indices of the programs that pass the most generated tests; empty without such tests or without programs."""
    generated = table.passes("generated")
    if not generated.size:
        return []
    passed = generated.sum(axis=1)
    extracted = [row for row, cells in enumerate(table.cells) if cells]
    most = max((passed[row] for row in extracted), default=0)
    return [row for row in extracted if passed[row] == most]


def _filters(table: EvaluatedTable, right: int, verdicts: Sequence[str]) -> tuple[str, ...]:
    """The filters that show the problem; `verdicts` are those of the chosen programs, empty without hidden tests."""
    hidden = any(column.suite == "hidden" for column in table.columns)
    chosen_right = all(verdict == WORDS[PASSED] for verdict in verdicts)
    applies = {
        "some-right": hidden and right > 0,
        "none-right": hidden and bool(table.cells) and not right,
        "chosen-right": bool(verdicts) and chosen_right,
        "chosen-wrong": bool(verdicts) and not chosen_right,
        "missed": bool(verdicts) and not chosen_right and right > 0,
        "no-tests": not any(column.suite == "generated" for column in table.columns),
        "not-extracted": "" in table.cells or bool(table.test_failures),
        "given-up": any(NOT_RUN in cells for cells in table.cells),
        "missing": any(table.failed.values()),
        "sandbox": any(UNKNOWN in cells for cells in table.cells),
    }
    return tuple(name for name, does in applies.items() if does)


def _joint_verdict(verdicts: Sequence[str]) -> str:
    """The common verdict of the chosen programs, or how many of them are right."""
    if len(set(verdicts)) < 2:
        return "".join(verdicts[:1]).replace("_", " ") or "–"
    return f"{verdicts.count(WORDS[PASSED])} of {len(verdicts)} tied programs right"
