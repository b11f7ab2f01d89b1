"""Verdicts from the records of a session, also of one that did not come to its end or whose records disagree."""

from __future__ import annotations

import json
from typing import Any

import pytest

from agent.repository.checks.ids import junit_name
from agent.repository.checks.journal import read_journal
from agent.repository.checks.junit import read_junit
from agent.repository.checks.session import judged_session
from agent.repository.checks.verdicts import TestVerdict
from sandbox import Verdict
from sandbox.workspace import CommandResult

A, B = "t.py::test_a", "t.py::test_b"
CANARY = "must_fail"
BEGIN = [["collecting", ""], ["collecting", "t.py"], ["gathered", "t.py"], ["collected", [A, B]]]


def lines(*entries: list[Any]) -> bytes:
    return "".join(json.dumps(entry) + "\n" for entry in entries).encode()


def ran(node_id: str, outcome: str = "passed", when: str = "call", *, xfail: bool = False) -> list[list[Any]]:
    return [["start", node_id], ["report", node_id, when, outcome, xfail, 0.5, "why"], ["end", node_id]]


def report(*cases: tuple[str, str]) -> bytes:
    rows = []
    for node_id, inner in cases:
        classname, name = junit_name(node_id)
        rows.append(f'<testcase classname="{classname}" name="{name}">{inner}</testcase>')
    return f"<testsuites><testsuite>{''.join(rows)}</testsuite></testsuites>".encode()


def ended(code: int | None, verdict: Verdict = Verdict.CRASH, reason: str = "") -> CommandResult:
    return CommandResult(command=("x",), verdict=verdict, exit_code=code, reason=reason, stdout=b"the output")


def verdicts(session: Any) -> dict[str, TestVerdict]:
    return {result.id: result.verdict for result in session.journal.tests}


@pytest.mark.parametrize(
    ("reports", "verdict"),
    [
        (ran(A), TestVerdict.PASSED),
        (ran(A, "failed"), TestVerdict.FAILED),
        (ran(A, "failed", "setup"), TestVerdict.ERROR),
        (ran(A, "skipped"), TestVerdict.SKIPPED),
        (ran(A, "skipped", xfail=True), TestVerdict.XFAILED),
        ([["start", A], ["end", A]], TestVerdict.MISSING),
        ([*ran(A)[:2], ["report", A, "teardown", "failed", False, 0.1, "t"], ["end", A]], TestVerdict.ERROR),
        ([["start", A], ["report", A, "call", "rerun", False, 0, ""], *ran(A)[1:]], TestVerdict.PASSED),
        ([*ran(A)[:2], ["report", A, "call", "failed", False, 0, "part"], ["end", A]], TestVerdict.FAILED),
    ],
)
def test_phases_make_one_verdict(reports: list[list[Any]], verdict: TestVerdict) -> None:
    [result] = read_journal(lines(*reports)).tests
    assert result.verdict == verdict and (result.detail or verdict == TestVerdict.PASSED)


def test_a_session_that_came_to_its_end() -> None:
    data = lines(*BEGIN, *ran(A), *ran(B, "failed"), ["finish", 1])
    session = judged_session(ended(1), data, b"", report((A, ""), (B, "<failure/>")))
    assert verdicts(session) == {A: TestVerdict.PASSED, B: TestVerdict.FAILED}
    assert not session.trouble and session.culprit is None


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"<testsuites>",
        report((A, "<failure/>"), (B, "")),
        report((B, "")),
        b"<!DOCTYPE x>" + report((A, ""), (B, "")),
    ],
)
def test_passes_that_the_report_does_not_confirm_are_none(wrong: bytes) -> None:
    session = judged_session(ended(0), lines(*BEGIN, *ran(A), *ran(B), ["finish", 0]), b"", wrong)
    assert verdicts(session)[A] == TestVerdict.ERROR and session.trouble


def test_names_that_a_suite_gives_its_cases_do_not_matter() -> None:
    renamed = b'<testsuites><testcase classname="x" name="1"/><testcase classname="x" name="2"/></testsuites>'
    session = judged_session(ended(0), lines(*BEGIN, *ran(A), *ran(B), ["finish", 0]), b"", renamed)
    assert verdicts(session) == {A: TestVerdict.PASSED, B: TestVerdict.PASSED}


def test_a_test_that_has_to_fail_and_passes_takes_all_passes_away() -> None:
    canary = f"t.py::{CANARY}"
    begin = [*BEGIN[:-1], ["collected", [A, B, canary]]]
    good = lines(*begin, *ran(A), *ran(B), *ran(canary, "failed"), ["finish", 1])
    session = judged_session(ended(1), good, b"", report((A, ""), (B, ""), (canary, "<failure/>")), canary=CANARY)
    assert verdicts(session) == {A: TestVerdict.PASSED, B: TestVerdict.PASSED} and not session.forged
    bad = lines(*begin, *ran(A), *ran(B), *ran(canary), ["finish", 0])
    session = judged_session(ended(0), bad, b"", report((A, ""), (B, ""), (canary, "")), canary=CANARY)
    assert session.forged and set(verdicts(session).values()) == {TestVerdict.ERROR}


@pytest.mark.parametrize(
    ("result", "trace", "verdict", "words"),
    [
        (ended(1), b"Timeout (0:00:05)!\n", TestVerdict.TIMED_OUT, "0:00:05"),
        (ended(None, Verdict.TIMEOUT, "cpu"), b"", TestVerdict.TIMED_OUT, "cpu"),
        (ended(None, Verdict.CRASH, "SIGSEGV"), b"Fatal Python error", TestVerdict.ERROR, "SIGSEGV"),
        (ended(0, Verdict.OK), b"", TestVerdict.ERROR, "exit status 0"),
        (ended(None, Verdict.MEMORY, "memory"), b"", TestVerdict.ERROR, "memory"),
    ],
)
def test_the_test_at_which_a_session_ended_is_named(
    result: CommandResult, trace: bytes, verdict: TestVerdict, words: str
) -> None:
    session = judged_session(result, lines(*BEGIN, *ran(A), ["start", B]) + b'["rep', trace, b"")
    assert verdicts(session) == {A: TestVerdict.PASSED}
    assert session.culprit is not None and (session.culprit.id, session.culprit.verdict) == (B, verdict)
    assert words in session.culprit.detail


def test_the_file_at_which_a_collection_ended_is_named() -> None:
    for entries in ([["exit", "0"]], [["collected", []], ["broken", "trace\nSystemExit: 0"], ["finish", 3]]):
        session = judged_session(ended(3), lines(*BEGIN[:2], *entries), b"", b"")
        assert session.culprit is not None and session.culprit.id == "t.py"
        assert session.culprit.verdict == TestVerdict.NOT_COLLECTED


def test_a_session_that_ends_with_another_status_than_it_says_is_not_believed() -> None:
    session = judged_session(ended(0), lines(*BEGIN, *ran(A), *ran(B), ["finish", 1]), b"", report((A, ""), (B, "")))
    assert set(verdicts(session).values()) == {TestVerdict.ERROR} and "status 1" in session.trouble


def test_a_session_that_stops_early_with_success_is_not_finished() -> None:
    session = judged_session(ended(0), lines(*BEGIN, *ran(A), ["finish", 0]), b"", report((A, "")))
    assert session.trouble and session.culprit is None


def test_what_pytest_said_is_told_where_it_did_not_start() -> None:
    session = judged_session(ended(4), lines(["finish", 4]), b"", b"")
    assert "the output" in session.trouble


def test_an_unreadable_report_is_none() -> None:
    assert read_junit(b"\xff\xfe") is None and read_junit(b"<a/>") is not None
