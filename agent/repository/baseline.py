"""The tests of a repository, opened and run on the unchanged code before a model is asked."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from agent.repository.checks import Base, Checker, Policy, Report, Runner, Suite, establish, open_checker, policy_of
from agent.repository.checks.checker import COMMAND
from agent.repository.checks.layout import files_with_tests, top_modules
from agent.repository.files import Changed
from agent.repository.git.snapshot import Snapshot
from agent.repository.git.worktree import worktree
from agent.repository.record import TaskRecord
from agent.repository.settings import ChangeSettings
from agent.runs.events import SuiteReady
from agent.runs.recorder import Recorder
from sandbox import SandboxError

MOST_FILES = 8
"""Number of files of existing tests that each patch runs; the whole suite is run for the answer."""

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class RepositoryTests:
    """The repository's tests; without a checker, as in a replay, none can be run."""

    modules: tuple[str, ...]
    """The repository's own top-level modules."""
    policy: Policy
    """What a patch that these tests judge must leave alone."""
    checker: Checker | None = None
    base: Base | None = None

    async def run(self, changed: Changed, targets: Sequence[str]) -> Report:
        """What became of the tests in these files; see `agent.repository.executor.RunTests`."""
        if self.checker is None:
            raise SandboxError("nothing is run in a replay")
        if self.checker.suite.runner is not Runner.COMMAND:
            return await self.checker.run(changed, targets)
        # Generated tests are pytest's also where the repository's own are run by another command.
        own = await self.checker.run(changed) if COMMAND in targets else None
        files = [target for target in targets if target != COMMAND]
        new = await self.checker.run(changed, files, suite=Suite(Runner.PYTEST)) if files else None
        if own is None or new is None:
            found = own or new
            assert found is not None
            return found
        return replace(new, tests={**own.tests, **new.tests}, finished=own.finished and new.finished)

    async def run_all(self, changed: Changed) -> Report:
        """What became of all existing tests."""
        if self.checker is None:
            raise SandboxError("nothing is run in a replay")
        return await self.checker.run(changed)

    async def works(self) -> bool:
        """Whether the sandbox still runs the tests of the unchanged code."""
        try:
            await self.run_all({})
        except SandboxError:
            return False
        return True


@asynccontextmanager
async def opened_tests(
    record: TaskRecord, settings: ChangeSettings, snapshot: Snapshot, recorder: Recorder, folder: Path, say: Say
) -> AsyncIterator[RepositoryTests]:
    """The repository's tests, after those of the unchanged code were run, which is recorded.

    In a replay nothing is opened. A resumed run keeps the recorded policy. Raises RepositoryError where the tests
    cannot be run.
    """
    modules = tuple(top_modules(snapshot.files))
    known = recorder.known.suite
    if recorder.is_replay:
        if known is not None:
            recorder.emit(known)
        yield RepositoryTests(modules=modules, policy=_policy(settings, known))
        return
    async with AsyncExitStack() as stack:
        tree = await asyncio.to_thread(stack.enter_context, worktree(snapshot, folder / "tree"))
        for left in tree.left_out:
            say(f"note: {left.path} is not copied for the tests: {left.reason}")
        checker = await open_checker(
            tree.folder,
            snapshot.files,
            root=Path(record.root),
            standing=record.directory,
            objects=tree.objects,
            test_cmd=settings.test_cmd,
            python=settings.python,
            image=settings.image,
            kind=settings.sandbox,
            network=settings.network,
            say=say,
        )
        await stack.enter_async_context(checker)
        say(f"tests: {checker.suite.words} ({checker.suite.reason})")
        for warning in checker.warnings:
            say(f"note: {warning}")
        # Noting lines slows tests down: only where not all test files are run for every patch.
        base = await establish(checker, lines=len(files_with_tests(snapshot.files.paths)) > MOST_FILES)
        say(_base_line(base))
        ready = known or _ready(checker, base, policy_of(snapshot.files, base.suite))
        recorder.emit(ready)
        yield RepositoryTests(modules=modules, policy=_policy(settings, ready), checker=checker, base=base)


def _ready(checker: Checker, base: Base, policy: Policy) -> SuiteReady:
    return SuiteReady(
        command=base.suite.words,
        reason=base.suite.reason,
        environment=f"{checker.place.environment.executable} ({checker.place.environment.reason})",
        isolation=checker.isolation,
        passed=len(base.stable),
        failing=sorted(base.failing),
        flaky=sorted(base.flaky),
        warnings=list(checker.warnings),
        command_files=list(policy.command_files),
        doctests=policy.doctests,
        doctest_files=list(policy.doctest_files),
    )


def _policy(settings: ChangeSettings, ready: SuiteReady | None) -> Policy:
    """What the settings protect, and what the recorded suite reads."""
    return Policy(
        allow_test_changes=settings.allow_test_changes,
        protect=tuple(settings.protect),
        command_files=() if ready is None else tuple(ready.command_files),
        doctests=ready is not None and ready.doctests,
        doctest_files=() if ready is None else tuple(ready.doctest_files),
    )


def _base_line(base: Base) -> str:
    passing = len(base.stable)
    parts = [f"{passing} {'test passes' if passing == 1 else 'tests pass'} on the unchanged code"]
    if failing := len(base.failing):
        parts.append(f"{failing} {'fails' if failing == 1 else 'fail'}")
    if flaky := len(base.flaky):
        words = "passes only sometimes and is not counted" if flaky == 1 else "pass only sometimes and are not counted"
        parts.append(f"{flaky} {words}")
    return f"{', '.join(parts)} ({base.report.seconds:.1f} s)"
