"""`cure-agent runs`: lists the recorded runs."""

from __future__ import annotations

import click


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list.")
@click.option("--limit", type=click.IntRange(1), default=20, show_default=True, help="Maximum number of runs to list.")
def runs(as_json: bool, limit: int) -> None:
    """List recorded runs, newest first."""
    import json
    import time

    from agent.runs.listing import summaries

    found = summaries(limit)
    if as_json:
        click.echo(json.dumps([summary.__dict__ for summary in found], indent=2))
        return
    if not found:
        click.echo("no runs yet; `cure-agent solve PROBLEM` makes one", err=True)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from cure.plain import visible

    view = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("run", "when", "problem", "ended", "answer", "P(right)", "tokens", "seconds"):
        right = heading in ("P(right)", "tokens", "seconds")
        view.add_column(heading, justify="right" if right else "left", no_wrap=heading == "run")
    for run in found:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(run.started_at))
        numbers = (f"{run.confidence:.2f}", str(run.tokens), f"{run.seconds:.1f}")
        fields = (run.id, when, run.problem, run.status, run.candidate or "–", *numbers)
        view.add_row(*(Text(visible(field)) for field in fields))
    console = Console()
    console.print(view, width=None if console.is_terminal else 160)
