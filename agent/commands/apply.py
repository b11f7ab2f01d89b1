"""`cure-agent apply`: applies the patch of a recorded run to the repository that it was made for."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", required=False)
@click.option("--yes", is_flag=True, help="Apply the patch without a question, verified or not.")
@click.option("--branch", help="Commit the patch to a new branch of this name; files stay as they are.")
def apply(run: str | None, yes: bool, branch: str | None) -> int:
    """Apply the patch of RUN (default: the newest) to the repository, after a question; single hunks can be chosen.

    Edits made since the run in other places are kept; where they are in the way, nothing is changed and the files are
    named (exit code 7). `cure-agent undo` takes the patch back.
    """
    import sys

    from rich.console import Console

    from agent.commands.accept import hand_to_repository
    from agent.commands.changing import Change
    from agent.repository.git.opened import open_repository
    from agent.repository.git.snapshot import open_snapshot
    from agent.repository.record import task_record
    from agent.runs.record import load_run
    from agent.runs.store import find_run

    recorded = load_run(find_run(run))
    if not recorded.state.is_repository:
        raise click.UsageError(f"run {recorded.id} solves a problem: its program is shown by `cure-agent why`")
    outcome = recorded.outcome()
    if outcome.program is None:
        raise click.UsageError(f"run {recorded.id} has no patch")
    if not yes and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("a question needs a terminal; --yes applies the patch without one")
    record = task_record(recorded.blob(recorded.started.problem))
    with open_repository(Path(record.root)) as repository:
        change = Change(outcome, record, open_snapshot(repository, recorded.id), recorded.folder)
        return hand_to_repository(Console(stderr=True), change, outcome.program, branch, asks=not yes)
