"""One line that says what a run is and how far it is."""

from __future__ import annotations

from agent.runs.state import RunState
from agent.show.outcome import HEADLINES
from tui.views.plain import one_line


def title_line(state: RunState) -> str:
    """The name of the problem or the task."""
    return one_line(state.started.name) if state.started else "a run that has not begun"


def status_words(state: RunState, *, is_live: bool, is_paused: bool = False) -> str:
    """How the run ended, or what it does."""
    if state.result is not None:
        word = HEADLINES[state.result.status][0] if state.result.status in HEADLINES else state.result.status
        answer = f" with {state.result.candidate}" if state.result.candidate else ""
        return one_line(f"{word}{answer}: {state.result.why}")
    if is_paused:
        return "paused"
    if not is_live:
        return "unfinished: it was killed, or goes on elsewhere"
    decided = state.decisions[max(state.decisions)] if state.decisions else None
    doing = decided.doing if decided and decided.doing else "sampling"
    return f"{doing}, round {len(state.rankings) + 1}"
