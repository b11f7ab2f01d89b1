"""The commands of the evaluator; the group `cure-agent eval` is put together here.

`run` evaluates on a data set, `report` writes the report of a run, `stored` extracts, scores and compares what is
stored; `datasets` is a command of its own.
"""

from __future__ import annotations

import click

from evaluator.commands.report import report
from evaluator.commands.stored import compare, extract, score


class Targets(click.Group):
    """A group in which every name that is not a sub-command is a data set to evaluate on."""

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
    """Measure coder and tester on a data set, or work on what is stored.

    DATASET is a file of problems or a set that `cure-agent datasets list` names. The same command again does only what
    is missing. `cure-agent eval DATASET --help` has the options.
    """


for command in (report, extract, score, compare):
    evaluate.add_command(command)
