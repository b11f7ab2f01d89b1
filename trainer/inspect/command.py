"""`cure-agent train inspect`: shows a run that is on disk."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from trainer.inspect.recorded import RecordedRun

_PICTURE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN...", type=click.Path(path_type=Path))
@click.option("--step", type=click.IntRange(min=1), help="List the tasks of a step, with what their answers earned.")
@click.option("--task", type=click.IntRange(min=0), metavar="SLOT",
              help="With --step: show a task, its programs, tests and execution table.")  # fmt: skip
@click.option("--answer", metavar="ROLE/N", help="With --task: show an answer in full, such as coder/3.")
@click.option("--png", type=_PICTURE, help="Where to write the curves.  [default for one run: RUN/curves.png]")
@click.option("--svg", type=_PICTURE, help="Also, or instead of the PNG, write the curves as SVG.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON; no picture unless one is named.")
def inspect(
    runs: tuple[Path, ...],
    step: int | None,
    task: int | None,
    answer: str | None,
    png: Path | None,
    svg: Path | None,
    as_json: bool,
) -> None:
    """Show how a training run went: figures, curves, or one of its steps, tasks and answers.

    Several runs, such as one configuration with several seeds, are shown as mean and range: cure-agent train inspect
    runs/seed-* --png curves.png
    """
    if task is not None and step is None:
        raise click.UsageError("--task needs --step")
    if answer is not None and task is None:
        raise click.UsageError("--answer needs --step and --task")
    if step is not None and (len(runs) > 1 or png or svg):
        raise click.UsageError("--step shows one run on the terminal: no further run, --png or --svg")
    from trainer.inspect.recorded import open_run

    opened = [open_run(path) for path in runs]
    if step is not None:
        _show_step(opened[0], step, task, answer, as_json)
        return
    _show_runs(opened, as_json)
    default = None if png or svg or as_json or len(opened) > 1 else opened[0].path / "curves.png"
    _draw(opened, png, svg, default)
    if len(opened) > 1 and not (png or svg or as_json):
        click.echo("curves: name a file with --png or --svg", err=True)


def _print(as_json: bool, to_record: Callable[[], dict[str, Any]], show: Callable[[Console], None]) -> None:
    """Print a record as JSON, or show it on the terminal."""
    import json

    from rich.console import Console

    if as_json:
        click.echo(json.dumps(to_record(), indent=1))
        return
    console = Console(highlight=False, soft_wrap=False)
    # A pipe has no width of its own, so at least 160 columns are used there.
    show(console if console.is_terminal else Console(highlight=False, width=max(console.width, 160)))


def _show_runs(opened: list[RecordedRun], as_json: bool) -> None:
    from trainer.inspect.comparison import show_comparison, to_record
    from trainer.inspect.figures import differences, figures
    from trainer.inspect.summary import show_summary

    every = [figures(run) for run in opened]
    if len(every) == 1:
        _print(as_json, every[0].to_record, lambda console: show_summary(console, every[0]))
        return
    differing = differences([run.config for run in opened])
    _print(as_json, lambda: to_record(every, differing), lambda console: show_comparison(console, every, differing))


def _draw(opened: list[RecordedRun], png: Path | None, svg: Path | None, default: Path | None) -> None:
    """Write the pictures asked for, or `default`, whose failure is only reported."""
    from trainer.errors import TrainerError
    from trainer.inspect.curves import draw, save

    files = [file for file in (png, svg, default) if file is not None]
    if not files:
        return
    try:
        figure = draw(opened)
        for file in files:
            save(figure, file)
            click.echo(f"curves: {file}", err=True)
    except TrainerError as error:
        if default is None:
            raise
        click.echo(f"no curves: {error}", err=True)


def _show_step(run: RecordedRun, number: int, slot: int | None, answer: str | None, as_json: bool) -> None:
    from trainer.inspect import answer_view, step_view, task_view
    from trainer.inspect.recorded import open_step

    step = open_step(run, number)
    if slot is None:
        _print(as_json, partial(step_view.to_record, run, step), lambda to: step_view.show_step(to, run, step))
        return
    task = step.task(slot)
    if answer is None:
        _print(
            as_json, partial(task_view.to_record, run, step, task), lambda to: task_view.show_task(to, run, step, task)
        )
        return
    record = partial(answer_view.to_record, run, step, task, answer)
    _print(as_json, record, lambda to: answer_view.show_answer(to, run, step, task, answer))
