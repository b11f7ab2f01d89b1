"""`cure-agent eval extract`, `score` and `compare`: work on stored answers and tables, without models or sandbox."""

from __future__ import annotations

import json
from collections.abc import Callable

import click


def _sampling_options(command: Callable[..., None]) -> Callable[..., None]:
    """The command, with options added for averaging best-of-n over subsets of tests."""
    options = (
        click.option(
            "--public-first", is_flag=True, help="Select by passed public examples first, where they are stored."
        ),
        click.option(
            "--draws",
            type=click.IntRange(2),
            default=200,
            show_default=True,
            help="Maximum number of subsets of tests per problem in best-of-n; all are used if there are no more.",
        ),
        click.option(
            "--seed",
            type=click.IntRange(0),
            default=0,
            show_default=True,
            help="Seed of the random subsets and of the bootstrap over problems.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command("extract")
@click.argument("file")
@click.option(
    "--mode",
    type=click.Choice(["robust", "release"]),
    default="robust",
    show_default=True,
    help="release: like the released CURE code; "
    "robust: without the faults of that code, and says why an extraction failed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one result per answer, in order.")
@click.option(
    "--all", "everything", is_flag=True, help="With --json: print an object with the results for every list of FILE."
)
def extract(file: str, mode: str, as_json: bool, everything: bool) -> None:
    """Extract programs and tests from the answers in FILE.

    FILE is JSON: a list of responses ({kind: code or unit_test, name, response}), or an object with any of the lists
    `responses`, `modify` ({input}: input or output of a test, whose newlines and tags are repaired) and `test_if_eq`
    ({output, expected}: two outputs, which are compared).
    """
    from cure.case_file import read_json
    from evaluator.stored.extract_cases import extract_cases

    results = extract_cases(read_json(file), mode, file)
    if as_json:
        click.echo(json.dumps(results if everything else results.get("responses", []), indent=1))
        return
    from evaluator.stored.result_tables import extraction_tables
    from evaluator.terminal import show

    show(*extraction_tables(results))


@click.command("score")
@click.argument("file")
@click.option(
    "--mode",
    type=click.Choice(["release", "standard", "both"]),
    default="both",
    show_default=True,
    help="release: exactly the numbers of the released CURE evaluation; standard: sounder metrics, with intervals.",
)
@_sampling_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one result per case or run.")
def score(file: str, mode: str, public_first: bool, draws: int, seed: int, as_json: bool) -> None:
    """Score the tables in FILE: which program passed which hidden and which generated test.

    FILE is the directory of a run; a file like a run's tables.jsonl, gzipped or not; or JSON: {cases: [{name, config,
    problems}]}, or {problems, runs: [{config}]}; docs/metrics.md describes the form and every number.
    """
    from typing import cast

    from cure.metrics.best_of_n import Sampling
    from evaluator.stored.score_cases import Mode, score_cases

    sampling = Sampling(draws=draws, seed=seed, public_first=public_first)
    results = score_cases(file, cast("Mode", mode), sampling)
    if as_json:
        click.echo(json.dumps(results, indent=1, allow_nan=False))
        return
    from evaluator.stored.result_tables import score_tables
    from evaluator.terminal import show

    show(*score_tables(results))


@click.command("compare")
@click.argument("runs", nargs=-1, required=True, metavar="A B...")
@click.option("--case", help="Name or number of the case to compare, where the files have several.")
@_sampling_options
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object; for more than two runs a list of objects.")
def compare(runs: tuple[str, ...], case: str | None, public_first: bool, draws: int, seed: int, as_json: bool) -> None:
    """Compare runs, or files of tables as `eval score` takes them, each with the first, on the problems that all have.

    A winner is named only where the difference is significant, and only where coverage is equal: the runs lack no
    answers and executions, or the same ones. Runs with different data, hidden tests or checkers are refused.
    """
    if len(runs) < 2:
        raise click.UsageError("name two runs or more")
    from cure.metrics.best_of_n import Sampling
    from evaluator.stored.score_cases import compare_cases

    results = compare_cases(runs, case, Sampling(draws=draws, seed=seed, public_first=public_first))
    if as_json:
        click.echo(json.dumps(results[0] if len(results) == 1 else results, indent=1, allow_nan=False))
        return
    from evaluator.stored.result_tables import comparison_tables
    from evaluator.terminal import show, width

    show(*comparison_tables(results, width()))
