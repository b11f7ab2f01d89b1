"""Reads what a session of pytest wrote down, and judges its tests."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.repository.checks.ids import junit_name
from agent.repository.checks.junit import JunitReport, Outcome
from agent.repository.checks.verdicts import TestResult, TestVerdict


@dataclass(kw_only=True)
class Journal:
    """What happened in one session, in order."""

    tests: list[TestResult] = field(default_factory=list)
    uncollected: list[TestResult] = field(default_factory=list)
    """Files that failed to be collected, or that say at import that they are skipped."""
    collected: list[str] | None = None
    """Ids of the tests that were to be run; None where the collection did not end."""
    collecting: str = ""
    """The file or directory whose collection had started and not ended."""
    running: str = ""
    """The test that had started and not ended."""
    status: int | None = None
    """pytest's exit status; None where the session did not come to its end."""
    broken: str = ""
    """An error of pytest itself, or what ended the interpreter."""
    modules: dict[str, str] = field(default_factory=dict)
    readable: bool = True
    """Whether every line could be read."""

    @property
    def left(self) -> bool:
        """Whether tests that were to be run were not, or did not end."""
        return bool(self.running) or len(self.collected or ()) > len(self.tests)


def read_journal(data: bytes) -> Journal:
    """The journal of a session; lines that are cut off or none of ours are left out."""
    journal = Journal()
    reports: list[list[Any]] = []
    for line in data.splitlines():
        try:
            entry = json.loads(line)
            _take(journal, reports, entry)
        except (ValueError, TypeError, IndexError, KeyError):
            journal.readable = False
    return journal


def _take(journal: Journal, reports: list[list[Any]], entry: Any) -> None:
    kind, *values = entry
    if kind == "start":
        journal.running = str(values[0])
        reports.clear()
    elif kind == "report":
        reports.append(values)
    elif kind == "end":
        journal.tests.append(_judged(str(values[0]), reports))
        journal.running = ""
    elif kind == "collecting":
        journal.collecting = str(values[0])
    elif kind == "collected":
        journal.collected = [str(name) for name in values[0]]
    elif kind == "gathered":
        journal.collecting = ""
    elif kind == "uncollected":
        journal.collecting = ""
        verdict = TestVerdict.SKIPPED if values[1] == "skipped" else TestVerdict.NOT_COLLECTED
        journal.uncollected.append(TestResult(str(values[0]), verdict, str(values[2])))
    elif kind == "finish":
        journal.status = int(values[0])
    elif kind in ("broken", "exit"):
        journal.broken = f"the interpreter was ended by sys.exit({values[0]})" if kind == "exit" else str(values[0])
    elif kind == "modules":
        journal.modules = {str(name): str(path) for name, path in values[0].items()}


def _judged(node_id: str, reports: Sequence[list[Any]]) -> TestResult:
    """The result of a test from the reports on its phases: node id, phase, outcome, expected failure, seconds, text."""
    seconds = sum(float(report[4]) for report in reports)
    failed = [report for report in reports if report[2] == "failed"]
    if failed:
        verdict = TestVerdict.FAILED if failed[0][1] == "call" else TestVerdict.ERROR
        return TestResult(node_id, verdict, str(failed[0][5]), seconds)
    skipped = [report for report in reports if report[2] == "skipped"]
    if skipped:
        return TestResult(
            node_id, TestVerdict.XFAILED if skipped[0][3] else TestVerdict.SKIPPED, str(skipped[0][5]), seconds
        )
    if any(report[2] == "passed" and report[1] == "call" for report in reports):
        return TestResult(node_id, TestVerdict.PASSED, "", seconds)
    return TestResult(node_id, TestVerdict.MISSING, "started, and not reported on", seconds)


def watched(journal: Journal, canary: str) -> tuple[Journal, str]:
    """The journal without the test that had to fail, and what is wrong if it passed."""
    if not canary:
        return journal, ""
    found = [result for result in journal.tests if result.id.endswith(f"::{canary}")]
    rest = [result for result in journal.tests if not result.id.endswith(f"::{canary}")]
    running = "" if journal.running.endswith(f"::{canary}") else journal.running
    planned = None
    if journal.collected is not None:
        planned = [name for name in journal.collected if not name.endswith(f"::{canary}")]
    forged = any(result.verdict == TestVerdict.PASSED for result in found)
    words = "a test that has to fail is told to have passed: verdicts are forged" if forged else ""
    return replace(journal, tests=rest, running=running, collected=planned), words


def checked(journal: Journal, report: JunitReport | None) -> tuple[Journal, str]:
    """The journal with every pass that pytest's own report does not confirm made an error, and what disagrees.

    A suite that writes verdicts itself has to write both in the same way.
    """
    if report is None:
        words = "pytest's report is missing or unreadable although the session came to its end"
        return _doubted(journal, lambda _: True, words), words
    passes = Counter(junit_name(result.id) for result in journal.tests if result.verdict == TestVerdict.PASSED)
    total = sum(counts[Outcome.PASSED] for counts in report.cases.values())
    wrong = {
        name
        for name, count in passes.items()
        if (name in report.cases and report.cases[name][Outcome.PASSED] < count)
        or (name not in report.cases and total < passes.total())
    }
    if not wrong:
        return journal, ""
    words = f"pytest's report does not confirm {len(wrong)} passed tests, {'.'.join(sorted(wrong)[0])} among them"
    return _doubted(journal, lambda result: junit_name(result.id) in wrong, words), words


def _doubted(journal: Journal, doubtful: Any, words: str) -> Journal:
    tests = [
        replace(result, verdict=TestVerdict.ERROR, detail=words)
        if result.verdict == TestVerdict.PASSED and doubtful(result)
        else result
        for result in journal.tests
    ]
    return replace(journal, tests=tests)
