"""Assembles the group `cure-agent eval` from the commands of the evaluator.

`run` evaluates on a data set, `report` writes the report of a run, `stored` extracts, scores and compares stored
answers and tables; `datasets` is a separate command, `cure-agent datasets`.
"""

from __future__ import annotations

from pkgutil import resolve_name

import click

from evaluator.commands.report import report
from evaluator.commands.stored import compare, extract, score

STRATEGIES = "agent.commands.compare:comparison_on"
"""The function that gives the command for a data set where `--strategy` is among the options. It is named here and not
imported, because the room `agent`, where it is, imports this room."""


class Targets(click.Group):
    """A group in which every name that is not a sub-command is a data set to evaluate on."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name, command and arguments; with `--strategy` the command is that which compares strategies on the set."""
        name, *rest = args
        if super().get_command(ctx, name) is None and any(each.split("=")[0] == "--strategy" for each in rest):
            return name, resolve_name(STRATEGIES)(name), rest
        return super().resolve_command(ctx, args)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        if found is not None:
            return found
        from evaluator.commands.run import run_of

        return run_of(cmd_name)


@click.group(
    "eval",
    cls=Targets,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="DATASET|COMMAND [OPTIONS]",
)
def evaluate() -> None:
    """Measure coder and tester on a data set, or work on stored answers and tables.

    DATASET is a file of problems or a set that `cure-agent datasets list` names. Repeating a command continues the
    run: it does only what is missing. `cure-agent eval DATASET --help` has the options.

    With --strategy NAME[,NAME...] strategies of `cure-agent solve` are compared on the data set instead; `cure-agent
    eval DATASET --strategy NAME --help` has the options.
    """


for command in (report, extract, score, compare):
    evaluate.add_command(command)
