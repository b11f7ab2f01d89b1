"""`cure-agent solve`: one problem, from its statement to a program with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from agent.solve.settings import SolveOptions
    from settings.section import Section


@click.command(cls=SettingsCommand, section="solve", beside=ENGINES)
@click.argument("problem")
@click.option("--index", type=int, help="Index of the problem in a file of several, from 0.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the program to this file.")
def solve(
    problem: str,
    index: int | None,
    as_json: bool,
    out: Path | None,
    settings: SolveOptions,
    others: tuple[Section, ...],
) -> int:
    """Solve PROBLEM: a JSON file in CURE's schema or of competitive-companion, a text or Markdown statement, a package
    of Polygon or the ICPC, or - for standard input.

    The program goes to standard output, everything else to standard error. Exit code 0: verified; 1: low confidence;
    2: bad input; 3: not solved; 4: budget spent; 5: the model failed; 6: the sandbox failed. `cure-agent config solve`
    shows what files and variables set.
    """
    import asyncio

    from agent.commands.hand_over import check_writable, hand_over
    from agent.commands.running import solve_recorded
    from agent.models.choices import choices, with_ports
    from agent.models.unnamed import lacks_a_model, name_a_model
    from cure.interrupt import run_interruptible
    from cure.problem.file import pick, read_problem_file

    found = read_problem_file(problem)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    chosen = pick(found.problems, index)
    check_writable(out)
    if lacks_a_model(settings, chosen.question):
        raise click.UsageError(name_a_model(asyncio.run(choices(with_ports(())))))
    solving = solve_recorded(chosen, settings.settings(), settings.sandbox, others, quiet=as_json, unused=found.unused)
    return hand_over(run_interruptible(solving), as_json, out)
