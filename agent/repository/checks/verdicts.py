"""Verdicts of tests, and the report of one run of a suite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class TestVerdict(StrEnum):
    """What became of one test."""

    __test__ = False

    PASSED = "passed"
    FAILED = "failed"
    """An assertion or an exception in the test itself."""
    ERROR = "error"
    """A fixture failed, the interpreter ended while the test ran, or the records of the test disagree."""
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    """Failed, as the test says it should."""
    TIMED_OUT = "timed out"
    NOT_COLLECTED = "not collected"
    """The file with the test could not be imported; the result stands for all tests in it."""
    MISSING = "missing"
    """Asked for and not run: no longer there, or the session ended before."""


@dataclass(frozen=True)
class TestResult:
    """One test in one run."""

    __test__ = False

    id: str
    """pytest's node id; of a file that could not be collected, its path."""
    verdict: TestVerdict
    detail: str = ""
    """The end of the failure's text."""
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Report:
    """The outcome of one run of a suite, or of a part of it."""

    tests: Mapping[str, TestResult]
    """Results by stable id (`stable_ids`), in the order of running."""
    finished: bool
    """Whether every session came to its end by itself, with records that agree."""
    forged: bool = False
    """Whether a test that has to fail passed: then no verdict of the run can be believed."""
    trouble: str = ""
    """What kept tests from being judged, in words; empty where nothing did."""
    command: str = ""
    exit_code: int | None = None
    output_tail: str = ""
    seconds: float = 0.0
    """Wall seconds of all sessions."""
    cpu_s: float = 0.0
    lines: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)
    """Lines that each test file executed, by source file; empty unless the run was asked to note them."""
    modules: Mapping[str, str] = field(default_factory=dict)
    """Where the repository's own modules were imported from, relative to its root, by name."""

    @property
    def passed(self) -> frozenset[str]:
        """Stable ids of the tests that passed."""
        return self.having(TestVerdict.PASSED)

    def having(self, *verdicts: TestVerdict) -> frozenset[str]:
        """Stable ids of the tests with one of these verdicts."""
        return frozenset(name for name, result in self.tests.items() if result.verdict in verdicts)

    def verdict(self, name: str) -> TestVerdict:
        """The verdict of a test; where its file was not collected, that; else, if it did not run, `missing`."""
        if name in self.tests:
            return self.tests[name].verdict
        file = self.tests.get(name.partition("::")[0])
        return file.verdict if file is not None and file.verdict != TestVerdict.SKIPPED else TestVerdict.MISSING


FAILURES = (TestVerdict.FAILED, TestVerdict.ERROR, TestVerdict.TIMED_OUT, TestVerdict.NOT_COLLECTED)


def counted(results: Iterable[TestResult]) -> dict[TestVerdict, int]:
    """How many tests have each verdict that occurs, in the order of the verdicts."""
    found = [result.verdict for result in results]
    return {verdict: found.count(verdict) for verdict in TestVerdict if verdict in found}
