"""One problem as a row of the report's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.plain import visible
from evaluator.run.summary import WORDS, problem_row, program_verdict
from evaluator.run.tables import NOT_RUN, PASSED, UNKNOWN, EvaluatedTable


@dataclass(frozen=True, kw_only=True)
class ProblemLine:
    """A row of the report's list of problems."""

    number: int
    name: str
    programs: int
    right: int
    read: int
    """Number of programs extracted."""
    tests: int
    """Number of tests extracted."""
    requested: int
    """Number of tests requested."""
    true: int | None
    """Number of tests that the reference solution passes; None without a reference solution."""
    best: float | None
    """Probability that the program chosen by tests passed is right."""
    verdict: str
    """The verdict of the chosen program; for several that pass equally many tests, how many of them are right."""
    slowest: float
    executions: int
    kinds: tuple[str, ...]
    """Names of the page's filters that show the problem."""


def problem_line(table: EvaluatedTable) -> ProblemLine:
    """The row of one table."""
    row = problem_row(table)
    best = row["best_of_n"]
    hidden = any(column.suite == "hidden" for column in table.columns)
    picked = [program_verdict(table, at) for at in chosen(table)]
    wrong = next((verdict for verdict in picked if verdict != WORDS[PASSED]), None)
    verdict = _of_equals(picked)
    kinds = []
    if hidden and row["programs"]:
        kinds.append("some-right" if row["right"] else "none-right")
        if picked:
            kinds.append("chosen-right" if wrong is None else "chosen-wrong")
            if wrong is not None and row["right"]:
                kinds.append("missed")
    if not row["tests_extracted"]:
        kinds.append("no-tests")
    if any(not cells for cells in table.cells) or table.test_failures:
        kinds.append("not-extracted")
    if any(NOT_RUN in cells for cells in table.cells):
        kinds.append("given-up")
    if any(UNKNOWN in cells for cells in table.cells):
        kinds.append("sandbox")
    return ProblemLine(
        number=table.problem,
        name=visible(table.name),
        programs=row["programs"],
        right=row["right"],
        read=sum(bool(cells) for cells in table.cells),
        tests=row["tests_extracted"],
        requested=row["tests_requested"],
        true=None if row["tests_right"] == "" else row["tests_right"],
        best=None if best == "" or not hidden else best,
        verdict=verdict,
        slowest=row["slowest_cpu_s"],
        executions=row["executions"],
        kinds=tuple(kinds),
    )


def chosen(table: EvaluatedTable) -> list[int]:
    """Indices of the programs that pass the most generated tests; empty without generated tests."""
    generated = table.passes("generated")
    if not generated.size:
        return []
    passed = generated.sum(axis=1)
    readable = [row for row, cells in enumerate(table.cells) if cells]
    most = max((passed[row] for row in readable), default=0)
    return [row for row in readable if passed[row] == most]


def _of_equals(verdicts: Sequence[str]) -> str:
    """The common verdict of the chosen programs, or how many of them are right."""
    if len(set(verdicts)) < 2:
        return "".join(verdicts[:1]).replace("_", " ") or "–"
    return f"{verdicts.count(WORDS[PASSED])} of {len(verdicts)} equals right"
