"""Shared by the commands that change a repository: one recorded change with its progress, new or resumed."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from agent.commands.running import resumed
from agent.errors import RunError
from agent.repository.git.expiry import tidy
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import Snapshot, open_snapshot, take_snapshot
from agent.repository.record import TaskRecord, task_record
from agent.repository.recorded import settings_of_change
from agent.repository.run import change_repository
from agent.repository.settings import ChangeSettings
from agent.runs.outcome import Outcome
from agent.runs.record import RecordedRun, load_run
from agent.runs.recorder import Recorder
from agent.runs.store import RunWriter, create_run
from agent.show.outcome import outcome_json
from agent.show.progress import SolveProgress
from cure.plain import visible
from cure.session import open_engines

if TYPE_CHECKING:
    from settings.section import Section


Failed = Callable[[RecordedRun], None]
"""Receives a run that an error or a signal ended, as it is recorded."""


@dataclass(frozen=True)
class Change:
    """A change of a repository that has come to its end, while the repository is open."""

    outcome: Outcome
    record: TaskRecord
    snapshot: Snapshot
    folder: Path
    """The run's folder."""


@asynccontextmanager
async def changed(
    console: Console,
    task: str,
    directory: Path,
    settings: ChangeSettings,
    options: Sequence[Section],
    failed: Failed = lambda _: None,
    remarks: Sequence[tuple[str, str]] = (),
) -> AsyncIterator[Change]:
    """A new run that changes the repository which the directory lies in; progress is on the console.

    `remarks` are patches that the user did not accept, each with what is wrong with it. A run that an error or a
    signal ends is given to `failed` before the error is raised.

    Raises RepositoryError where there is no repository, or it is in no state to be worked on.
    """
    with open_repository(directory) as repository:
        standing = _relative(directory, repository.root)
        await asyncio.to_thread(tidy, repository, datetime.now(UTC))
        writer = create_run()
        try:
            snapshot = await asyncio.to_thread(take_snapshot, repository, writer.id)
            record = TaskRecord(
                task=task,
                root=str(repository.root),
                standing=standing,
                commit=snapshot.commit,
                head=snapshot.head,
                left_out=tuple((each.path, each.reason) for each in snapshot.left_out),
                remarks=tuple(remarks),
            )
            outcome = await _run(console, record, settings, options, snapshot, writer, None)
        except BaseException:
            _told(writer, failed)
            raise
        finally:
            writer.close()
        yield Change(outcome, record, snapshot, writer.folder)


@asynccontextmanager
async def continued(
    console: Console,
    run: RecordedRun,
    settings: ChangeSettings,
    options: Sequence[Section],
    failed: Failed = lambda _: None,
) -> AsyncIterator[Change]:
    """A recorded run, continued to its end; `failed` as in `changed`.

    Raises RepositoryError where its repository or its snapshot is gone.
    """
    record = task_record(run.blob(run.started.problem))
    with open_repository(Path(record.root)) as repository:
        snapshot = await asyncio.to_thread(open_snapshot, repository, run.id)
        if not run.state.is_resumable:
            yield Change(run.outcome(), record, snapshot, run.folder)
            return
        writer = RunWriter(run.folder, resumes=True)
        try:
            past = resumed(writer, run.state.isolation)
            outcome = await _run(console, record, settings, options, snapshot, writer, past)
        except BaseException:
            _told(writer, failed)
            raise
        finally:
            writer.close()
        yield Change(outcome, record, snapshot, run.folder)


async def resume_change(run: RecordedRun, options: Sequence[Section], *, as_json: bool, out: Path | None) -> int:
    """The exit code, after the run was continued and its patch printed; `cure-agent apply` applies it."""
    from agent.commands.accept import accept

    console = Console(stderr=True)
    failed = print_failed if as_json else lambda _: None
    async with continued(console, run, settings_of_change(run), options, failed) as done:
        return accept(console, done, "plan", None, as_json=as_json, out=out)


def print_failed(run: RecordedRun) -> None:
    """Print a run that an error ended as JSON, so that who reads standard output learns how it ended."""
    click.echo(json.dumps(outcome_json(run.outcome()), indent=2))


def _told(writer: RunWriter, failed: Failed) -> None:
    """Give `failed` the run as far as it is recorded; one without any event has nothing to tell."""
    with suppress(RunError, OSError):
        failed(load_run(writer.folder))


async def _run(
    console: Console,
    record: TaskRecord,
    settings: ChangeSettings,
    options: Sequence[Section],
    snapshot: Snapshot,
    writer: RunWriter,
    past: RecordedRun | None,
) -> Outcome:
    def say(line: str) -> None:
        console.print(Text(visible(line)), style="dim", highlight=False)

    for path, why in record.left_out:
        say(f"note: {path} is not part of the snapshot: {why}")
    # LangGraph takes a second to import: that happens while models start.
    graph = asyncio.to_thread(importlib.import_module, "agent.solve.graph")
    async with open_engines((settings.coder, settings.tester), *options, meanwhile=graph) as engines:
        with SolveProgress(console, "patches") as progress:
            return await change_repository(
                record,
                settings,
                snapshot=snapshot,
                engines={"coder": engines[settings.coder], "tester": engines[settings.tester]},
                recorder=Recorder(writer, past, progress.notice),
                folder=writer.folder,
                say=say,
            )


def _relative(directory: Path, root: Path) -> str:
    return os.path.relpath(os.path.realpath(directory), root)
