"""`cure-agent eval report RUN`: the report of an evaluation, from the files of the run."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("run", type=click.Path(path_type=Path))
@click.option(
    "--price",
    metavar="PROMPT/COMPLETION",
    help="Price of every model, in US dollars per million tokens of prompts and of completions: 0.15/0.60.",
)
@click.option("--prices", type=click.Path(path_type=Path), metavar="FILE",
              help="TOML or JSON file of prices: for each model spec, input and output.")  # fmt: skip
def report(run: Path, price: str | None, prices: Path | None) -> None:
    """Write the report of the evaluation in the directory RUN.

    RUN/report.html opens without network; beside it come report.md, metrics.json, metrics.csv, problems.csv,
    executions.parquet and plots/. No model is asked and no program is run.
    """
    from cure.errors import ProblemError
    from evaluator.report.write import write_report
    from evaluator.run.directory import RunDirectory
    from evaluator.run.prices import given_prices

    table = given_prices(price, prices)
    try:
        file = write_report(RunDirectory(run), prices=table, on_missing=lambda line: click.echo(line, err=True))
    except OSError as error:
        raise ProblemError(f"{error.filename or run}: the report cannot be written ({error.strerror})") from error
    click.echo(file)
