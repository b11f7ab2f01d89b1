"""Shared by the commands that solve: starting models and sandbox, and one solve with its progress."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from agent.runs.events import Resumed
from agent.runs.outcome import Outcome
from agent.runs.record import RecordedRun, load_run
from agent.runs.recorder import Notice, Recorder
from agent.runs.store import RunWriter, create_run
from agent.show.outcome import show_outcome
from agent.show.progress import SolveProgress
from agent.solve.run import solve_problem
from agent.solve.settings import SolveSettings
from cure.prompts import style_for
from cure.session import Session, open_session

if TYPE_CHECKING:
    from pathlib import Path

    from cure.problem import Problem
    from settings.section import Section


async def solve_recorded(
    problem: Problem,
    settings: SolveSettings,
    sandbox: str,
    options: Sequence[Section],
    *,
    quiet: bool,
    unused: Sequence[str] = (),
    resumes: Path | None = None,
) -> Outcome:
    """The outcome of a new run, or of the recorded run in the folder `resumes`, which is continued; shown on stderr
    unless `quiet`.

    `unused` are notes on what looks like a sample but was not read as a test.
    """
    console = Console(stderr=True)
    async with started(console, settings, sandbox, *options) as session:
        outcome = await solve_with_progress(console, problem, with_styles(settings, session), session, unused, resumes)
    if not quiet:
        show_outcome(console, outcome, problem.name)
    return outcome


@asynccontextmanager
async def started(console: Console, settings: SolveSettings, sandbox: str, *options: Section) -> AsyncIterator[Session]:
    """A session with the engines of both roles and the sandbox; the console shows a status line while they start."""
    # LangGraph takes a second to import: that happens while models and containers start.
    graph = asyncio.to_thread(importlib.import_module, "agent.solve.graph")
    async with AsyncExitStack() as stack:
        with console.status(Text(f"Starting {settings.coder} and the sandbox")):
            models = (settings.coder, settings.tester)
            opening = open_session(models, sandbox, *options, meanwhile=graph)
            session = await stack.enter_async_context(opening)
        yield session


async def solve_with_progress(
    console: Console,
    problem: Problem,
    settings: SolveSettings,
    session: Session,
    unused: Sequence[str] = (),
    resumes: Path | None = None,
) -> Outcome:
    """The outcome of a new run, or of the recorded run in the folder `resumes`, which is continued.

    Progress is shown on the console.
    """
    with SolveProgress(console) as progress:
        return await solve_in_folder(problem, settings, session, progress.notice, unused, resumes)


async def solve_in_folder(
    problem: Problem,
    settings: SolveSettings,
    session: Session,
    notice: Notice,
    unused: Sequence[str] = (),
    resumes: Path | None = None,
    begun: Callable[[Path], None] = lambda _: None,
) -> Outcome:
    """The outcome of a new run, or of the recorded run in the folder `resumes`, which is continued.

    Every event is passed to `notice`. `begun` is called with the folder of the run before the first one.
    """
    writer = create_run() if resumes is None else RunWriter(resumes, resumes=True)
    try:
        past = None if resumes is None else resumed(writer, session.sandbox.isolation)
        begun(writer.folder)
        return await solve_problem(
            problem,
            settings,
            engines={"coder": session.engines[settings.coder], "tester": session.engines[settings.tester]},
            sandbox=session.sandbox,
            recorder=Recorder(writer, past, notice),
            unused=unused if past is None else past.started.unused,
        )
    finally:
        writer.close()


def with_styles(settings: SolveSettings, session: Session) -> SolveSettings:
    """The settings with `auto` replaced by the prompt style of each model (`cure.prompts.style_for`)."""
    if settings.coder_style != "auto":
        return settings
    styles = {
        "coder_style": style_for(session.engines[settings.coder].model),
        "tester_style": style_for(session.engines[settings.tester].model),
    }
    return settings.model_copy(update=styles)


def resumed(writer: RunWriter, isolation: str) -> RecordedRun:
    """The recorded run with a new `Resumed` event; `writer` keeps other processes from writing to the run."""
    past = load_run(writer.folder)
    event = Resumed(isolation)
    writer.emit(event)
    past.state.fold(event, time.time())
    return past
