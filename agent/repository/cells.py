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
_BROKEN, _FIXED, _FAILS = "broken ", "fixed ", "fails "
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


def base_cell(passing: Collection[str], failing: Collection[str], target: str) -> Cell:
    """The cell of the unchanged code on the existing tests in a file. `passing` and `failing` are the ids of the tests
    that pass, or fail, each time; the cell is passed if one of the first is in the file, and its output lists those in
    the file, a line each, failing ones marked.
    """
    names = sorted(name for name in passing if _is_in(name, target))
    lines = [*names, *(f"{_FAILS}{name}" for name in sorted(failing) if _is_in(name, target))]
    reason = "" if names else "no test passes on the unchanged code"
    return Cell(verdict=Verdict.OK, passed=bool(names), stdout="".join(f"{line}\n" for line in lines), reason=reason)


def passed_on_base(cell: Cell) -> frozenset[str]:
    """Ids of the tests that the unchanged code passes, as its cell lists them."""
    return frozenset(line for line in cell.stdout.splitlines() if not line.startswith(_FAILS))


def failed_on_base(cell: Cell) -> frozenset[str]:
    """Ids of the tests that the unchanged code fails, as its cell lists them."""
    return frozenset(line.removeprefix(_FAILS) for line in cell.stdout.splitlines() if line.startswith(_FAILS))


def existing_cell(report: Report, target: str, base: Cell) -> Cell:
    """The cell of a patch on existing tests: passed if those that the unchanged code passes (`base`) still pass.

    Its output lists the tests that pass no longer, and those that failed and pass now, a line each. A test that the
    patch adds is neither.
    """
    before = passed_on_base(base)
    names = {name for name in report.tests if _is_in(name, target)}
    passing = {name for name in names if _passes(report.tests[name])}
    broken, fixed = sorted(before - passing), sorted(passing & failed_on_base(base))
    said = "".join([*(f"{_BROKEN}{name}\n" for name in broken), *(f"{_FIXED}{name}\n" for name in fixed)])
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


def fixed_tests(cell: Cell) -> list[str]:
    """Ids of the existing tests that the unchanged code fails and the patch passes, as the patch's cell lists them."""
    return [line.removeprefix(_FIXED) for line in cell.stdout.splitlines() if line.startswith(_FIXED)]


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
