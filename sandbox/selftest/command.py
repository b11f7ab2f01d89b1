"""`cure-agent sandbox selftest`: tests whether this machine's sandbox withstands hostile programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from sandbox.open import KINDS

if TYPE_CHECKING:
    from sandbox.selftest.hostile import Hostile
    from sandbox.selftest.trial import Trial


def _jail(_context: click.Context, _parameter: click.Parameter, kind: str) -> str:
    if kind == "none":
        raise click.BadParameter("hostile programs run in a jail only: choose docker or bubblewrap")
    return kind


def _known(_context: click.Context, _parameter: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:
    if names:
        from difflib import get_close_matches

        from sandbox.selftest.programs import PROGRAMS

        for name in names:
            if name not in PROGRAMS:
                near = get_close_matches(name, PROGRAMS, n=3)
                raise click.BadParameter(f"no program {name!r}" + (f"; near it: {', '.join(near)}" if near else ""))
    return names


@click.command()
@click.option("--sandbox", "kind", type=click.Choice(KINDS), default="auto", show_default=True, callback=_jail)
@click.option("--only", metavar="NAME", multiple=True, callback=_known, help="Only this program; may be repeated.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def selftest(kind: str, only: tuple[str, ...], as_json: bool) -> None:
    """Run hostile programs in this machine's sandbox, and report which ones it withstood.

    Each program must end with its right verdict and leave nothing behind: ten executions of innocent programs follow,
    and the host is checked. Takes a minute or two. Exits with 0 if the sandbox withstood every program, else with 1.
    """
    import asyncio
    import json

    from sandbox.selftest.programs import PROGRAMS

    programs = [PROGRAMS[name] for name in only or PROGRAMS]
    isolation, trials = asyncio.run(_run(kind, programs))
    failed = _failed(trials)
    if as_json:
        click.echo(json.dumps(_plain(isolation, trials)))
    else:
        _show(isolation, trials)
    if failed:
        sys.exit(1)


async def _run(kind: str, programs: list[Hostile]) -> tuple[str, list[Trial]]:
    """The isolation of this machine's sandbox, and a trial for each program and mode; shows progress on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from sandbox.open import open_sandbox
    from sandbox.selftest.canary import canary
    from sandbox.selftest.trial import Examiner, Mode

    console = Console(stderr=True)
    columns = (TextColumn("hostile programs"), BarColumn(bar_width=24), MofNCompleteColumn(), TimeElapsedColumn())
    progress = Progress(
        *columns, TextColumn("{task.description}"), console=console, transient=True, disable=not console.is_terminal
    )
    trials = []
    with canary() as watched, progress:
        task = progress.add_task("", total=len(programs) * len(Mode))
        examiner = Examiner(lambda: open_sandbox(kind, slots=1), watched)
        try:
            isolation = (await examiner.sandbox()).isolation
            async for trial in examiner.trials(programs):
                trials.append(trial)
                progress.update(task, advance=1, description=f"{trial.name} ({trial.mode})")
        finally:
            await examiner.close()
    return isolation, trials


def _failed(trials: Iterable[Trial]) -> list[str]:
    """Names of the programs that the sandbox did not withstand, each once."""
    return list(dict.fromkeys(trial.name for trial in trials if not trial.held))


def _plain(isolation: str, trials: list[Trial]) -> dict[str, object]:
    from dataclasses import asdict

    failed = _failed(trials)
    return {
        "backend": isolation.split()[0],
        "isolation": isolation,
        "held": not failed,
        "total": len({trial.name for trial in trials}),
        "failed": failed,
        "programs": [asdict(trial) for trial in trials],
    }


def _show(isolation: str, trials: list[Trial]) -> None:
    """Print a row for every program, and a line that sums up."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    by_name: dict[str, list[Trial]] = {}
    for trial in trials:
        by_name.setdefault(trial.name, []).append(trial)
    table = Table(box=None, pad_edge=False)
    table.add_column("program", no_wrap=True)
    for heading in ("what it tries", "verdict", "result"):
        table.add_column(heading, overflow="fold")
    for name, rows in by_name.items():
        verdicts = " / ".join(dict.fromkeys(trial.verdict for trial in rows))
        failures = [f"[red]FAILED[/red] ({trial.mode}) {escape(trial.why)}" for trial in rows if not trial.held]
        table.add_row(name, escape(rows[0].tries), verdicts, "\n".join(failures) or "[green]held[/green]")
    console = Console()
    console.print(table)
    failed = _failed(trials)
    outcome = f"FAILED against {', '.join(failed)}" if failed else "all held"
    console.print(
        f"\n{len(by_name)} hostile programs in {isolation}: {outcome}", highlight=False, markup=False, soft_wrap=True
    )
