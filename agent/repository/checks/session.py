"""Runs sessions of pytest in one workspace until every test has a verdict, and puts the verdicts together."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from agent.repository.checks.ids import stable_ids
from agent.repository.checks.invocation import Invocation, Selection, limits_for, split_records, without_targets
from agent.repository.checks.journal import Journal, checked, read_journal, watched
from agent.repository.checks.junit import read_junit
from agent.repository.checks.verdicts import FAILURES, Report, TestResult, TestVerdict
from sandbox import Limits, SandboxError, Verdict
from sandbox.workspace import CommandResult, Workspace

MOST_SESSIONS = 5
"""Sessions per run: each further one leaves out the test or file at which the one before ended."""
TAIL = 4000
STATUSES = (0, 1, 5)
"""pytest's exit statuses after which its verdicts hold: all passed, some failed, none collected."""


@dataclass(frozen=True)
class Session:
    """One session and what became of it."""

    journal: Journal
    result: CommandResult
    culprit: TestResult | None
    """The test, or the file, at which the session ended; None where it came to its end, or nothing is to blame."""
    trouble: str
    forged: bool = False
    """Whether a test that has to fail passed."""
    lines: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)


async def sessions(
    workspace: Workspace, made: Callable[[Selection, Limits], Invocation], selection: Selection, limits: Limits
) -> Report:
    """The verdicts of the selected tests.

    A test that hangs, exhausts its limits or ends the interpreter gets its own verdict; the tests after it are run in
    a further session, within the limits of all. Raises SandboxError where the sandbox fails.
    """
    found: list[Session] = []
    left = {"cpu_s": limits.cpu_s, "wall_s": limits.wall_guard_s}
    words = ""
    while True:
        run = made(selection, limits_for(limits, left))
        words = words or run.words
        session = await _session(workspace, run)
        found.append(session)
        left = {"cpu_s": left["cpu_s"] - session.result.cpu_s, "wall_s": left["wall_s"] - session.result.wall_s}
        culprit = session.culprit
        if culprit is None or len(found) == MOST_SESSIONS or min(left.values()) <= 0:
            break
        if "::" in culprit.id:
            judged = {result.id for result in session.journal.tests} | {culprit.id}
            selection = replace(selection, skip=selection.skip | judged)
        else:
            targets = without_targets(selection.targets, [culprit.id])
            if selection.targets and not targets:
                break
            selection = replace(selection, ignored=(*selection.ignored, culprit.id), targets=targets)
    return _report(found, words)


async def _session(workspace: Workspace, run: Invocation) -> Session:
    result = await workspace.run(run.command)
    if result.verdict == Verdict.SANDBOX_ERROR:
        raise SandboxError(result.reason)
    printed = await workspace.run(run.records)
    records = split_records(printed.stdout)
    if records is None:
        if printed.verdict == Verdict.SANDBOX_ERROR:
            raise SandboxError(printed.reason)
        return Session(Journal(), result, None, f"the records of the session cannot be read: {printed.reason}")
    *records, lines = records
    return replace(judged_session(result, *records, canary=run.canary), lines=_lines(lines))


def judged_session(
    result: CommandResult, journal_data: bytes, trace: bytes, report: bytes, *, canary: str = ""
) -> Session:
    """What became of a session, from the command's result and the three records."""
    journal, forged = watched(read_journal(journal_data), canary)
    if forged:
        return Session(_without_passes(journal, forged), result, None, forged, forged=True)
    ended = journal.status is not None and result.exit_code == journal.status
    if ended and journal.status in STATUSES and not journal.left:
        journal, trouble = checked(journal, read_junit(report))
        return Session(journal, result, None, trouble)
    if journal.status is not None and not ended:
        words = f"pytest ended with status {journal.status}, the process with {result.reason or result.exit_code}"
        return Session(_without_passes(journal, words), result, None, words)
    culprit = _culprit(journal, result, trace.decode(errors="replace"))
    if culprit is not None:
        return Session(journal, result, culprit, f"{culprit.id}: {culprit.detail.splitlines()[0]}")
    words = (
        f"pytest stopped with status {journal.status}" if ended else "pytest did not start, or did not come to its end"
    )
    return Session(journal, result, None, f"{words}: {_said(journal, result)}")


def _culprit(journal: Journal, result: CommandResult, trace: str) -> TestResult | None:
    """The test or file at which a session ended before its time."""
    late = trace.startswith("Timeout (")
    hung = late or result.verdict == Verdict.TIMEOUT
    if late:
        how = f"ran longer than the {trace.partition('(')[2].partition(')')[0]} that a test may take"
    else:
        ends = journal.broken.strip().splitlines()[-1:] or [result.reason or f"exit status {result.exit_code}"]
        how = f"the session ended here: {ends[0]}"
    detail = f"{how}\n{trace[-2000:]}".strip()
    if journal.running:
        return TestResult(journal.running, TestVerdict.TIMED_OUT if hung else TestVerdict.ERROR, detail)
    if journal.collecting.endswith(".py"):
        return TestResult(journal.collecting, TestVerdict.TIMED_OUT if hung else TestVerdict.NOT_COLLECTED, detail)
    return None


def _without_passes(journal: Journal, words: str) -> Journal:
    tests = [
        replace(result, verdict=TestVerdict.ERROR, detail=words) if result.verdict == TestVerdict.PASSED else result
        for result in journal.tests
    ]
    return replace(journal, tests=tests)


def _said(journal: Journal, result: CommandResult) -> str:
    output = (result.stdout + b"\n" + result.stderr).decode(errors="replace").strip()
    return (journal.broken or output)[-TAIL:].strip() or result.reason


def _lines(data: bytes) -> dict[str, dict[str, frozenset[int]]]:
    """Lines that each test file executed, by source file; empty where none were noted, or the record is unreadable."""
    try:
        found = json.loads(data or b"{}")
        return {
            str(test): {str(path): frozenset(map(int, lines)) for path, lines in files.items()}
            for test, files in found.items()
        }
    except (ValueError, AttributeError, TypeError):
        return {}


def _exit_code(last: Session, results: list[TestResult]) -> int | None:
    """pytest's exit status as it were without the test that has to fail."""
    only_that = not last.trouble and last.result.exit_code == 1
    if only_that and not any(result.verdict in FAILURES for result in results):
        return 0
    return last.result.exit_code


def _report(found: list[Session], words: str) -> Report:
    results: list[TestResult] = []
    seen: set[str] = set()
    for session in found:
        journal = session.journal
        own = [*journal.tests, *journal.uncollected, *([session.culprit] if session.culprit else [])]
        fresh = [result for result in own if result.id not in seen]
        results += fresh
        seen.update(result.id for result in fresh)
    last = found[-1]
    output = (last.result.stdout + last.result.stderr).decode(errors="replace")
    return Report(
        tests=dict(zip(stable_ids(result.id for result in results), results, strict=True)),
        finished=all(not session.trouble for session in found),
        forged=any(session.forged for session in found),
        trouble="\n".join(session.trouble for session in found if session.trouble),
        command=words,
        exit_code=_exit_code(last, results),
        output_tail=output[-TAIL:],
        seconds=sum(session.result.wall_s for session in found),
        cpu_s=sum(session.result.cpu_s for session in found),
        modules=last.journal.modules,
        lines={test: files for session in found for test, files in session.lines.items()},
    )
