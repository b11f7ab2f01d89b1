"""`cure-agent why`: explains one recorded run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.console import Console

    from agent.runs.record import RecordedRun


PICTURE_WIDTH = 100


@click.command()
@click.argument("run", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object.")
@click.option("--test", help="Show one test, and what every program printed on it.")
@click.option("--candidate", help="Show one candidate's program and its outputs.")
@click.option("--svg", type=click.Path(dir_okay=False, writable=True), help="Also save what is shown as a picture.")
def why(run: str | None, as_json: bool, test: str | None, candidate: str | None, svg: str | None) -> None:
    """Explain RUN (default: the newest): the table, the choice, the reasons, what each round did."""
    import json

    from agent.runs.record import load_run
    from agent.runs.store import find_run

    recorded = load_run(find_run(run))
    if as_json:
        click.echo(json.dumps(run_json(recorded), indent=2))
        return
    from rich.console import Console

    console = Console(record=svg is not None, width=PICTURE_WIDTH if svg else None)
    if test is not None:
        _show_test(console, recorded, test)
    elif candidate is not None:
        _show_candidate(console, recorded, candidate)
    else:
        show_run(console, recorded)
    if svg is not None:
        console.save_svg(svg, title=f"cure-agent why {recorded.id}")


def show_run(console: Console, run: RecordedRun, *, with_program: bool = True) -> None:
    """Print headline, table, choice and reasons of a recorded run, and what each round did."""
    from collections import Counter

    from rich.text import Text

    from agent.show.outcome import evidence_view, headline, program_view
    from cure.plain import visible

    state, result = run.state, run.state.result
    table, ranking = run.table(), run.state.ranking
    ascii_only = not console.encoding.lower().startswith("utf")
    status, chosen = (result.status, result.candidate) if result else ("unfinished", None)
    ended = result.why if result else "the run is under way or was killed; `cure-agent resume` continues it"
    console.print(headline(status, run.started.name, chosen, ended))
    folder = str(run.folder).replace(str(Path.home()), "~", 1)
    console.print(Text(visible(f"run {run.id} in {folder}, sandbox: {run.started.isolation}"), style="dim"))
    console.print()
    if ranking is not None:
        console.print(evidence_view(table, ranking, chosen, ascii_only=ascii_only), highlight=False)
        console.print()
    for decided in state.decisions.values():
        console.print(Text(visible(f"Round {decided.round}: {decided.why}; {decided.done}.")))
    for (role, reason), count in Counter((event.role, event.reason) for event in state.rejected).items():
        answers = "answer" if count == 1 else "answers"
        console.print(Text(visible(f"{count} {answers} of the {role} gave nothing: {reason.rstrip('.')}.")))
    for error, count in Counter(_errors(run)).items():
        console.print(Text(visible(f"{count} requests failed: {error}"), style="red"))
    if with_program and chosen is not None:
        console.print()
        console.print(program_view(table.candidates[chosen].text))


def _errors(run: RecordedRun) -> list[str]:
    samples = (sample for of_request in run.state.samples.values() for sample in of_request.values())
    return [sample.error for sample in samples if sample.finish == "error"]


def _show_test(console: Console, run: RecordedRun, name: str) -> None:
    table = run.table()
    if name not in table.tests:
        raise click.UsageError(f"no test {name!r} in run {run.id}; there are: {', '.join(table.tests)}")
    test = table.tests[name]
    ranking = run.state.ranking
    validity = ranking.validity.get(name) if ranking else None
    sure = "" if validity is None else f", right with probability {validity:.2f}"
    console.print(f"{name} ({test.origin}{sure})", style="bold", highlight=False, markup=False)
    _block(console, "input", test.stdin)
    _block(console, "expected output", test.expected)
    for candidate in table.candidates:
        if (cell := table.cells.get((candidate, name))) is not None:
            what = "passed" if cell.passed else f"{cell.verdict} {cell.reason}".strip()
            _block(console, f"{candidate}: {what}", cell.stdout)


def _show_candidate(console: Console, run: RecordedRun, name: str) -> None:
    from agent.show.outcome import program_view

    table = run.table()
    if name not in table.candidates:
        raise click.UsageError(f"no candidate {name!r} in run {run.id}; there are: {', '.join(table.candidates)}")
    candidate = table.candidates[name]
    origin = f"repairs {candidate.parent}" if candidate.parent else "sampled"
    console.print(f"{name} ({origin} in round {candidate.round})", style="bold", highlight=False, markup=False)
    console.print(program_view(candidate.text))
    for test in table.tests:
        if (cell := table.cells.get((name, test))) is not None:
            what = "passed" if cell.passed else f"{cell.verdict} {cell.reason}".strip()
            _block(console, f"{test}: {what}", cell.stdout if not cell.stderr_tail else cell.stdout + cell.stderr_tail)


def _block(console: Console, heading: str, text: str) -> None:
    from rich.text import Text

    from cure.plain import visible

    lines = visible(text).removesuffix("\n").split("\n") if text else ["(nothing)"]
    console.print(Text(visible(heading), style="dim"))
    console.print(Text("\n".join("  " + line for line in lines)))


def run_json(run: RecordedRun) -> dict[str, Any]:
    """A recorded run as JSON values."""
    from dataclasses import asdict

    from agent.show.explain import explain

    state, result = run.state, run.state.result
    chosen = result.candidate if result else None
    return {
        "run": run.id,
        "folder": str(run.folder),
        "problem": run.started.name,
        "settings": run.started.settings,
        "isolation": run.started.isolation,
        "result": None if result is None else asdict(result),
        "explanation": explain(run.table(), state.ranking, chosen) if state.ranking else [],
        "ranking": None if state.ranking is None else asdict(state.ranking),
        "decisions": [asdict(decided) for decided in state.decisions.values()],
        "rejected": [asdict(event) for event in state.rejected],
        "errors": sorted(set(_errors(run))),
    }
