"""`cure-agent replay`: repeats a recorded run without any model, and compares every event."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand

if TYPE_CHECKING:
    from agent.runs.record import RecordedRun
    from agent.runs.recorder import Notice
    from agent.solve.settings import ResumeOptions


@click.command(cls=SettingsCommand, section="resume")
@click.argument("run", required=False)
@click.option("--execute", is_flag=True, help="Run the programs again instead of taking the recorded executions.")
@click.option("--json", "as_json", is_flag=True, help="Print the recorded events, one JSON object a line.")
def replay(run: str | None, execute: bool, as_json: bool, settings: ResumeOptions) -> int:
    """Replay RUN (default: the newest) with the current code on the recorded answers and executions.

    Prints each event once the replay has reproduced it, in the recorded order, and stops with exit code 2 at the first
    difference. No model is asked. Exit code 0 when every event was reproduced.
    """
    from agent.runs.record import load_run
    from agent.runs.store import find_run
    from cure.interrupt import run_interruptible

    recorded = load_run(find_run(run))
    if execute and recorded.state.is_resumable:
        raise click.UsageError(f"run {recorded.id} did not come to its end; only a run that did can be executed again")
    came_to_its_end = run_interruptible(_replay(recorded, settings.sandbox if execute else None, as_json))
    if not came_to_its_end:
        click.echo(f"cure-agent: the record of {recorded.id} ends here; `cure-agent resume` continues it", err=True)
    return 0


async def _replay(run: RecordedRun, sandbox: str | None, as_json: bool) -> bool:
    from agent.repository.recorded import replay_change
    from agent.solve.recorded import replay as replay_run
    from cure.session import open_session

    if run.state.is_repository:
        if sandbox is not None:
            raise click.UsageError("--execute is for runs that solve a problem; `cure-agent change` runs tests again")
        return await replay_change(run, printer(run, as_json))
    if sandbox is None:
        return await replay_run(run, printer(run, as_json))
    async with open_session([], sandbox) as session:
        return await replay_run(run, printer(run, as_json), session.sandbox)


def printer(run: RecordedRun, as_json: bool) -> Notice:
    """An observer that prints each reproduced event once all events recorded before it are reproduced."""
    from agent.runs.events import Event, Resumed, identity, to_line
    from agent.show.event_line import event_line
    from cure.plain import visible

    waiting = [(name, at, event) for name, (at, event) in run.state.recorded.items() if not isinstance(event, Resumed)]
    waiting.reverse()
    seen = set()

    def notice(event: Event) -> None:
        seen.add(identity(event))
        while waiting and waiting[-1][0] in seen:
            _, at, recorded = waiting.pop()
            click.echo(to_line(recorded, at) if as_json else visible(event_line(recorded)), nl=not as_json)

    return notice
