"""Replays a recorded solve: answers of models come from the record, executions too unless a sandbox is given."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from pydantic import ValidationError

from agent.errors import RunError
from agent.runs.record import RecordedRun
from agent.runs.recorder import Notice, RecordEnds, Recorder
from agent.solve.run import solve_problem
from agent.solve.settings import SolveSettings
from engines import EngineError
from sandbox import Execution, Job, Sandbox, SandboxError

BEFORE: dict[str, Any] = {
    "new_inputs": 0,
    "generator": False,
    "repair_rules": 1,
    "first_share": 1.0,
    "min_gain": 0.0,
    "confidence": "posterior",
}
"""Values of settings that older records lack: no inputs were made, repairs followed the first version of their rules,
the first round drew all samples, and the stated probabilities were those of `cure.select.posterior`."""


def settings_of(run: RecordedRun) -> SolveSettings:
    """The settings of a recorded run. Raises RunError for a run that this version cannot repeat."""
    if run.state.samples and not run.state.asked:
        raise RunError(
            f"run {run.id} was recorded by an earlier version, which did not record its requests; "
            "`cure-agent why` shows it, but it cannot be resumed or replayed"
        )
    try:
        return SolveSettings.model_validate(BEFORE | run.started.settings)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise RunError(f"run {run.id} has settings of another version: {where}: {error.errors()[0]['msg']}") from error


async def replay(run: RecordedRun, notice: Notice, sandbox: Sandbox | None = None) -> bool:
    """Repeat a recorded run with the current code; False if the record breaks off before the end of the run.

    Answers are taken from the record, and executions too unless `sandbox` is given. `notice` receives each event that
    was reproduced. Raises ReplayError at the first difference, RunError for a run that this version cannot repeat,
    ProblemError for a problem that it cannot read.
    """
    recorder = Recorder(None, run, notice, takes_executions=sandbox is None)
    with suppress(EngineError, SandboxError):  # the recorded run ended with this error
        try:
            await solve_problem(
                run.problem(),
                settings_of(run),
                engines={},
                sandbox=_NoSandbox() if sandbox is None else sandbox,
                recorder=recorder,
                unused=run.started.unused,
            )
        except RecordEnds:
            return False
    recorder.finish_replay()
    return True


class _NoSandbox:
    """A sandbox that runs nothing: executions missing in the record stay missing."""

    isolation = "none"
    packages: Mapping[str, str] = {}

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:  # noqa: ARG002 (the protocol's signature)
        """Yield nothing."""
        nothing: tuple[Execution, ...] = ()
        for execution in nothing:
            yield execution

    async def close(self) -> None:
        """Do nothing: no process runs."""
