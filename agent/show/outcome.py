"""A finished solve on the screen, or as JSON."""

from __future__ import annotations

from typing import Any

from rich.console import Console, Group, RenderableType
from rich.syntax import Syntax
from rich.text import Text

from agent.runs.record import RecordedRun
from agent.show.explain import Evidence, explain
from agent.show.grid import ASCII, UNICODE, grid, legend
from agent.solve.outcome import Outcome
from cure.plain import visible
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


def evidence_of(outcome: Outcome) -> Evidence:
    """The evidence behind a live outcome."""
    return Evidence(
        table=outcome.table,
        order=[ranked.candidate for ranked in outcome.ranking.ranked],
        score_names=outcome.ranking.score_names,
        scores={ranked.candidate: ranked.score for ranked in outcome.ranking.ranked},
        probability={name: outcome.posterior.of(name) for name in outcome.table.candidates},
        unsolved=outcome.posterior.unsolved,
        validity=outcome.validity,
        hypotheses=[(h.cluster, h.probability, h.terms) for h in outcome.posterior.hypotheses],
    )


def recorded_evidence(run: RecordedRun) -> Evidence | None:
    """The evidence as recorded, with the numbers that decided then; None before the first ranking."""
    ranking = run.ranking
    if ranking is None:
        return None
    return Evidence(
        table=run.table(),
        order=[name for name, _ in ranking.ranking],
        score_names=ranking.score_names,
        scores=dict(ranking.ranking),
        probability=ranking.probability,
        unsolved=ranking.unsolved,
        validity=ranking.validity,
        hypotheses=[(h["cluster"], h["probability"], h["terms"]) for h in ranking.hypotheses],
    )


def headline(status: str, name: str, chosen: str | None, why: str) -> Text:
    """One line: what came of it."""
    word, style = HEADLINES[status]
    text = Text(word, style=style)
    if chosen:
        text.append(visible(f" with {chosen}"), style="bold")
    text.append(visible(f": {why}" if not name else f" · {name}: {why}"), style="not bold default")
    return text


def evidence_view(evidence: Evidence, chosen: str | None, *, ascii_only: bool) -> RenderableType:
    """The grid, its legend, and why."""
    lines = explain(evidence, chosen)
    parts: list[RenderableType] = []
    if evidence.table.candidates:
        parts.append(
            grid(
                evidence.table,
                evidence.order,
                evidence.probability,
                evidence.validity,
                chosen,
                ascii_only=ascii_only,
            )
        )
        parts.append(Text(legend(ASCII if ascii_only else UNICODE), style="dim"))
        parts.append(Text())
    parts.extend(Text(visible(line)) for line in lines)
    return Group(*parts)


def show_outcome(console: Console, outcome: Outcome, name: str) -> None:
    """Print headline, grid and explanation; the program itself is the caller's to print."""
    ascii_only = not console.encoding.lower().startswith("utf")
    console.print(headline(outcome.status, name, outcome.candidate, outcome.why))
    console.print()
    console.print(evidence_view(evidence_of(outcome), outcome.candidate, ascii_only=ascii_only), highlight=False)
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
    """The outcome for machines: status, program, numbers, the table as rows of passes."""
    table = outcome.table
    return {
        "run": outcome.run,
        "status": outcome.status,
        "exit_code": outcome.exit_code,
        "candidate": outcome.candidate,
        "program": outcome.program,
        "confidence": outcome.confidence,
        "why": outcome.why,
        "notes": list(outcome.notes),
        "explanation": explain(evidence_of(outcome), outcome.candidate),
        "unsolved_probability": outcome.posterior.unsolved,
        "tests": [
            {
                "name": name,
                "stdin": test.stdin,
                "expected": test.expected,
                "origin": test.origin,
                "probability": outcome.validity[name],
            }
            for name, test in table.tests.items()
        ],
        "candidates": [
            {
                "name": ranked.candidate,
                "source": table.candidates[ranked.candidate].text,
                "origin": table.candidates[ranked.candidate].origin,
                "parent": table.candidates[ranked.candidate].parent,
                "probability": outcome.posterior.of(ranked.candidate),
                "score": dict(zip(outcome.ranking.score_names, ranked.score, strict=True)),
                "cells": {name: _cell_json(table.cells.get((ranked.candidate, name))) for name in table.tests},
            }
            for ranked in outcome.ranking.ranked
        ],
        "hidden": None
        if outcome.hidden_passed is None
        else {"passed": outcome.hidden_passed, "total": outcome.hidden_total},
        "tokens": outcome.tokens,
        "seconds": outcome.seconds,
    }
