"""Shows a finished solve on a console, or gives it as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from agent.repository.judged import repeated, vacuous
from agent.repository.patches import BASE
from agent.runs.outcome import Outcome
from agent.show.explain import PATCHES, PROGRAMS, Nouns, explain
from agent.show.grid import ASCII, UNICODE, Apart, grid, legend
from agent.solve.attempts import notes
from agent.solve.spending import dollars
from cure.plain import visible
from cure.problem import UnlabelledInput
from cure.table import Cell

HEADLINES = {
    "verified": ("solved", "bold green"),
    "low_confidence": ("low confidence", "bold yellow"),
    "unsolved": ("not solved", "bold red"),
    "budget": ("budget spent", "bold yellow"),
    "model_error": ("model backend failed", "bold red"),
    "sandbox_error": ("sandbox failed", "bold red"),
    "interrupted": ("interrupted", "bold red"),
    "error": ("failed", "bold red"),
    "unfinished": ("unfinished", "bold yellow"),
}


def headline(outcome: Outcome, name: str) -> Text:
    """One line: the status in words, the chosen candidate, the problem's name, the reason."""
    result = outcome.state.result
    status = "unfinished" if result is None else result.status
    why = "it is under way or was killed" if result is None else result.why
    word, style = HEADLINES[status]
    text = Text(word, style=style)
    if outcome.chosen:
        text.append(visible(f" with {outcome.chosen}"), style="bold")
    text.append(visible(f" · {name}: {why}" if name else f": {why}"), style="not bold default")
    return text


def evidence_view(outcome: Outcome, *, ascii_only: bool) -> RenderableType:
    """The execution table in the order of the last ranking, its legend, and the explanation of the choice."""
    table, ranking = outcome.table, outcome.state.ranking
    parts: list[RenderableType] = []
    if table.candidates and ranking is not None:
        view = grid(
            outcome.judged,
            ranking.order,
            ranking.probability,
            ranking.validity,
            outcome.chosen,
            ascii_only=ascii_only,
            apart=apart_of(outcome),
        )
        parts += [view, Text(legend(ASCII if ascii_only else UNICODE, _nouns(outcome).fails), style="dim"), Text()]
    parts.extend(Text(visible(line)) for line in explain(outcome.judged, ranking, outcome.chosen, _nouns(outcome)))
    return Group(*parts)


def show_outcome(console: Console, outcome: Outcome, name: str) -> None:
    """Print headline, execution table, explanation, notes and costs; the program is not printed."""
    ascii_only = not console.encoding.lower().startswith("utf")
    state = outcome.state
    console.print(headline(outcome, name))
    console.print()
    console.print(evidence_view(outcome, ascii_only=ascii_only), highlight=False)
    for note in notes(state):
        console.print(Text(visible(note), style="yellow"))
    if state.scored is not None:
        passed, total = state.scored.passed, state.scored.total
        console.print(f"Hidden tests, run after the choice: {passed} of {total} pass.", highlight=False)
    seconds = state.seconds if state.result is None else state.result.seconds
    if state.is_resumable:
        console.print(Text("`cure-agent resume` continues the run and reuses all recorded answers.", style="yellow"))
    paid = "" if _dollars(outcome) is None else f"${_dollars(outcome):.4g}, "
    costs = f"{state.tokens} tokens, {paid}{seconds:.1f} s, run {outcome.run}"
    console.print(costs, style="dim", highlight=False, markup=False)


def apart_of(outcome: Outcome) -> Apart | None:
    """The unchanged code, the generated tests that it passes, and those that repeat another one; None where the run
    solves a problem.
    """
    if not outcome.state.is_repository:
        return None
    columns = {"vacuous": vacuous(outcome.table), "repeats": repeated(outcome.table)}
    return Apart(
        table=outcome.table,
        rows={name: "unchanged" for name, row in outcome.table.candidates.items() if row.origin == BASE},
        columns={heading: names for heading, names in columns.items() if names},
        headings={"examples": "existing"},
    )


def _nouns(outcome: Outcome) -> Nouns:
    return PATCHES if outcome.state.is_repository else PROGRAMS


def _dollars(outcome: Outcome) -> float | None:
    """The price of all answers of the run, finished or not; None where the price of a model is not known."""
    started = outcome.state.started
    known = {} if started is None else started.settings
    return dollars(outcome.state, {role: known.get(f"{role}_price") for role in ("coder", "tester")})


def program_view(source: str, is_patch: bool = False) -> RenderableType:
    """The program, or the patch, with highlighted syntax."""
    language = "diff" if is_patch else "python"
    return Syntax(visible(source), language, theme="ansi_dark", background_color="default")


def _cell_json(cell: Cell | None, *, judges: bool) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {"verdict": str(cell.verdict), "passed": cell.passed if judges else None, "reason": cell.reason}


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values: status, program, confidence, tests, and candidates with a cell per test."""
    state, table, result = outcome.state, outcome.table, outcome.state.result
    ranking = state.ranking
    probability, validity = (ranking.probability, ranking.validity) if ranking else ({}, {})
    named = ranking.score_names if ranking else []
    scores = {name: dict(zip(named, values, strict=True)) for name, values in (ranking.ranking if ranking else [])}
    return {
        "run": outcome.run,
        "status": "unfinished" if result is None else result.status,
        "exit_code": None if result is None else result.exit_code,
        "candidate": outcome.chosen,
        "program": outcome.program,
        "confidence": 0.0 if result is None else result.confidence,
        "why": "" if result is None else result.why,
        "notes": notes(state),
        "explanation": explain(outcome.judged, ranking, outcome.chosen, _nouns(outcome)),
        "unsolved_probability": ranking.unsolved if ranking else None,
        "tests": [
            {
                "name": name,
                "stdin": test.stimulus,
                "expected": test.expected,
                "origin": test.origin,
                "probability": validity.get(name),
                "is_new": name in table.compared,
                "how": test.how if isinstance(test, UnlabelledInput) else "",
            }
            for name, test in table.tests.items()
        ],
        "candidates": [
            {
                "name": name,
                "source": table.candidates[name].text,
                "origin": table.candidates[name].origin,
                "parent": table.candidates[name].parent,
                "probability": probability.get(name),
                "score": scores.get(name, {}),
                "cells": {
                    test: _cell_json(table.cells.get((name, test)), judges=column.judges)
                    for test, column in table.tests.items()
                },
            }
            for name in dict.fromkeys([*scores, *table.candidates])
        ],
        "hidden": None if state.scored is None else {"passed": state.scored.passed, "total": state.scored.total},
        "tokens": state.tokens,
        "dollars": _dollars(outcome),
        "seconds": state.seconds if result is None else result.seconds,
    }
