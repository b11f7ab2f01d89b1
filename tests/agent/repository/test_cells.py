"""Cells of the table, made of what became of tests."""

from __future__ import annotations

from agent.repository.cells import base_cell, existing_cell, failed_on_base, fixed_tests, passed_on_base
from agent.repository.checks.verdicts import Report, TestResult, TestVerdict

FILE = "tests/test_a.py"
PASSED, FAILED = TestVerdict.PASSED, TestVerdict.FAILED


def report(**verdicts: TestVerdict) -> Report:
    """What became of the tests of the file, by name."""
    return Report(
        tests={f"{FILE}::{name}": TestResult(f"{FILE}::{name}", each) for name, each in verdicts.items()}, finished=True
    )


BASE = base_cell({f"{FILE}::test_old", "tests/test_b.py::test_other"}, {f"{FILE}::test_bug"}, FILE)


def test_the_cell_of_the_unchanged_code_lists_what_passes_and_what_fails_in_the_file() -> None:
    assert BASE.passed
    assert passed_on_base(BASE) == {f"{FILE}::test_old"}
    assert failed_on_base(BASE) == {f"{FILE}::test_bug"}


def test_a_test_that_failed_and_passes_is_fixed_and_one_that_the_patch_adds_is_not() -> None:
    cell = existing_cell(report(test_old=PASSED, test_bug=PASSED, test_works=PASSED), FILE, BASE)
    assert cell.passed
    assert fixed_tests(cell) == [f"{FILE}::test_bug"]


def test_a_test_that_passes_no_longer_or_is_gone_breaks_the_cell() -> None:
    for after in (report(test_old=FAILED, test_bug=PASSED), report(test_bug=PASSED)):
        cell = existing_cell(after, FILE, BASE)
        assert not cell.passed
        assert f"broken {FILE}::test_old" in cell.stdout
        assert fixed_tests(cell) == [f"{FILE}::test_bug"]


def test_a_file_without_a_test_that_passes_judges_nobody() -> None:
    cell = base_cell(set(), {f"{FILE}::test_bug"}, FILE)
    assert (cell.passed, cell.reason) == (False, "no test passes on the unchanged code")
