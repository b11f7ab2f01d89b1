"""`cure-agent resume`: continues a run that was killed, interrupted or failed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from agent.runs.record import RecordedRun
    from agent.solve.outcome import Outcome
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
    from agent.commands.hand_over import check_writable, hand_over
    from agent.runs.record import load_run
    from agent.runs.store import find_run
    from cure.interrupt import run_interruptible

    recorded = load_run(find_run(run))
    check_writable(out)
    if not recorded.state.is_resumable:
        return _show(recorded, as_json, out)
    outcome = run_interruptible(_resume(recorded, settings.sandbox, others, as_json))
    hand_over(outcome, as_json, out)
    return outcome.exit_code


def _show(run: RecordedRun, as_json: bool, out: Path | None) -> int:
    """The recorded exit code of a finished run, after showing the run and printing its program."""
    import json

    from rich.console import Console

    from agent.commands.hand_over import write_program
    from agent.commands.why import run_json, show_run

    result = run.state.result
    assert result is not None, "the run came to its end"
    if as_json:
        click.echo(json.dumps(run_json(run), indent=2))
    else:
        show_run(Console(stderr=True), run, with_program=False)
    if result.candidate is not None:
        write_program(run.table().candidates[result.candidate].text, as_json, out)
    return result.exit_code


async def _resume(run: RecordedRun, sandbox: str, options: tuple[Section, ...], quiet: bool) -> Outcome:
    from rich.console import Console

    from agent.commands.running import solve_and_show, started
    from agent.show.outcome import show_outcome
    from agent.solve.recorded import settings_of

    console, problem, settings = Console(stderr=True), run.problem(), settings_of(run)
    async with started(console, settings, sandbox, *options) as session:
        outcome = await solve_and_show(console, problem, settings, session, resumes=run.folder)
    if not quiet:
        show_outcome(console, outcome, problem.name)
    return outcome
