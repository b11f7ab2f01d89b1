"""The base row: verdicts of the unchanged code, which tell regressions of a patch and vacuous new tests."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from agent.repository.checks.checker import TEST_S, Checker
from agent.repository.checks.suite import Rejected, Runner, Suite
from agent.repository.checks.verdicts import FAILURES, Report, TestVerdict
from agent.repository.errors import RepositoryError
from agent.repository.files import Changed

MOST_REPAIRS = 4
ENOUGH = 0.5
"""Share of tests that must pass for the first way of running them to be taken without a look at others."""


class NoBase(RepositoryError):
    """The unchanged code's tests cannot be run, so that nothing could be said of a patch."""


@dataclass(frozen=True)
class Base:
    """Verdicts of the unchanged code."""

    report: Report
    stable: frozenset[str]
    """Tests that passed and did not differ in a second run; only these can tell a regression."""
    flaky: frozenset[str]
    """Tests whose two runs differ; they are never counted."""
    suite: Suite
    """The suite that was run: the one that was found, or an alternative that works."""

    @property
    def patience_s(self) -> float:
        """Seconds after which a test is ended on patched code: ten times what the slowest took, at least ten."""
        return min(TEST_S, max(10.0, 10 * max((one.seconds for one in self.report.tests.values()), default=0.0)))

    @property
    def failing(self) -> frozenset[str]:
        """Tests that fail on the unchanged code, each time."""
        return self.report.having(*FAILURES) - self.flaky


async def establish(checker: Checker, *, lines: bool = False) -> Base:
    """The base row of a checker's checkout, from one run of its whole suite and a second one of what failed.

    Where the suite cannot be collected because of its options, these are dropped; where less than half of the tests
    pass, other ways of running them that the repository writes down are tried, and the best is kept as the checker's.
    `lines` asks for the lines that every test file executes. Raises NoBase where no test has a verdict.
    """
    best: tuple[Suite, Report] | None = None
    complaint = ""
    for suite in (checker.suite, *checker.suite.alternatives):
        suite, report = await _repaired(checker, suite, lines)
        complaint = complaint or _complaint(report)
        if best is None or len(report.passed) > len(best[1].passed):
            best = suite, report
        if _share(report) >= ENOUGH:
            break
    assert best is not None
    suite, report = best
    if report.forged:
        raise NoBase(f"the suite `{suite.words}` cannot judge anything: {report.trouble}")
    if not any("::" in name or suite.runner == Runner.COMMAND for name in report.tests):
        raise NoBase(
            f"no test of the unchanged code could be run with `{suite.words}`: {complaint or _complaint(report)}"
        )
    _own_code(checker, report)
    checker.suite = suite
    flaky = await _flaky(checker, report)
    base = Base(report, report.passed - flaky, flaky, suite)
    checker.test_s = min(checker.test_s, base.patience_s)
    return base


def _own_code(checker: Checker, report: Report) -> None:
    """Raise NoBase where a module of the repository was imported from elsewhere: then another copy would be judged."""
    for name, path in sorted(report.modules.items()):
        if path.startswith("..") and name not in sys.stdlib_module_names:
            place = Path(checker.place.directory / path).resolve()
            raise NoBase(
                f"the tests import {name} from {place}, not from the checkout, under "
                f"{checker.place.environment.executable}: uninstall it there, or name another interpreter with --python"
            )


async def _repaired(checker: Checker, suite: Suite, lines: bool) -> tuple[Suite, Report]:
    report = await checker.run({}, suite=suite, lines=lines)
    for _ in range(MOST_REPAIRS):
        other = simpler(suite, report)
        if other is None:
            break
        suite, report = other, await checker.run({}, suite=other, lines=lines)
    return suite, report


def simpler(suite: Suite, report: Report) -> Suite | None:
    """The suite without the options that kept pytest from starting; None where nothing can be left out."""
    if report.tests or suite.runner == Runner.COMMAND:
        return None
    said = f"{report.trouble}\n{report.output_tail}"
    unknown = re.search(r"unrecognized arguments: (.+)", said)
    names = (
        unknown[1].split() if unknown else re.findall(r"(?:No module named|Error importing plugin) ['\"]([\w.]+)", said)
    )
    words = list(suite.arguments)
    for name in names:
        for index, word in enumerate(words):
            if word == name or word.startswith(f"{name}=") or word == f"-p{name}":
                del words[index]
                break
            if word == "-p" and words[index + 1 : index + 2] == [name]:
                del words[index : index + 2]
                break
    if len(words) == len(suite.arguments):
        return None
    why = f"pytest does not start with it: {said.strip().splitlines()[-1]}"
    dropped = Rejected(" ".join(word for word in suite.arguments if word not in words), why)
    return replace(suite, arguments=tuple(words), rejected=(*suite.rejected, dropped))


async def _flaky(checker: Checker, report: Report) -> frozenset[str]:
    """Tests that failed and pass, or end otherwise, in a second run."""
    failed = report.having(*FAILURES)
    if not failed or checker.suite.runner == Runner.COMMAND:
        return frozenset()
    again = await again_of(checker, {}, report, failed)
    return differing(report, again, failed)


async def again_of(checker: Checker, changed: Changed, report: Report, names: Collection[str]) -> Report:
    """A second run of some tests of a report."""
    ids = {report.tests[name].id for name in names if name in report.tests}
    files = sorted({node_id.partition("::")[0] for node_id in ids})
    return await checker.run(changed, files, only={node_id for node_id in ids if "::" in node_id} or None)


def differing(first: Report, second: Report, names: Iterable[str]) -> frozenset[str]:
    """The tests among `names` of which exactly one of two runs passed."""
    return frozenset(
        name
        for name in names
        if (first.verdict(name) == TestVerdict.PASSED) != (second.verdict(name) == TestVerdict.PASSED)
    )


def regressions(base: Base, report: Report, ran: Collection[str] | None = None) -> frozenset[str]:
    """Tests that passed on the unchanged code, each time, and do not pass now; a missing test counts.

    `ran` are the test files of the report's run, by default all: tests of other files say nothing.
    """
    kept = set(ran) if ran is not None else None
    return frozenset(
        name
        for name in base.stable
        if (kept is None or name.partition("::")[0] in kept) and report.verdict(name) != TestVerdict.PASSED
    )


def vacuous(report_on_base: Report) -> frozenset[str]:
    """Generated tests that pass on the unchanged code, and so say nothing about a fix."""
    return report_on_base.passed


async def confirmed(checker: Checker, changed: Changed, names: Collection[str]) -> frozenset[str]:
    """The regressions that occur in a second run too."""
    if not names or checker.suite.runner == Runner.COMMAND:
        return frozenset(names)
    files = sorted({name.partition("::")[0] for name in names})
    again = await checker.run(changed, files)
    return frozenset(name for name in names if again.verdict(name) != TestVerdict.PASSED)


def _share(report: Report) -> float:
    return len(report.passed) / len(report.tests) if report.tests else 0.0


def _complaint(report: Report) -> str:
    first = next((result.detail for result in report.tests.values() if result.verdict in FAILURES), "")
    return (report.trouble or first or report.output_tail).strip()[-1500:]
