"""Cells of the table, made of what became of tests."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from agent.repository.checks.verdicts import Report, TestResult, TestVerdict
from cure.table import Cell
from sandbox import Verdict

DETAILS = 3
"""Number of broken tests whose failures a cell shows."""
DETAIL_CHARACTERS = 2400
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{4,}")
_VERDICTS = {
    TestVerdict.ERROR: Verdict.CRASH,
    TestVerdict.NOT_COLLECTED: Verdict.CRASH,
    TestVerdict.MISSING: Verdict.CRASH,
    TestVerdict.TIMED_OUT: Verdict.TIMEOUT,
}


def generated_cell(report: Report, path: str) -> Cell:
    """The cell of a patch on a generated test file: passed if its tests pass, and there is at least one.

    The cell's output is the failed assertion, so that patches which fail a test in the same way behave alike.
    """
    results = tests_in(report, path)
    passed = [each for each in results if each.verdict is TestVerdict.PASSED]
    if results and len(passed) == len(results):
        return Cell(verdict=Verdict.OK, passed=True)
    failed = next((each for each in results if each.verdict is not TestVerdict.PASSED), None)
    if failed is None:
        verdict, reason = _without_results(report)
        return Cell(verdict=verdict, passed=False, reason=reason, stderr_tail=report.output_tail[-DETAIL_CHARACTERS:])
    return Cell(
        verdict=_VERDICTS.get(failed.verdict, Verdict.OK),
        passed=False,
        stdout=assertion(failed.detail),
        reason=str(failed.verdict),
        stderr_tail=failed.detail[-DETAIL_CHARACTERS:],
    )


def base_cell(passing: Collection[str], target: str) -> Cell:
    """The cell of the unchanged code on the existing tests in a file. `passing` are the ids of the tests that pass each
    time; the cell is passed if one of them is in the file, and its output lists those in the file, a line each.
    """
    names = sorted(name for name in passing if _is_in(name, target))
    reason = "" if names else "no test passes on the unchanged code"
    return Cell(verdict=Verdict.OK, passed=bool(names), stdout="".join(f"{name}\n" for name in names), reason=reason)


def passed_on_base(cell: Cell) -> frozenset[str]:
    """Ids of the tests that the unchanged code passes, as its cell lists them."""
    return frozenset(cell.stdout.splitlines())


def existing_cell(report: Report, target: str, before: Collection[str]) -> Cell:
    """The cell of a patch on existing tests: passed if all that the unchanged code passes still pass.

    Its output lists the tests that pass no longer, and those that pass now, a line each.
    """
    names = {name for name in report.tests if _is_in(name, target)}
    passing = {name for name in names if _passes(report.tests[name])}
    broken, fixed = sorted(set(before) - passing), sorted(passing - set(before))
    said = "".join([*(f"broken {name}\n" for name in broken), *(f"fixed {name}\n" for name in fixed)])
    if not broken:
        return Cell(verdict=Verdict.OK, passed=True, stdout=said)
    details = [f"{name}\n{report.tests[name].detail}" for name in broken if name in report.tests][:DETAILS]
    tail = "\n\n".join(details) or report.output_tail
    crashed = not names and not report.finished
    return Cell(
        verdict=_without_results(report)[0] if crashed else Verdict.OK,
        passed=False,
        stdout=said,
        reason=f"{len(broken)} of {len(before)} tests no longer pass",
        stderr_tail=tail[-DETAIL_CHARACTERS:],
    )


def tests_in(report: Report, target: str) -> Sequence[TestResult]:
    """The results of the tests in a file, or with an id."""
    return [
        result
        for name, result in report.tests.items()
        if name == target or name.startswith((f"{target}::", f"{target}["))
    ]


def assertion(detail: str) -> str:
    """The failed assertion or the exception of a failure's text, without addresses: its last line that pytest marks
    with `E`, else its last line.
    """
    lines = [line for line in detail.splitlines() if line.strip()]
    marked = [line[1:].strip() for line in lines if re.match(r"E\s", line)]
    first = marked[0] if marked else lines[-1] if lines else ""
    return _ADDRESS.sub("0x", first)


def _is_in(name: str, target: str) -> bool:
    return name == target or name.startswith((f"{target}::", f"{target}["))


def _passes(result: TestResult) -> bool:
    return result.verdict in (TestVerdict.PASSED, TestVerdict.XFAILED)


def _without_results(report: Report) -> tuple[Verdict, str]:
    reason = report.trouble or "no test was run"
    return (Verdict.TIMEOUT if "time" in reason else Verdict.CRASH), reason
