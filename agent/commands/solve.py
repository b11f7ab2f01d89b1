"""`cure-agent solve`: one problem, from its statement to a program with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from agent.solve import Outcome, SolveSettings
    from agent.solve.settings import SolveOptions
    from cure.problem import Problem
    from cure.session import Session
    from settings.section import Section


@click.command(cls=SettingsCommand, section="solve", beside=ENGINES)
@click.argument("problem")
@click.option("--index", type=int, help="Which problem of a list, from 0.")
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
    """Solve PROBLEM: a JSON file in CURE's schema, a text or Markdown statement, or - for standard input.

    The program goes to standard output, everything else to standard error. Exit code 0: verified; 1: low confidence;
    2: bad input; 3: not solved; 4: budget spent; 5: the model failed; 6: the sandbox failed. `cure-agent config solve`
    shows what files and variables set.
    """
    from cure.interrupt import run_interruptible
    from cure.problem.file import load_problems, pick

    chosen = pick(load_problems(problem), index)
    if out is not None:
        _check_writable(out)
    outcome = run_interruptible(_solve(chosen, settings.settings(), settings.sandbox, others, as_json))
    _hand_over(outcome, as_json, out)
    return outcome.exit_code


def with_styles(settings: SolveSettings, session: Session) -> SolveSettings:
    """The settings with `auto` replaced by the style each model was trained on."""
    from cure.prompts import style_for

    if settings.coder_style != "auto":
        return settings
    styles = {
        "coder_style": style_for(session.engines[settings.coder].model),
        "tester_style": style_for(session.engines[settings.tester].model),
    }
    return settings.model_copy(update=styles)


async def _solve(
    problem: Problem, settings: SolveSettings, sandbox: str, options: tuple[Section, ...], quiet: bool
) -> Outcome:
    from rich.console import Console

    from agent.commands.running import solve_and_show, started
    from agent.show.outcome import show_outcome

    console = Console(stderr=True)
    async with started(console, settings, sandbox, *options) as session:
        outcome = await solve_and_show(console, problem, with_styles(settings, session), session)
    if not quiet:
        show_outcome(console, outcome, problem.name)
    return outcome


def _hand_over(outcome: Outcome, as_json: bool, out: Path | None) -> None:
    """Program or JSON to standard output; a file that cannot be written after all does not lose the answer."""
    import json

    from agent.errors import OutputError
    from agent.show.outcome import outcome_json

    if as_json:
        click.echo(json.dumps(outcome_json(outcome), indent=2))
    if outcome.program is None:
        return
    # Bytes, as neither an ASCII terminal nor a lone surrogate in the model's answer may cost the user the program.
    program = (outcome.program.rstrip("\n") + "\n").encode(errors="replace")
    if out is not None:
        try:
            out.write_bytes(program)
        except OSError as error:
            if not as_json:
                click.echo(program, nl=False)
            what = "in the JSON" if as_json else "on standard output"
            raise OutputError(f"cannot write {out}: {error.strerror}; the program is {what} instead") from error
    elif not as_json:
        click.echo(program, nl=False)


def _check_writable(out: Path) -> None:
    """Find out before any work whether the file can be written. Raises click's usage error."""
    if out.is_dir():
        raise click.BadParameter(f"{out} is a directory", param_hint="--out")
    if not out.parent.is_dir():
        raise click.BadParameter(f"the folder {out.parent} does not exist", param_hint="--out")
