"""`cure-agent eval`: extraction and scoring of what has been stored."""

from __future__ import annotations

import json

import click


@click.group("eval", context_settings={"help_option_names": ["-h", "--help"]})
def evaluate() -> None:
    """Extract from stored answers and score stored tables."""


@evaluate.command("extract")
@click.argument("file")
@click.option(
    "--mode",
    type=click.Choice(["robust", "release"]),
    default="robust",
    show_default=True,
    help="release: as the released CURE code does it; robust: mends its faults and says why something failed.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one result per answer, in order.")
@click.option("--all", "everything", is_flag=True, help="With --json: an object with every list of FILE.")
def extract(file: str, mode: str, as_json: bool, everything: bool) -> None:
    """Extract programs and tests from the answers in FILE.

    FILE is JSON: an object with the lists `responses` ({kind: code or unit_test, name, response}), `modify` ({input})
    and `test_if_eq` ({output, expected}), any of them, or just the list of responses.
    """
    from cure.case_file import read_json
    from evaluator.extract_cases import extract_cases

    results = extract_cases(read_json(file), mode, file)
    if as_json:
        click.echo(json.dumps(results if everything else results.get("responses", []), indent=1))
        return
    from evaluator.result_tables import extraction_tables, show

    show(extraction_tables(results))


@evaluate.command("score")
@click.argument("file")
@click.option(
    "--mode",
    type=click.Choice(["release"]),
    default="release",
    show_default=True,
    help="release: exactly the numbers of the released CURE evaluation.",
)
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list, one result per case or run.")
def score(file: str, mode: str, as_json: bool) -> None:  # noqa: ARG001 (one mode so far; naming it keeps scripts valid)
    """Score the tables in FILE: which program passed which hidden and which generated test.

    FILE is JSON: {cases: [{name, config, problems}]}, or {problems, runs: [{config}]}.
    """
    from cure.case_file import read_json
    from evaluator.score_cases import score_cases

    results = score_cases(read_json(file), file)
    if as_json:
        click.echo(json.dumps(results, indent=1))
        return
    from evaluator.result_tables import score_tables, show

    show(score_tables(results))
