"""`cure-agent resume`: continues a run that was killed, interrupted or failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from agent.solve.settings import ResumeOptions
    from settings.section import Section


@click.command(cls=SettingsCommand, section="resume", beside=ENGINES)
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the program to this file.")
def resume(
    run: str | None, as_json: bool, out: Path | None, settings: ResumeOptions, others: tuple[Section, ...]
) -> int:
    """Continue RUN (default: the newest), which was killed, interrupted or failed, to the answer it would have given.

    Recorded answers and executions are kept; requests that failed are sent again. A finished run is only shown. Output
    and exit codes are those of `solve`.
    """
    from rich.console import Console

    from agent.commands.changing import resume_change
    from agent.commands.hand_over import check_writable, hand_over
    from agent.commands.running import solve_recorded
    from agent.commands.why import show_run
    from agent.runs.record import load_run
    from agent.runs.store import find_run
    from agent.solve.recorded import settings_of
    from cure.interrupt import run_interruptible

    recorded = load_run(find_run(run))
    check_writable(out)
    if recorded.state.is_repository:
        return run_interruptible(resume_change(recorded, others, as_json=as_json, out=out))
    if recorded.state.is_resumable:
        recorded_settings, problem = settings_of(recorded), recorded.problem()
        outcome = run_interruptible(
            solve_recorded(problem, recorded_settings, settings.sandbox, others, quiet=as_json, resumes=recorded.folder)
        )
    else:
        outcome = recorded.outcome()
        if not as_json:
            show_run(Console(stderr=True), recorded, with_program=False)
    return hand_over(outcome, as_json, out)
