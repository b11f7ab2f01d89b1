"""The table, with its explanation, as text of a file."""

from __future__ import annotations

import io
import json
from typing import Literal

from rich.console import Console

from agent.runs.outcome import Outcome
from agent.runs.state import RunState
from agent.show.outcome import outcome_json, show_outcome
from cure.table import AnyTable

Form = Literal["txt", "json", "svg", "html"]
FORMS: dict[Form, str] = {"txt": "plain text", "json": "JSON", "svg": "a picture (SVG)", "html": "a page (HTML)"}
LEAST_WIDTH = 100


def exported(run: str, state: RunState, table: AnyTable, form: Form, *, ascii_only: bool = False) -> str:
    """The outcome of the run in the given form, as `cure-agent why` shows it."""
    outcome = Outcome(run, state, table)
    if form == "json":
        return json.dumps(outcome_json(outcome), indent=2) + "\n"
    width = max(LEAST_WIDTH, 2 * len(table.tests) + 60)
    into = io.TextIOWrapper(io.BytesIO(), encoding="ascii" if ascii_only else "utf-8")
    console = Console(record=True, file=into, width=width, color_system="truecolor", force_terminal=True)
    show_outcome(console, outcome, state.started.name if state.started else run)
    if form == "svg":
        return console.export_svg(title=f"run {run}")
    return console.export_html() if form == "html" else console.export_text()
