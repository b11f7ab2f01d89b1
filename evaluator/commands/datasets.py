"""`cure-agent datasets`: lists, gets, converts, trims, checks and shows problem sets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from sandbox import Sandbox

Result = TypeVar("Result")

_SANDBOX = click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "bubblewrap", "none"]),
    default="auto",
    show_default=True,
    help="The sandbox that programs run in.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def _known_format(ctx: click.Context, param: click.Parameter, value: str) -> str:
    """The value, if it is `auto` or a registered format. Raises BadParameter otherwise."""
    from evaluator.datasets.functional.registry import FORMATS

    if value not in ("auto", *FORMATS):
        raise click.BadParameter(f"{value!r} is not one of auto, {', '.join(FORMATS)}", ctx, param)
    return value


@click.group("datasets", context_settings={"help_option_names": ["-h", "--help"]})
def datasets() -> None:
    """Problem sets: list, get, check, convert, trim and show them."""


@datasets.command("list")
@click.argument("files", nargs=-1)
@_JSON
def list_sets(files: tuple[str, ...], as_json: bool) -> None:
    """List the CURE paper's sets, with what of them is on this machine, and the FILES given."""
    from evaluator.datasets.sources.listing import listed

    sets = listed(files)
    if as_json:
        click.echo(json.dumps(sets, indent=1))
        return
    from evaluator.terminal import show, table

    columns = ("name", "file", "published", "in the paper", "on this machine")
    rows = [[row[key] for key in ("name", "file", "published_problems", "paper", "here")] for row in sets["sets"]]
    show(table("the CURE paper's sets, on the hub as Gen-Verse/NAME", columns, rows, f"kept in {sets['home']}"))
    if files:
        local = [[row[key] for key in ("path", "problems", "bytes", "sha256")] for row in sets["files"]]
        show(table("files", ("file", "problems", "bytes", "sha256"), local))


@datasets.command("get")
@click.argument("name")
@click.option(
    "--revision", help="Commit, branch or tag of the hub's repository.  [default: main, later the stored commit]"
)
@click.option(
    "--from", "source", type=click.Path(path_type=Path), help="Take the set from this file, not from the hub."
)
@click.option("--sha256", help="The checksum the file must have.")
@_JSON
def get(name: str, revision: str | None, source: Path | None, sha256: str | None, as_json: bool) -> None:
    """Download the set NAME from the hub, or copy it from a path; a set that is stored already is only verified.

    Sets are stored in the user's data directory or in CURE_AGENT_DATA_HOME, each with its checksum and commit.
    """
    from dataclasses import asdict

    from evaluator.datasets.sources.catalogue import known_set
    from evaluator.datasets.sources.get import get as get_set
    from evaluator.datasets.sources.store import stored_path

    record = get_set(name, revision, source, sha256)
    path = stored_path(known_set(name))
    if as_json:
        click.echo(json.dumps({**asdict(record), "path": str(path)}, indent=1))
        return
    revision_text = f", revision {record.revision[:12]}" if record.revision else ""
    click.echo(f"{path}: {record.problems} problems, sha256 {record.sha256}{revision_text}")


@datasets.command("convert")
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="File to write, as CURE's JSON.")
@click.option("--format", "chosen", default="auto", show_default=True, callback=_known_format,
              help="Format of SOURCE: humaneval, mbpp, evalplus-humaneval, ...; auto detects it.")  # fmt: skip
@click.option("--most-tests", type=click.IntRange(min=1), help="Hidden tests kept per problem.  [default: all]")
@click.option("--limit", type=click.IntRange(min=1), help="Convert the first problems only.")
@_SANDBOX
@_JSON
def convert(
    source: Path, target: Path, chosen: str, most_tests: int | None, limit: int | None, sandbox: str, as_json: bool
) -> None:
    """Make the functional problems in SOURCE into stdin/stdout ones: HumanEval, MBPP, EvalPlus, LiveCodeBench.

    A second file, TO.dropped.json, lists every problem and test left out, with the reason.
    """
    from evaluator.datasets.execution import ProgressBars
    from evaluator.datasets.functional.convert import convert as convert_set
    from evaluator.datasets.sources.listing import write_json

    bars = ProgressBars()
    found = _in_sandbox(
        sandbox,
        lambda opened: convert_set(source, opened, chosen=chosen, most_tests=most_tests, limit=limit, bars=bars),
    )
    if not found.rows:
        from evaluator.datasets.errors import DatasetError

        first = found.dropped[0] if found.dropped else None
        why = f"; {first.problem}: {first.reason}" if first else ""
        raise DatasetError(f"{source}: none of {found.problems} problems could be converted{why}")
    write_json(target, found.rows)
    dropped = target.with_name(f"{target.name}.dropped.json")
    write_json(dropped, [item.__dict__ for item in found.dropped])
    summary = found.summary()
    if as_json:
        click.echo(json.dumps({**summary, "file": str(target), "dropped_file": str(dropped)}, indent=1))
        return
    from evaluator.datasets.show import conversion_view
    from evaluator.terminal import show

    show(*conversion_view(summary))
    click.echo(f"{target}: {len(found.rows)} problems; what was left out: {dropped}")


@datasets.command("trim")
@click.argument("file")
@click.option("--to", "target", type=click.Path(path_type=Path), required=True, help="File to write, as CURE's JSON.")
@click.option("--most-tests", type=click.IntRange(min=1), required=True, help="Hidden tests kept per problem.")
@click.option("--samples", type=click.Path(path_type=Path), metavar="FILE",
              help="Further programs, from a sample file of EvalPlus or LiveCodeBench.")  # fmt: skip
@_SANDBOX
def trim(file: str, target: Path, most_tests: int, samples: Path | None, sandbox: str) -> None:
    """Keep the hidden tests of FILE (a file, or the name of a set) that reject wrong programs.

    Wrong programs are found by running the programs stored with the problems (`submissions`), and those in --samples,
    on all hidden tests.
    """
    from cure.problem.file import to_record
    from evaluator.datasets.execution import ProgressBars
    from evaluator.datasets.sources.listing import load, write_json
    from evaluator.datasets.trim import trim as trim_set
    from evaluator.run.own_samples import samples_of

    problems, _ = load(file)
    programs = samples_of(samples, problems) if samples else {}
    kept = _in_sandbox(sandbox, lambda opened: trim_set(problems, most_tests, opened, ProgressBars(), programs))
    write_json(target, [to_record(problem) for problem in kept])
    before, after = (sum(len(problem.hidden) for problem in each) for each in (problems, kept))
    click.echo(f"{target}: {len(kept)} problems, {after:,} of {before:,} hidden tests")


@datasets.command("check")
@click.argument("file")
@click.option("--limit", type=click.IntRange(min=1), help="Check the first problems only.")
@click.option("--programs/--no-programs", default=True, show_default=True,
              help="Run programs labelled right or wrong, not only reference solutions.")  # fmt: skip
@click.option("--strict", is_flag=True, help="Also fail on remarks, such as empty expected outputs.")
@_SANDBOX
@_JSON
def check(file: str, limit: int | None, programs: bool, strict: bool, sandbox: str, as_json: bool) -> None:
    """Run the programs stored in FILE (a file, or the name of a set), and compare its tests with each other.

    Programs are reference solutions, and programs labelled right or wrong (`submissions`). Exits with 0 if every
    problem has hidden tests, every reference solution passes, labels are right, and no input has two expected outputs;
    with 6 if the sandbox failed on executions, which say nothing about the set; else with 1.
    """
    from evaluator.datasets.check import check as check_set
    from evaluator.datasets.execution import ProgressBars
    from evaluator.datasets.sources.listing import load

    problems, path = load(file)
    report = _in_sandbox(sandbox, lambda opened: check_set(problems[:limit], opened, ProgressBars(), programs))
    if as_json:
        click.echo(json.dumps({"file": str(path), **report.record()}, indent=1))
    else:
        from evaluator.datasets.show import report_view
        from evaluator.terminal import show

        show(*report_view(report, path.name))
    if report.sandbox_errors:
        from sandbox import SandboxError

        count = report.sandbox_errors
        raise SandboxError(f"the sandbox failed on {count} executions, the first time with: {report.sandbox_error}")
    if not report.well or (strict and report.remarks):
        raise SystemExit(1)


@datasets.command("show")
@click.argument("file")
@click.option("--index", type=click.IntRange(min=0), help="Show this problem, counted from 0.")
@click.option("--limit", type=click.IntRange(min=0), default=40, show_default=True,
              help="Maximum rows of the table; 0 shows all.")  # fmt: skip
@_JSON
def show_set(file: str, index: int | None, limit: int, as_json: bool) -> None:
    """Show FILE (a file, or the name of a set): a table of its problems, or with --index one problem."""
    from cure.problem.file import pick, to_record
    from evaluator.datasets.sources.listing import brief, load

    problems, path = load(file)
    chosen = None if index is None else pick(problems, index)
    if as_json:
        content: Any = to_record(chosen) if chosen else [brief(at, problem) for at, problem in enumerate(problems)]
        click.echo(json.dumps(content, indent=1))
        return
    from evaluator.datasets.show import problem_view, summary
    from evaluator.terminal import show

    show(problem_view(chosen, index or 0) if chosen else summary(problems, path.name, limit))


def _in_sandbox(kind: str, work: Callable[[Sandbox], Coroutine[Any, Any, Result]]) -> Result:
    """The result of `work` in a sandbox of this kind, which is closed at the end, also on SIGTERM and Ctrl-C."""
    from cure.interrupt import run_interruptible
    from cure.session import closing
    from sandbox import open_sandbox

    async def opened() -> Result:
        async with closing(await open_sandbox(kind)) as sandbox:
            return await work(sandbox)

    return run_interruptible(opened())
