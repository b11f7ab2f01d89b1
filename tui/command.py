"""`cure-agent tui`: the terminal UI."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand

if TYPE_CHECKING:
    from tui.picks import Pick
    from tui.settings import TuiOptions
    from tui.sources.worker import WorkerSource

END_S = 20.0
"""Seconds to wait for solves that were stopped."""


@click.command(cls=SettingsCommand, section="tui")
@click.argument("target", required=False, metavar="[RUN|PROBLEM]")
@click.option("--model", help="Model for both roles, as for solve.")
@click.option("--web", is_flag=True, help="Serve the screens to browsers of this machine.")
@click.option("--port", type=click.IntRange(1, 65535), default=8100, show_default=True, help="Port for --web.")
def tui(target: str | None, model: str | None, web: bool, port: int, settings: TuiOptions) -> int:
    """Solve problems by looking at them: choose a problem, watch its run, ask why; open recorded runs.

    PROBLEM is a file as for solve, RUN the id of a run or its folder. Without either, a list of both is shown first.
    """
    import os
    import sys

    if web:
        from tui.web import serve_screens

        serve_screens(_arguments(target, model, settings), port)
        return 0
    run, picks = _found(target)
    is_served = "TEXTUAL_DRIVER" in os.environ
    if not is_served and not (sys.stdin and sys.stdin.isatty() and sys.stdout and sys.stdout.isatty()):
        raise click.UsageError("the terminal UI needs a terminal; `cure-agent solve`, `runs` and `why` do not")

    from agent.terminal import marked
    from tui.app import CureApp
    from tui.machine import configured

    ascii_only = not (sys.stdout.encoding or "").lower().startswith("utf")
    app = CureApp(settings, configured(model), model=model, run=run, picks=picks, ascii_only=ascii_only)
    try:
        with marked():
            code = app.run(mouse=settings.mouse)
    finally:
        _end(app.workers_started)
    return app.return_code or code or 0


def _found(target: str | None) -> tuple[Path | None, list[Pick] | None]:
    """The run or the problems that the command line names."""
    if target is None:
        return None, None
    from agent.errors import RunError
    from agent.runs.store import EVENTS, find_run
    from cure.problem.file import read_problem_file
    from tui.picks import picks_of

    path = Path(target)
    if (path / EVENTS).is_file():
        return path.resolve(), None
    if path.exists():
        return None, picks_of(read_problem_file(target))
    try:
        return find_run(target), None
    except RunError as error:
        raise click.UsageError(f"{target} is no file, and there is {error}") from None


def _arguments(target: str | None, model: str | None, settings: TuiOptions) -> list[str]:
    """The command line that shows the same without --web."""
    given = [] if target is None else [target]
    given += [] if model is None else ["--model", model]
    given += ["--theme", settings.theme, "--keys", settings.keys] if settings.keys else ["--theme", settings.theme]
    return given + ["--ascii"] * settings.ascii


def _end(workers: list[WorkerSource]) -> None:
    """Stop the solves that still run, and wait for their ends."""
    for worker in workers:
        worker.close()
    if not all(worker.wait(0.2) for worker in workers):
        click.echo("cure-agent: stopping the solve; `cure-agent resume` continues it", err=True)
        for worker in workers:
            worker.wait(END_S)
