"""`cure-agent eval DATASET --strategy NAMES`: compares strategies of `cure-agent solve` on a problem set."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from agent.compare.figures import Figures
    from agent.compare.folder import Folder, Solved
    from agent.compare.settings import CompareOptions
    from agent.compare.solves import Missing
    from cure.problem import Problem
    from settings.section import Section


def comparison_on(dataset: str) -> click.Command:
    """The command that compares strategies on this data set."""

    @click.command(
        dataset,
        cls=SettingsCommand,
        section="compare",
        beside=ENGINES,
        help=f"""Solve the problems of {dataset} that have hidden tests, which judge the answers, with each strategy.

        Every solve is a recorded run. A sample that several strategies ask for is asked for once, and counts for
        each of them. Repeating the command continues it. Exits with 5 or 6 if model or sandbox failed in a solve.""",
    )
    @click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
    def compare(settings: CompareOptions, others: tuple[Section, ...], as_json: bool) -> None:
        import json

        from agent.compare.folder import Folder, path_of
        from cure.interrupt import run_interruptible
        from evaluator import find_dataset, read_problems

        path = find_dataset(dataset)
        problems, sha256 = read_problems(path, settings.limit, lambda note: click.echo(f"note: {note}", err=True))
        judged = [problem for problem in problems if problem.hidden]
        _refuse(settings, dataset, judged)
        if len(judged) < len(problems):
            click.echo(f"note: {len(problems) - len(judged)} problems without hidden tests are left out", err=True)
        folder = Folder(path_of(settings, dataset, sha256, others))
        click.echo(folder.path, err=True)
        try:
            with _progress(settings.names, len(judged)) as show:
                missing = run_interruptible(_solved(settings, others, judged, folder, show))
            found = _figures(folder, settings.names, judged)
        finally:
            folder.close()
        record = {
            "dataset": dataset,
            "problems": len(judged),
            "compared": found[0].right.of if found else 0,
            "strategies": [each.to_record() for each in found],
            "missing": missing.reasons,
            "folder": str(folder.path),
        }
        (folder.path / "figures.json").write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        if as_json:
            click.echo(json.dumps(record, indent=1))
        elif found:
            from agent.show.compared import compared_tables
            from evaluator.terminal import show as show_tables

            show_tables(*compared_tables(found, len(judged)))
        for reason in missing.reasons:
            click.echo(f"missing: {reason}", err=True)
        if missing.error is not None:
            count = len(missing.reasons)
            what = "1 solve was" if count == 1 else f"{count} solves were"
            which = "it" if count == 1 else "them"
            raise type(missing.error)(f"{what} not finished; the same command tries {which} again")

    return compare


def _refuse(settings: CompareOptions, dataset: str, judged: Sequence[Problem]) -> None:
    """Raise ProblemError where no answer could be judged, click.UsageError where the bundled model does not know the
    problems.
    """
    from cure.errors import ProblemError
    from cure.prompts.micro_family import is_of_micro_family

    if not judged:
        raise ProblemError(f"{dataset}: no problem has hidden tests, which judge the answers")
    named = "model" in settings.model_fields_set or None not in (settings.coder, settings.tester)
    if not named and not all(is_of_micro_family(problem.question) for problem in judged):
        raise click.UsageError("name a model with --model; `cure-agent models` lists those that can be used here")


async def _solved(
    settings: CompareOptions,
    others: Sequence[Section],
    problems: Sequence[Problem],
    folder: Folder,
    show: Callable[[Solved], None],
) -> Missing:
    from rich.console import Console

    from agent.commands.running import started, with_styles
    from agent.compare.solves import solve_all

    first = settings.settings_of(settings.names[0])
    async with started(Console(stderr=True), first, settings.sandbox, *others) as session:
        strategies = {name: with_styles(settings.settings_of(name), session) for name in settings.names}
        return await solve_all(problems, strategies, session, folder, at_once=settings.at_once, on_solved=show)


def _figures(folder: Folder, names: Sequence[str], problems: Sequence[Problem]) -> list[Figures]:
    from agent.compare.figures import figures

    solved: dict[str, dict[str, Solved]] = {name: {} for name in names}
    for (problem, strategy), outcome in folder.solved.items():
        if strategy in solved:
            solved[strategy][problem] = outcome
    return figures(solved, [problem.name for problem in problems])


@contextmanager
def _progress(names: Sequence[str], problems: int) -> Iterator[Callable[[Solved], None]]:
    """Show a progress bar for each strategy on stderr; yields the function that counts a finished solve."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        tasks = {name: bars.add_task(name, total=problems, note="") for name in names}
        right = dict.fromkeys(names, 0)

        def show(solved: Solved) -> None:
            right[solved.strategy] += solved.right
            bars.update(tasks[solved.strategy], advance=1, note=f"{right[solved.strategy]} right")

        yield show
