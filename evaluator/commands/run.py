"""`cure-agent eval DATASET`: begins an evaluation, or continues one."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cure.problem import Problem
    from evaluator.run.execute import Progress
    from evaluator.run.settings import EvalOptions, Settings
    from settings.section import Section


def run_of(dataset: str) -> click.Command:
    """The command that evaluates on this data set."""

    @click.command(
        dataset,
        cls=SettingsCommand,
        section="eval",
        beside=ENGINES,
        help=f"""Evaluate on {dataset}: request samples, execute and score them, write the report.

        Exits with 5 if the model did not give every sample, and with 6 if the sandbox failed on executions; the same
        command, given again, requests and executes only what is missing. With --strategy NAMES, strategies of
        `cure-agent solve` are compared instead.""",
    )
    @click.option("--samples", "file", type=click.Path(path_type=Path), metavar="FILE",
                  help="Take the programs from a sample file of EvalPlus or LiveCodeBench.")  # fmt: skip
    @click.option("--fresh", is_flag=True, help="Begin a new run even if one with these settings exists.")
    @click.option("--dry-run", is_flag=True,
                  help="Print the number of samples (as requests) and the most completion tokens and executions that "
                       "they may take; run nothing.")  # fmt: skip
    @click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
    def run(
        settings: EvalOptions,
        others: tuple[Section, ...],
        file: Path | None,
        fresh: bool,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        import json

        from cure.interrupt import run_interruptible
        from evaluator.datasets import find_dataset
        from evaluator.run.prices import given_prices
        from evaluator.run.start import evaluate, read_problems

        prices = given_prices(settings.price, settings.prices)
        path = find_dataset(dataset)
        problems, sha256 = read_problems(path, settings.limit, lambda note: click.echo(f"note: {note}", err=True))
        if file is not None:
            from evaluator.run.own_samples import with_samples

            settings, problems = with_samples(settings, problems, file)
        recorded = settings.settings(dataset, sha256)
        if dry_run:
            click.echo(_plan(recorded, problems, as_json))
            return
        with _progress_bars() as show:
            directory = run_interruptible(
                evaluate(
                    recorded,
                    problems,
                    settings.outputs,
                    settings.sandbox,
                    others,
                    fresh=fresh,
                    on_progress=show,
                    on_directory=lambda made: click.echo(made.path, err=True),
                    batch=settings.batch,
                )
            )
        from evaluator.run.missing import incomplete, nothing_answered
        from evaluator.run.summary import summarise, write_summary

        metrics = summarise(directory, prices)
        if no_answer := nothing_answered(metrics["missing"]):
            raise no_answer
        write_summary(directory, metrics)
        from evaluator.report.output.terminal import show_content
        from evaluator.report.write import write_files

        content = write_files(directory, metrics, on_missing=lambda line: click.echo(line, err=True))
        if as_json:
            click.echo(json.dumps(metrics, indent=1))
        else:
            show_content(content, directory.report)
        if error := incomplete(metrics["missing"]):
            raise error

    return run


def _plan(settings: Settings, problems: Sequence[Problem], as_json: bool) -> str:
    """The number of samples (`requests`, stored ones included) and upper bounds of their completion tokens and of
    the executions of programs from samples, as lines or as JSON. Executions of reference solutions are not counted.
    """
    import json

    count = len(problems)
    roles = settings.roles.values()
    hidden = sum(len(problem.hidden) + len(problem.examples) for problem in problems)
    programs, tests = settings.sample_counts
    plan = {
        "problems": count,
        "requests": sum(role.samples * count for role in roles),
        "most_completion_tokens": sum(role.samples * count * role.max_tokens for role in roles),
        "most_executions": programs * (hidden + tests * count),
    }
    if as_json:
        return json.dumps(plan, indent=1)
    return "\n".join(f"{name.replace('_', ' '):<24}{value:,}" for name, value in plan.items())


@contextmanager
def _progress_bars() -> Iterator[Callable[[Progress], None]]:
    """A context with a function that shows progress on stderr, in one bar for samples and one for tables."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    name, note = TextColumn("{task.description:<8}"), TextColumn("{task.fields[note]}")
    columns = (name, BarColumn(bar_width=30), MofNCompleteColumn(), TimeRemainingColumn(), note)
    with Bars(*columns, console=Console(stderr=True)) as bars:
        samples, tables = (bars.add_task(name, total=None, note="") for name in ("samples", "tables"))

        def show(progress: Progress) -> None:
            notes = [f"{progress.failed} failed"] if progress.failed else []
            if (waiting := progress.batch) is not None:
                states = f"{waiting.queued} queued, {waiting.running} running, {waiting.done} done"
                notes.append(f"{waiting.batches} batches: {states}")
            bars.update(samples, completed=progress.samples, total=progress.of_samples, note=" ".join(notes))
            executions = f"{progress.executions:,} executions"
            bars.update(tables, completed=progress.tables, total=progress.of_tables, note=executions)

        yield show
