"""Reads a recorded change of a repository again: its settings, and its replay without models and without a sandbox."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from agent.errors import RunError
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import open_snapshot
from agent.repository.record import task_record
from agent.repository.run import change_repository
from agent.repository.settings import ChangeSettings
from agent.runs.record import RecordedRun
from agent.runs.recorder import Notice, RecordEnds, Recorder
from engines import EngineError
from sandbox import SandboxError


def settings_of_change(run: RecordedRun) -> ChangeSettings:
    """The settings of a recorded run. Raises RunError for a run that this version cannot repeat."""
    try:
        return ChangeSettings.model_validate(run.started.settings)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"]))
        raise RunError(f"run {run.id} has settings of another version: {where}: {error.errors()[0]['msg']}") from error


async def replay_change(run: RecordedRun, notice: Notice) -> bool:
    """Repeat a recorded run with the current code; False if the record breaks off before the end of the run.

    Answers and executions are taken from the record, files from the snapshot in the repository. `notice` receives each
    event that was reproduced. Raises ReplayError at the first difference, RepositoryError where the repository or the
    snapshot is gone, RunError for a run that this version cannot repeat.
    """
    recorder = Recorder(None, run, notice)
    record = task_record(run.blob(run.started.problem))
    with open_repository(Path(record.root)) as repository:
        snapshot = open_snapshot(repository, run.id)
        with suppress(EngineError, SandboxError):  # the recorded run ended with this error
            try:
                await change_repository(
                    record,
                    settings_of_change(run),
                    snapshot=snapshot,
                    engines={},
                    recorder=recorder,
                    folder=run.folder,
                )
            except RecordEnds:
                return False
    recorder.finish_replay()
    return True
