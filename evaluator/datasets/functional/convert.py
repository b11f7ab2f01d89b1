"""Converts functional problems to rows of CURE's JSON: prepares inputs, calls functions, runs converted programs.

No code of a set runs in this process. Where a problem has a reference solution, the expected outputs are what the
converted solution prints in the sandbox for the converted inputs; a test is kept if this output equals the text of a
direct call's result. Without a reference solution, the expected outputs are the results that the set states.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.problem import Problem, UnitTest
from cure.table import Judging, ProgramTable, judging_of
from evaluator.datasets.execution import EmptyTable, ProgressBars
from evaluator.datasets.functional.draft import MEMORY_MB, Draft, give_values, keep_confirmed, row_of
from evaluator.datasets.functional.function import Dropped, FunctionProblem, LeftOut
from evaluator.datasets.functional.prepare import prepare
from evaluator.datasets.functional.program import function_main, function_program, probe, uses_sets
from evaluator.datasets.functional.registry import FORMATS, format_of
from evaluator.datasets.rows import read_rows
from sandbox import Sandbox

_TIME_LIMIT_FACTOR = 8
"""Time limit of reference solutions, as a multiple of the problem's."""


@dataclass(frozen=True)
class Conversion:
    """The rows of a converted set, and all problems and tests left out."""

    format: str
    problems: int
    """Number of problems read, those left out included."""
    rows: list[dict[str, Any]]
    dropped: list[Dropped]

    def summary(self) -> dict[str, Any]:
        """Counts of problems, tests and reasons, as JSON."""
        left_out = [item for item in self.dropped if not item.test]
        tests = [item for item in self.dropped if item.test and not item.reason.startswith("not needed")]
        return {
            "format": self.format,
            "problems": self.problems,
            "converted": len(self.rows),
            "left_out": len(left_out),
            "tests": sum(len(row["test_input"]) for row in self.rows),
            "function_tests": sum(len(row["function"]["test_input"]) for row in self.rows if "function" in row),
            "examples": sum(len(row["example_input"]) for row in self.rows),
            "tests_left_out": len(tests),
            "comparisons": dict(Counter(row.get("comparison", "tokens") for row in self.rows)),
            "test_reasons": dict(Counter(item.reason for item in tests).most_common()),
            "problems_left_out": [
                {"problem": item.problem, "reason": item.reason, "detail": item.detail} for item in left_out
            ],
        }


def read_functions(path: Path, chosen: str = "auto") -> tuple[str, list[FunctionProblem | dict[str, Any]]]:
    """The format of a file, and its problems: functional ones, or rows that are stdin/stdout already.

    Raises ProblemError for a file that cannot be read or is of no known format.
    """
    rows = read_rows(path)
    kind = format_of(rows, path) if chosen == "auto" else chosen
    return kind, [FORMATS[kind].read(row, f"{path}: row {number}") for number, row in enumerate(rows)]


async def convert(
    path: Path,
    sandbox: Sandbox,
    *,
    chosen: str = "auto",
    most_tests: int | None = None,
    limit: int | None = None,
    bars: ProgressBars | None = None,
) -> Conversion:
    """The conversion of the set in `path`.

    Raises ProblemError for a file that cannot be read or is of no known format, SandboxError where nothing can be run.

    `chosen` is the name of the file's format, or `auto` to detect it. Only the first `limit` problems are converted,
    and at most `most_tests` hidden tests of each are kept; None means all.
    """
    with _numbers_of_any_length():
        return await _convert(path, sandbox, chosen, most_tests, limit, bars or ProgressBars(quiet=True))


@contextmanager
def _numbers_of_any_length() -> Iterator[None]:
    """A context in which Python reads and prints integers of any number of digits."""
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        yield
    finally:
        sys.set_int_max_str_digits(before)


async def _convert(
    path: Path, sandbox: Sandbox, chosen: str, most_tests: int | None, limit: int | None, bars: ProgressBars
) -> Conversion:
    kind, found = read_functions(path, chosen)
    found = found[:limit]
    rows: dict[int, dict[str, Any]] = {}
    drafts: dict[int, Draft] = {}
    dropped: list[Dropped] = []
    for number, item in bars.track("reading arguments", list(enumerate(found))):
        if not isinstance(item, FunctionProblem):
            rows[number] = item
            continue
        try:
            prepared = prepare(item, most_tests)
        except LeftOut as reason:
            dropped.append(Dropped(item.name, "", reason.reason, reason.detail))
        else:
            drafts[number] = Draft(prepared=prepared, dropped=list(prepared.dropped))
    results = await bars.filled("calling the functions", sandbox, _probes(drafts))
    drafts = _without_left_out(drafts, give_values, results, dropped)
    printed = await bars.filled("running the converted solutions", sandbox, _solutions(drafts))
    drafts = _without_left_out(drafts, keep_confirmed, printed, dropped)
    for number, draft in drafts.items():
        rows[number] = row_of(draft, kind, most_tests)
        dropped += draft.dropped
    return Conversion(kind, len(found), [rows[number] for number in sorted(rows)], dropped)


def _without_left_out(
    drafts: Mapping[int, Draft],
    step: Callable[[Draft, ProgramTable | None], None],
    tables: Mapping[int, ProgramTable],
    dropped: list[Dropped],
) -> dict[int, Draft]:
    """The drafts after a step, without those that it leaves out, which are added to `dropped`."""
    kept: dict[int, Draft] = {}
    for number, draft in drafts.items():
        try:
            step(draft, tables.get(number))
        except LeftOut as reason:
            dropped.append(Dropped(draft.problem.name, "", reason.reason, reason.detail))
        else:
            kept[number] = draft
    return kept


def _judging(problem: FunctionProblem, give_up_after: int | None = None) -> Judging:
    limits = Problem(problem.statement, time_limit_s=_TIME_LIMIT_FACTOR * problem.time_limit_s, memory_mb=MEMORY_MB)
    return judging_of(limits, give_up_after=give_up_after)


def _probes(drafts: Mapping[int, Draft]) -> dict[int, EmptyTable]:
    """Tables, by the draft's number, with a program that calls the function (`direct`).

    If the reference solution uses sets, the program `backwards` also calls the function, with sets iterated in reverse.
    The tests of a table are named by the numbers of the draft's cases.
    """
    tables = {}
    for number, draft in drafts.items():
        problem, prepared = draft.problem, draft.prepared
        arguments = [case.call.arguments for case in (*prepared.cases, *prepared.function_cases)]
        if not problem.reference:
            continue
        programs = {"direct": probe(problem, arguments)}
        if uses_sets(problem.reference):
            programs["backwards"] = probe(problem, arguments, backwards=True)
        tests = {str(at): UnitTest(str(at), "") for at in range(len(arguments))}
        tables[number] = EmptyTable(programs, tests, _judging(problem, give_up_after=4))
    return tables


def _solutions(drafts: Mapping[int, Draft]) -> dict[int, EmptyTable]:
    """Tables, by the draft's number, with the converted reference solution.

    The tests of a table are named by the numbers of the draft's cases; tests that exist only as function calls come
    last, and are run by the program `function`.
    """
    tables = {}
    for number, draft in drafts.items():
        if not draft.program:
            continue
        source = function_program(draft.problem.reference, function_main(draft.problem, draft.encoding))
        cases = [*draft.cases, *(case for case, _ in draft.function_tests)]
        tests = {str(at): UnitTest(case.stdin, "") for at, case in enumerate(cases)}
        first = [str(at) for at in range(len(draft.cases))]
        rest = [str(at) for at in range(len(draft.cases), len(cases))]
        wanted = [*(("solution", at) for at in first), *(("function", at) for at in rest)]
        tables[number] = EmptyTable(
            {"solution": draft.program, "function": source}, tests, _judging(draft.problem), tuple(wanted)
        )
    return tables
