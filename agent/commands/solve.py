"""`cure-agent solve`: one problem, from its statement to a program with its evidence."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from agent.solve import Outcome, SolveSettings
    from cure.problem import Problem
    from cure.session import Session
    from engines import HttpOptions

STYLES = ("auto", "chat", "micro", "release")


@click.command()
@click.argument("problem")
@click.option("--model", default="micro", show_default=True, help="Model for both roles.")
@click.option("--coder", help="Model that writes programs, instead of --model.")
@click.option("--tester", help="Model that writes tests, instead of --model.")
@click.option("-n", "n", type=click.IntRange(1, 1024), default=8, show_default=True, help="Programs to sample.")
@click.option("-m", "m", type=click.IntRange(0, 1024), default=8, show_default=True, help="Tests to sample.")
@click.option("--rounds", type=click.IntRange(1, 100), default=3, show_default=True, help="Rounds at most.")
@click.option("--budget", help="What may be spent: tokens and time, such as 50ktok,90s.")
@click.option("--index", type=int, help="Which problem of a list, from 0.")
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "bubblewrap", "none"]),
    default="auto",
    show_default=True,
    help="Where programs run; none is for models one trusts.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="The same seed asks the model the same.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=1.0, show_default=True)
@click.option("--top-p", type=click.FloatRange(0, 1), default=1.0, show_default=True)
@click.option("--max-tokens", type=click.IntRange(1), default=4096, show_default=True, help="Tokens per answer.")
@click.option("--style", type=click.Choice(STYLES), default="auto", show_default=True, help="Prompt wording.")
@click.option(
    "--compare", default="tokens", show_default=True, help="How outputs are compared, where the problem does not say."
)
@click.option("--selector", default="agreement", show_default=True, help="How the answer is chosen.")
@click.option("--extract", type=click.Choice(["robust", "release"]), default="robust", show_default=True)
@click.option(
    "--confident",
    type=click.FloatRange(0, 1),
    default=0.85,
    show_default=True,
    help="P(right) from which an answer counts as verified.",
)
@click.option(
    "--timeout", type=click.FloatRange(0, min_open=True), help="Seconds to wait for a server's next sign of life."
)
@click.option("--retries", type=click.IntRange(0), help="How often a failed request is asked again.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the program to this file.")
def solve(
    problem: str,
    index: int | None,
    sandbox: str,
    timeout: float | None,
    retries: int | None,
    as_json: bool,
    out: Path | None,
    **options: Any,
) -> int:
    """Solve PROBLEM: a JSON file in CURE's schema, a text or Markdown statement, or - for standard input.

    The program goes to standard output, everything else to standard error. Exit code 0: verified; 1: low confidence;
    2: bad input; 3: not solved; 4: budget spent; 5: the model failed; 6: the sandbox failed.
    """
    from cure.interrupt import run_interruptible
    from cure.problem.file import load_problems, pick

    settings = settings_from(options)
    chosen = pick(load_problems(problem), index)
    if out is not None:
        _check_writable(out)
    outcome = run_interruptible(_solve(chosen, settings, sandbox, engine_options(timeout, retries), as_json))
    _hand_over(outcome, as_json, out)
    return outcome.exit_code


def settings_from(options: dict[str, Any]) -> SolveSettings:
    """Settings from the command's options. Raises ModelSpecError or ProblemError on what cannot be."""
    from agent.solve.settings import Budget, SolveSettings, parse_budget
    from cure.select import selector
    from cure.table.compare import comparison
    from engines import parse_spec

    coder, tester = options["coder"] or options["model"], options["tester"] or options["model"]
    style = options["style"]
    for spec in (coder, tester):
        parse_spec(spec)
    comparison(options["compare"])
    selector(options["selector"])
    return SolveSettings(
        coder=coder,
        tester=tester,
        coder_style=style,
        tester_style=style,
        n=options["n"],
        m=options["m"],
        rounds=options["rounds"],
        budget=parse_budget(options["budget"]) if options["budget"] else Budget(),
        seed=options["seed"],
        temperature=options["temperature"],
        top_p=options["top_p"],
        max_tokens=options["max_tokens"],
        comparison=options["compare"],
        selector=options["selector"],
        extraction=options["extract"],
        confident=options["confident"],
    )


def with_styles(settings: SolveSettings, session: Session) -> SolveSettings:
    """The settings with `auto` replaced by the style each model was trained on."""
    from dataclasses import replace

    from cure.prompts import style_for

    if settings.coder_style != "auto":
        return settings
    return replace(
        settings,
        coder_style=style_for(session.engines[settings.coder].model),
        tester_style=style_for(session.engines[settings.tester].model),
    )


def engine_options(timeout: float | None, retries: int | None) -> HttpOptions:
    """The engines' defaults, changed where the user said so."""
    from engines import HttpOptions

    return HttpOptions(timeout=timeout) if retries is None else HttpOptions(timeout=timeout, retries=retries)


async def _solve(problem: Problem, settings: SolveSettings, sandbox: str, options: HttpOptions, quiet: bool) -> Outcome:
    from rich.console import Console

    from agent.commands.running import solve_and_show, started
    from agent.show.outcome import show_outcome

    console = Console(stderr=True)
    async with started(console, settings, sandbox, options) as session:
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
