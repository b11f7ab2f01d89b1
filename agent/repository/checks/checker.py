"""Runs the tests of a repository in sandboxes over one checkout, for one set of changed files after another."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from pathlib import Path
from types import TracebackType

from agent.repository.checks.below import cut, from_root, join
from agent.repository.checks.environment import Environment, Probe
from agent.repository.checks.invocation import Invocation, Selection, invocation, variables
from agent.repository.checks.session import TAIL, sessions
from agent.repository.checks.sources import Support
from agent.repository.checks.suite import Runner, Suite
from agent.repository.checks.verdicts import Report, TestResult, TestVerdict
from agent.repository.files import Changed
from sandbox import Limits, SandboxError, Verdict
from sandbox.workspace import Command, Quota, Workspace, open_workspace

RUN_LIMITS = Limits(cpu_s=600, wall_s=900, memory_mb=4096, output_bytes=4 << 20, processes=256)
QUOTA = Quota(disk_mb=2048, limits=replace(RUN_LIMITS, processes=512))
TEST_S = 60.0
"""Seconds after which a single test is ended."""
COMMAND = "the test command"
"""The id of the one result of a suite that is judged by its exit status."""


@dataclass(frozen=True)
class Place:
    """Where and in what the tests are run."""

    directory: Path
    """A checkout of the repository; it is never written to, and must not change while the checker is open."""
    environment: Environment
    probe: Probe
    support: Support
    modules: tuple[str, ...]
    """The repository's own top-level modules."""
    _: KW_ONLY
    blocked: tuple[str, ...] = ()
    """Plug-ins of pytest that are not loaded."""
    objects: Path | None = None
    """The object database of the user's repository, which git needs in the checkout; tests see it, a
    set-up does not."""
    kind: str = "auto"
    image: str | None = None


class Checker:
    """A pool of workspaces over one checkout; every run starts from the checkout's files, with its own changes."""

    def __init__(
        self, place: Place, suite: Suite, *, slots: int = 2, limits: Limits = RUN_LIMITS, test_s: float = TEST_S
    ) -> None:
        self._place = place
        self.suite = suite
        """The suite of runs that name none; `establish` replaces it where another way works better."""
        self._limits = limits
        self.test_s = test_s
        """Seconds that a single test may take; `establish` fits it to what the tests took."""
        self._free = asyncio.Semaphore(slots)
        self._ready: list[Workspace] = []
        self._renewing: set[asyncio.Task[None]] = set()
        self._closed = False
        self._isolation = ""

    @property
    def place(self) -> Place:
        """Where the tests are run."""
        return self._place

    @property
    def warnings(self) -> tuple[str, ...]:
        """What may keep tests from passing that pass elsewhere, in words for people."""
        return (*self._place.support.warnings, *self._place.environment.warnings)

    @property
    def isolation(self) -> str:
        """The isolation of the tests from this machine, in words; empty before a workspace is open."""
        return self._isolation

    async def run(
        self,
        changed: Changed,
        targets: Sequence[str] = (),
        *,
        only: Collection[str] | None = None,
        suite: Suite | None = None,
        test_s: float | None = None,
        lines: bool = False,
    ) -> Report:
        """The verdicts of tests on the checkout with these files changed.

        `targets` are test files or directories relative to the repository's root, by default the whole suite; `only`
        are ids of the tests to run in them; `test_s` bounds the seconds of a single test; `lines` asks for the lines
        that every test file executes, which the environment tells if it has coverage. A suite that is judged by its
        exit status takes none of these. Several runs go on side by side.

        Raises SandboxError where the sandbox fails, PathRefused for a changed path outside of the checkout.
        """
        chosen = suite or self.suite
        selection = Selection(
            tuple(cut(chosen.rootdir, target) for target in targets),
            None if only is None else frozenset(cut(chosen.rootdir, node_id) for node_id in only),
            lines=lines and bool(self._place.probe.coverage),
        )
        async with self._free:
            workspace = await self._workspace()
            try:
                made_by_a_build = {join(chosen.rootdir, path): data for path, data in self._place.support.tree.items()}
                await _write(workspace, {**made_by_a_build, **changed})
                if chosen.runner == Runner.COMMAND:
                    return await self._command(workspace, chosen)
                made = partial(self._invocation, chosen, test_s or self.test_s)
                return from_root(await sessions(workspace, made, selection, self._limits), chosen.rootdir)
            finally:
                self._give_back(workspace)

    async def close(self) -> None:
        """End everything that runs, and remove what was written. Idempotent."""
        self._closed = True
        await asyncio.gather(*self._renewing, return_exceptions=True)
        waiting, self._ready = self._ready, []
        for workspace in waiting:
            await asyncio.shield(workspace.close())

    async def __aenter__(self) -> Checker:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def adopt(self, workspace: Workspace) -> None:
        """Take over a workspace that was opened for a probe and wrote nothing."""
        self._ready.append(workspace)
        self._isolation = workspace.isolation

    def _invocation(self, suite: Suite, test_s: float, selection: Selection, limits: Limits) -> Invocation:
        place = self._place
        return invocation(
            suite,
            selection,
            environment=place.environment,
            plugins=place.probe.plugins,
            blocked=place.blocked,
            support=place.support,
            modules=place.modules,
            limits=limits,
            test_s=test_s,
        )

    async def _command(self, workspace: Workspace, suite: Suite) -> Report:
        place = self._place
        roots = ":".join("$PWD" if root == "." else f"$PWD/{root}" for root in place.support.roots)
        path = f"{Path(place.environment.executable).parent}:/env/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
        env = {**variables(place.environment), "PATH": path, **suite.env}
        script = f'PYTHONPATH="{roots}" exec "$@"'
        words = ("/bin/sh", "-c", script, "sh", *suite.arguments)
        result = await workspace.run(Command(words, self._limits, env=env, cwd=suite.rootdir))
        if result.verdict == Verdict.SANDBOX_ERROR:
            raise SandboxError(result.reason)
        verdict = {Verdict.OK: TestVerdict.PASSED, Verdict.TIMEOUT: TestVerdict.TIMED_OUT}
        output = (result.stdout + result.stderr).decode(errors="replace")[-TAIL:]
        judged = verdict.get(result.verdict, TestVerdict.FAILED)
        detail = "" if judged == TestVerdict.PASSED else f"{result.reason}\n{output}"
        return Report(
            tests={COMMAND: TestResult(COMMAND, judged, detail, result.wall_s)},
            finished=result.exit_code is not None,
            trouble="" if result.exit_code is not None else result.reason,
            command=suite.words,
            exit_code=result.exit_code,
            output_tail=output,
            seconds=result.wall_s,
            cpu_s=result.cpu_s,
        )

    async def _workspace(self) -> Workspace:
        while not self._ready and self._renewing:
            await asyncio.wait(self._renewing, return_when=asyncio.FIRST_COMPLETED)
        if self._ready:
            return self._ready.pop()
        workspace = await opened(self._place)
        self._isolation = workspace.isolation
        return workspace

    def _give_back(self, workspace: Workspace) -> None:
        """Renew a used workspace in the background, so that the next run waits less."""
        task = asyncio.ensure_future(self._renew(workspace))
        self._renewing.add(task)
        task.add_done_callback(self._renewing.discard)

    async def _renew(self, workspace: Workspace) -> None:
        try:
            if not self._closed:
                await workspace.reset()
        except SandboxError:
            # The next run opens another workspace, and raises if that fails too.
            await workspace.close()
            return
        if self._closed:
            await workspace.close()
        else:
            self._ready.append(workspace)


async def opened(place: Place, say: Callable[[str], None] = lambda _: None) -> Workspace:
    """A workspace of a checker. Raises SandboxUnavailable, SetupFailed and SandboxError as `open_workspace` does."""
    environment = place.environment
    return await open_workspace(
        place.directory,
        kind=place.kind,
        image=place.image,
        setup=environment.setup,
        readable=[path for path in environment.readable if not _inside(path, place.directory)],
        objects=() if place.objects is None else (place.objects,),
        quota=QUOTA,
        say=say,
    )


def _inside(path: str, directory: Path) -> bool:
    return Path(path).is_relative_to(directory.resolve())


async def _write(workspace: Workspace, changed: Mapping[str, bytes | None]) -> None:
    """Bring the changes into a new workspace. Raises PathRefused for a path that leads out of it."""
    for path, data in changed.items():
        if data is not None:
            await workspace.write(path, data)
    gone = [path for path, data in changed.items() if data is None]
    if gone:
        await workspace.run(Command(("rm", "-f", "--", *gone)))
