"""Shows a finished solve on a console, or gives it as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from agent.runs.events import RankedRound
from agent.show.explain import explain
from agent.show.grid import ASCII, UNICODE, grid, legend
from agent.solve.outcome import Outcome
from cure.plain import visible
from cure.table import AnyTable, Cell

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


def headline(status: str, name: str, chosen: str | None, why: str) -> Text:
    """One line: the status in words, the chosen candidate, the problem's name, the reason."""
    word, style = HEADLINES[status]
    text = Text(word, style=style)
    if chosen:
        text.append(visible(f" with {chosen}"), style="bold")
    text.append(visible(f": {why}" if not name else f" · {name}: {why}"), style="not bold default")
    return text


def evidence_view(
    table: AnyTable, ranking: RankedRound | None, chosen: str | None, *, ascii_only: bool
) -> RenderableType:
    """The grid by the last ranking, its legend, and the explanation of the choice."""
    parts: list[RenderableType] = []
    if table.candidates and ranking is not None:
        view = grid(table, ranking.order, ranking.probability, ranking.validity, chosen, ascii_only=ascii_only)
        parts += [view, Text(legend(ASCII if ascii_only else UNICODE), style="dim"), Text()]
    parts.extend(Text(visible(line)) for line in explain(table, ranking, chosen))
    return Group(*parts)


def show_outcome(console: Console, outcome: Outcome, name: str) -> None:
    """Print headline, grid, explanation, notes and costs; the program is not printed."""
    ascii_only = not console.encoding.lower().startswith("utf")
    console.print(headline(outcome.status, name, outcome.candidate, outcome.why))
    console.print()
    table, ranking = outcome.reading.table, outcome.state.ranking
    console.print(evidence_view(table, ranking, outcome.candidate, ascii_only=ascii_only), highlight=False)
    for note in outcome.notes:
        console.print(Text(visible(note), style="yellow"))
    if outcome.hidden_passed is not None:
        console.print(
            f"Looked at afterwards: {outcome.hidden_passed} of {outcome.hidden_total} hidden tests pass.",
            highlight=False,
        )
    console.print(
        f"{outcome.tokens} tokens, {outcome.seconds:.1f} s, run {outcome.run}",
        style="dim",
        highlight=False,
        markup=False,
    )


def program_view(source: str) -> RenderableType:
    """The program with highlighted syntax."""
    return Syntax(visible(source), "python", theme="ansi_dark", background_color="default")


def _cell_json(cell: Cell | None) -> dict[str, Any] | None:
    if cell is None:
        return None
    return {"verdict": str(cell.verdict), "passed": cell.passed, "reason": cell.reason}


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    """The outcome as JSON values: status, program, confidence, tests, and candidates with a cell per test."""
    table, ranking = outcome.reading.table, outcome.state.ranking
    assert ranking is not None, "a solve ends after a ranking"
    return {
        "run": outcome.run,
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "candidate": outcome.candidate,
        "program": outcome.program,
        "confidence": outcome.confidence,
        "why": outcome.why,
        "notes": list(outcome.notes),
        "explanation": explain(table, ranking, outcome.candidate),
        "unsolved_probability": ranking.unsolved,
        "tests": [
            {
                "name": name,
                "stdin": test.stdin,
                "expected": test.expected,
                "origin": test.origin,
                "probability": ranking.validity[name],
            }
            for name, test in table.tests.items()
        ],
        "candidates": [
            {
                "name": name,
                "source": table.candidates[name].text,
                "origin": table.candidates[name].origin,
                "parent": table.candidates[name].parent,
                "probability": ranking.probability[name],
                "score": dict(zip(ranking.score_names, scores, strict=True)),
                "cells": {test: _cell_json(table.cells.get((name, test))) for test in table.tests},
            }
            for name, scores in ranking.ranking
        ],
        "hidden": None
        if outcome.hidden_passed is None
        else {"passed": outcome.hidden_passed, "total": outcome.hidden_total},
        "tokens": outcome.tokens,
        "seconds": outcome.seconds,
    }
