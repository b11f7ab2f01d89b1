"""`cure-agent sandbox bench`: executions per second, compared with bare forks and with new interpreters."""

from __future__ import annotations

import asyncio
import json

import click

from sandbox.bench.figures import Figures

STEPS = 7
"""Measurements in a round."""
ABOUT = {
    "fork_floor": "bare fork and exit of a 9 MB Python",
    "strict": "one fork per execution",
    "default": "one fork per plain program",
    "mixed": "default, 6 % crashes, 1 % endless loops",
    "mixed_with_budget": "mixed, a program given up after a time-out",
    "interpreter_per_test": "a new interpreter per execution",
}


@click.command()
@click.option("--sandbox", "kind", type=click.Choice(("auto", "docker", "bubblewrap")), default="auto")
@click.option(
    "--rounds", type=click.IntRange(1), default=3, show_default=True, help="Rounds to measure; medians are shown."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def bench(kind: str, rounds: int, as_json: bool) -> None:
    """Measure executions per second: 64 small programs on 16 inputs each, compared with forks and interpreters.

    A round measures every mode once and takes about 15 seconds, most of them in endless loops.
    """
    from rich.console import Console
    from rich.progress import Progress, TextColumn, TimeElapsedColumn

    from sandbox.bench.measure import measure

    columns = (*Progress.get_default_columns()[:2], TimeElapsedColumn(), TextColumn("{task.fields[now]}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("measuring", total=1 + rounds * STEPS, now="")

        def step(name: str) -> None:
            progress.update(task, advance=1, now=name)

        figures = asyncio.run(measure(kind, rounds, step))
    if as_json:
        click.echo(json.dumps(figures.plain()))
    else:
        click.echo(_table(figures))


def _table(figures: Figures) -> str:
    rates = figures.per_second
    lines = [
        f"{figures.isolation}",
        f"{figures.cores} cores, medians of {figures.rounds} rounds, first execution after {figures.first_s:.2f} s",
        "",
        f"{'':22}{'per second':>12}{'x fork floor':>14}{'x interpreter':>15}",
    ]
    for name, about in ABOUT.items():
        floor, interpreter = rates[name] / rates["fork_floor"], rates[name] / rates["interpreter_per_test"]
        label = name.replace("_", " ")
        lines.append(f"{label:22}{rates[name]:12,.0f}{floor:14.2f}{interpreter:15.1f}   {about}")
    lines += [
        "",
        f"The mixture took {figures.mixed_s:.2f} s, its endless loops alone {figures.endless_alone_s:.2f} s: "
        f"{figures.mixed_overhead:+.1%}.",
    ]
    return "\n".join(lines)
