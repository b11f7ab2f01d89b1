"""`cure-agent why`: explains one recorded run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from agent.runs.record import RecordedRun
    from cure.table import AnyTable, Cell


PICTURE_WIDTH = 100


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--test", help="Show one test, and what every program printed on it.")
@click.option("--candidate", help="Show one candidate's program and its outputs.")
@click.option(
    "--text",
    "key",
    help="Show the answers to one request for texts, such as a reflection; `cure-agent why` lists their keys.",
)
@click.option("--svg", type=click.Path(dir_okay=False, writable=True), help="Also save what is shown as a picture.")
def why(
    run: str | None, as_json: bool, test: str | None, candidate: str | None, key: str | None, svg: str | None
) -> None:
    """Explain RUN (default: the newest): the table, the choice, the reasons, what each round did."""
    import json

    from agent.runs.record import load_run
    from agent.runs.store import find_run

    recorded = load_run(find_run(run))
    if as_json:
        click.echo(json.dumps(_run_json(recorded), indent=2))
        return
    from rich.console import Console

    console = Console(record=svg is not None, width=PICTURE_WIDTH if svg else None)
    if test is not None:
        _show_test(console, recorded, test)
    elif candidate is not None:
        _show_candidate(console, recorded, candidate)
    elif key is not None:
        _show_texts(console, recorded, key)
    else:
        show_run(console, recorded)
    if svg is not None:
        console.save_svg(svg, title=f"cure-agent why {recorded.id}")


def show_run(console: Console, run: RecordedRun, *, with_program: bool = True) -> None:
    """Print the outcome of a recorded run, its folder, what each round did, and, `with_program`, the chosen program."""
    from rich.text import Text

    from agent.runs.audited import audit_of, mutant_runs
    from agent.show.audit import audit_lines
    from agent.show.outcome import program_view, show_outcome
    from cure.plain import visible

    outcome = run.outcome()
    show_outcome(console, outcome, run.started.name)
    folder = str(run.folder).replace(str(Path.home()), "~", 1)
    console.print(Text(visible(f"recorded in {folder}, sandbox: {run.state.isolation}"), style="dim"))
    console.print()
    if run.state.places is not None:
        for place, reason in zip(run.state.places.places, run.state.places.reasons, strict=True):
            console.print(Text(visible(f"Looked at {place}: {reason or 'it is near the others'}.")))
    for line in [] if run.state.is_repository else audit_lines(audit_of(run, mutant_runs(run) or ())):
        console.print(Text(visible(line)))
    for decided in run.state.decisions.values():
        console.print(Text(visible(f"Round {decided.round}: {decided.why}; {decided.done}.")))
    if given := [asked for asked in run.state.asked.values() if asked.gives]:
        keys = ", ".join(f"{asked.key} ({asked.role})" for asked in given)
        console.print(Text(visible(f"Texts, shown by --text KEY: {keys}.")))
    if with_program and outcome.program is not None:
        console.print()
        console.print(program_view(outcome.program, run.state.is_repository))


def _show_test(console: Console, run: RecordedRun, name: str) -> None:
    from agent.runs.audited import audit_of, mutant_runs
    from agent.show.audit import audit_words
    from cure.problem import UnlabelledInput

    table = run.table()
    if name not in table.tests:
        raise click.UsageError(f"no test {name!r} in run {run.id}; there are: {', '.join(table.tests)}")
    test = table.tests[name]
    if isinstance(test, UnlabelledInput):
        malformed = ", malformed: no program runs to its end on it" if name in table.malformed else ""
        heading = f"{name} (new input: {test.how}; its right output is unknown{malformed})"
        console.print(heading, style="bold", highlight=False, markup=False)
        _block(console, "input", test.stimulus)
        _show_column(console, table, name)
        return
    ranking = run.state.ranking
    validity = ranking.validity.get(name) if ranking else None
    sure = "" if validity is None else f", right with probability {validity:.2f}"
    new = "" if name in table.independent else ", repeats a public example's input"
    console.print(f"{name} ({test.origin}{new or sure})", style="bold", highlight=False, markup=False)
    _block(console, "tests" if run.state.is_repository else "input", test.stimulus)
    if test.expected is not None:
        _block(console, "expected output", test.expected)
    if not test.trusted and not run.state.is_repository:
        (audit,) = (each for each in audit_of(run, mutant_runs(run) or ()) if each.test == name)
        _block(console, "what it is worth", "\n".join([audit_words(audit), *audit.mutants_killed]))
    _show_column(console, table, name)


def _show_texts(console: Console, run: RecordedRun, key: str) -> None:
    known = [asked.key for asked in run.state.asked.values() if asked.gives]
    if key not in known:
        raise click.UsageError(f"no texts {key!r} in run {run.id}; there are: {', '.join(known) or 'none'}")
    for index, sample in sorted(run.state.samples.get(key, {}).items()):
        _block(console, f"answer {index + 1}: {sample.error or sample.finish}", run.blob(sample.text))


def _show_column(console: Console, table: AnyTable, name: str) -> None:
    for candidate in table.candidates:
        if (cell := table.cells.get((candidate, name))) is not None:
            _show_cell(console, candidate, cell)


def _show_candidate(console: Console, run: RecordedRun, name: str) -> None:
    from agent.show.outcome import program_view
    from cure.repair import given_up

    table = run.table()
    if name not in table.candidates:
        raise click.UsageError(f"no candidate {name!r} in run {run.id}; there are: {', '.join(table.candidates)}")
    candidate = table.candidates[name]
    origin = f"repairs {candidate.parent}" if candidate.parent else "sampled"
    lost = given_up(table, name)
    refused = f", not accepted: it fails {', '.join(lost)}, which its parent passes" if lost else ""
    console.print(f"{name} ({origin} in round {candidate.round}{refused})", style="bold", highlight=False, markup=False)
    console.print(program_view(candidate.text, run.state.is_repository))
    for test in table.tests:
        if (cell := table.cells.get((name, test))) is not None:
            _show_cell(console, test, cell)


def _show_cell(console: Console, name: str, cell: Cell) -> None:
    what = "passed" if cell.passed else f"{cell.verdict} {cell.reason}".strip()
    _block(console, f"{name}: {what}", cell.stdout + cell.stderr_tail)


def _block(console: Console, heading: str, text: str) -> None:
    from rich.text import Text

    from cure.plain import visible

    lines = visible(text).removesuffix("\n").split("\n") if text else ["(nothing)"]
    console.print(Text(visible(heading), style="dim"))
    console.print(Text("\n".join("  " + line for line in lines)))


def _run_json(run: RecordedRun) -> dict[str, Any]:
    """The outcome of a recorded run as JSON values, with its settings, ranking, decisions, audit and errors."""
    from dataclasses import asdict

    from agent.runs.audited import audit_of, mutant_runs
    from agent.show.audit import audit_json
    from agent.show.outcome import outcome_json
    from agent.solve.attempts import errors

    state = run.state
    return outcome_json(run.outcome()) | {
        "folder": str(run.folder),
        "problem": run.started.name,
        "settings": run.started.settings,
        "isolation": run.state.isolation,
        "places": None if state.places is None else asdict(state.places),
        "suite": None if state.suite is None else asdict(state.suite),
        "result": None if state.result is None else asdict(state.result),
        "ranking": None if state.ranking is None else asdict(state.ranking),
        "decisions": [asdict(decided) for decided in state.decisions.values()],
        "rejected": [asdict(event) for event in state.rejected],
        "audit": [] if state.is_repository else audit_json(audit_of(run, mutant_runs(run) or ())),
        "errors": sorted({*errors(state, "coder"), *errors(state, "tester")}),
    }
