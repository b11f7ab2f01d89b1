"""`cure-agent table`: the execution table of a recorded run, and what every selector would choose from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from settings.command import SettingsCommand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from agent.runs.record import RecordedRun
    from agent.solve.settings import ResumeOptions
    from cure.audit import TestAudit


@dataclass(frozen=True, kw_only=True)
class SelectorChoice:
    """What one selector chooses."""

    selector: str
    candidate: str
    """The first candidate of the selector's ranking that may be handed over; the first of all where none may."""
    viable: bool
    """Whether the candidate may be handed over: it passes every trusted test; where there is none, it ended `ok` on a
    test, or was run on none."""
    score: dict[str, float]
    """Parts of the candidate's score by name, in the order in which they are compared."""
    ties: tuple[str, ...]
    """Other candidates with the same score."""
    alike: tuple[str, ...]
    """Other candidates that behave like the chosen one in every compared column of the table."""
    right: bool | None
    """Whether the candidate passes every hidden test; None where its program was not run on them."""


@click.command(cls=SettingsCommand, section="resume")
@click.argument("run", required=False)
@click.option("--compare", is_flag=True, help="Show what every selector chooses, and the score it chooses by.")
@click.option("--audit", is_flag=True, help="Show what each generated test is worth.")
@click.option(
    "--mutants",
    type=click.IntRange(0, 1000),
    default=12,
    show_default=True,
    help="Maximum number of mutants of the answer to run for --audit, where the run recorded none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def table(run: str | None, compare: bool, audit: bool, mutants: int, as_json: bool, settings: ResumeOptions) -> None:
    """Show the execution table of RUN (default: the newest). No model is asked.

    With --compare, every selector chooses from the recorded table. Whether a choice is right is known for the program
    that the run ran on hidden tests, and for programs with the same text.

    With --audit, each generated test has a line: whether it is probably right, which programs fail it, whether it
    repeats or contradicts another one, and how many mutants of the answer (copies with one small fault) it kills. These
    mutants run in the sandbox for at most 10 seconds, and are no candidates; nothing else is executed.
    """
    import json

    from rich.console import Console

    from agent.runs.record import load_run
    from agent.runs.store import find_run
    from agent.show.audit import audit_json, audit_view
    from cure.interrupt import run_interruptible

    recorded = load_run(find_run(run))
    if audit and recorded.state.is_repository:
        raise click.UsageError("--audit is for tests of programs; `cure-agent why --test` shows what each patch did")
    choices = choices_of(recorded) if compare else []
    audits = run_interruptible(_audits(recorded, mutants, settings.sandbox)) if audit else []
    if as_json:
        audited = {"audit": audit_json(audits)} if audit else {}
        click.echo(json.dumps(_json(recorded, choices, compare) | audited, indent=2))
        return
    console = Console()
    if audit:
        console.print(audit_view(audits) if audits else f"run {recorded.id} has no generated test")
        if not compare:
            return
    if not compare:
        console.print(_grid(recorded, ascii_only=not console.encoding.startswith("utf")))
    elif choices:
        console.print(_comparison(choices))
    else:
        click.echo(f"run {recorded.id} has no program to choose")


async def _audits(run: RecordedRun, most: int, sandbox: str) -> list[TestAudit]:
    """The audit of the run's tests; up to `most` mutants are run now where none are recorded."""
    from agent.runs.audited import audit_of, judging_of_run, leader_of, mutant_runs
    from cure.audit import run_mutants
    from cure.session import open_session
    from cure.table import ProgramExecutor

    runs, leader = mutant_runs(run), leader_of(run)
    if runs is None and most and leader is not None:
        judging = judging_of_run(run)
        async with open_session([], sandbox) as session:
            runs = await run_mutants(ProgramExecutor(session.sandbox, judging), run.table(), leader, most)
    return audit_of(run, runs or ())


def choices_of(run: RecordedRun) -> list[SelectorChoice]:
    """The choice of every selector on the run's table, sorted by selector name; empty where the run has no program."""
    from cure.select import SELECTORS, answer_of, viable
    from cure.table import clusters

    known = run.outcome().judged
    alike = {name: group for group in clusters(known) for name in group}
    found = []
    for name, select in sorted(SELECTORS.items()):
        ranking = select(known)
        candidate = answer_of(known, ranking) or ranking.best
        if candidate is None:
            continue
        scores = {ranked.candidate: ranked.score for ranked in ranking.ranked}
        found.append(
            SelectorChoice(
                selector=name,
                candidate=candidate,
                viable=viable(known, candidate),
                score=dict(zip(ranking.score_names, scores[candidate], strict=True)),
                ties=tuple(c for c, score in scores.items() if score == scores[candidate] and c != candidate),
                alike=tuple(other for other in alike[candidate] if other != candidate),
                right=_right(run, candidate),
            )
        )
    return found


def _right(run: RecordedRun, candidate: str) -> bool | None:
    """Whether the candidate's text passed every hidden test; None where that text was not run on them."""
    scored, candidates = run.state.scored, run.table().candidates
    if scored is None or candidates[scored.candidate].text != candidates[candidate].text:
        return None
    return bool(scored.passed == scored.total)


def _comparison(choices: Sequence[SelectorChoice]) -> Table:
    from rich.table import Table

    from cure.plain import visible

    truth = any(choice.right is not None for choice in choices)
    view = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="dim")
    for heading in ("selector", "chooses", "alike", *(("right",) if truth else ()), "by"):
        view.add_column(heading, no_wrap=heading != "by", justify="right" if heading == "alike" else "left")
    for choice in choices:
        seen = ", ".join(f"{name} {value:.4g}" for name, value in choice.score.items())
        ties = f"; ties with {', '.join(choice.ties)}" if choice.ties else ""
        unfit = "" if choice.viable else "; not fit to hand over"
        right = {True: "yes", False: "no", None: "–"}[choice.right]
        row = (choice.selector, choice.candidate, f"{len(choice.alike) + 1}", *((right,) if truth else ()))
        view.add_row(*map(visible, row), visible(seen + ties + unfit))
    return view


def _grid(run: RecordedRun, *, ascii_only: bool) -> Table:
    from agent.show.grid import grid
    from agent.show.outcome import apart_of

    outcome, ranking = run.outcome(), run.state.ranking
    known, apart = outcome.judged, apart_of(outcome)
    order = ranking.order if ranking else list(known.candidates)
    probability, validity = (ranking.probability, ranking.validity) if ranking else ({}, {})
    return grid(known, order, probability, validity, outcome.chosen, ascii_only=ascii_only, apart=apart)


def _json(run: RecordedRun, choices: Sequence[SelectorChoice], compare: bool) -> dict[str, Any]:
    from dataclasses import asdict

    known = run.table()
    cells = {
        candidate: {
            name: {"verdict": str(cell.verdict), "passed": cell.passed if test.judges and cell.known else None}
            for name, test in known.tests.items()
            if (cell := known.cells.get((candidate, name))) is not None
        }
        for candidate in known.candidates
    }
    candidates = {
        name: {"origin": row.origin, "parent": row.parent, "round": row.round} for name, row in known.candidates.items()
    }
    tests = {
        name: {"origin": test.origin, "trusted": test.trusted, "stdin": test.stimulus}
        for name, test in known.tests.items()
    }
    return {
        "run": run.id,
        "kind": run.started.kind,
        "answer": run.outcome().chosen,
        "candidates": candidates,
        "tests": tests,
        "cells": cells,
        **({"selectors": [asdict(choice) for choice in choices]} if compare else {}),
    }
