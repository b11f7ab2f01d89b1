"""Replays a recorded solve from its record alone."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress

from pydantic import ValidationError

from agent.errors import RunError
from agent.runs.record import RecordedRun
from agent.runs.recorder import Notice, RecordEnds, Recorder
from agent.solve.run import solve_problem
from agent.solve.settings import SolveSettings
from engines import EngineError
from sandbox import Execution, Job, Sandbox, SandboxError


def settings_of(run: RecordedRun) -> SolveSettings:
    """The settings of a recorded run. Raises RunError when this version cannot go through the run again."""
    if run.state.samples and not run.state.asked:
        raise RunError(
            f"run {run.id} was recorded by an earlier version, which did not say what it asked; "
            "`cure-agent why` shows it, but it cannot be resumed or replayed"
        )
    try:
        return SolveSettings.model_validate(run.started.settings)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise RunError(f"run {run.id} has settings of another version: {where}: {error.errors()[0]['msg']}") from error


async def replay(run: RecordedRun, notice: Notice, sandbox: Sandbox | None = None) -> bool:
    """Go through a recorded run with the code of today, and say whether it came to its end.

    Answers come from the record, and so do executions without `sandbox`. Each event is shown to `notice` once it has
    come about as it was recorded. Raises ReplayError at the first difference.
    """
    recorder = Recorder(None, run, notice, takes_executions=sandbox is None)
    with suppress(EngineError, SandboxError):  # how the run ended then, as its last event says
        try:
            await solve_problem(
                run.problem(),
                settings_of(run),
                coder=None,
                tester=None,
                sandbox=_NoSandbox() if sandbox is None else sandbox,
                recorder=recorder,
            )
        except RecordEnds:
            return False
    recorder.finish_replay()
    return True


class _NoSandbox:
    """A sandbox that runs nothing: what was not run when the run was recorded is not run now."""

    isolation = "none"

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:  # noqa: ARG002 (the seam's signature)
        """No execution."""
        nothing: tuple[Execution, ...] = ()
        for execution in nothing:
            yield execution

    async def close(self) -> None:
        """There is nothing to end."""
