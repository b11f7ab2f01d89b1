"""The last events of a run as lines."""

from __future__ import annotations

from itertools import islice
from time import localtime, strftime

from agent.runs.events import Event
from agent.runs.state import RunState
from agent.show.event_line import event_line
from tui.views.plain import one_line

TAIL = 2_000
"""Maximum number of lines that a screen keeps; the others are in the run's folder."""


def log_line(at: float, event: Event) -> str:
    """The event in words, after its time of day."""
    return f"{clock(at)}  {one_line(event_line(event))}"


def clock(at: float) -> str:
    """The time of day, of seconds since the epoch."""
    return strftime("%H:%M:%S", localtime(at))


def last_lines(state: RunState, count: int = TAIL) -> list[str]:
    """The lines of the last `count` events, oldest first."""
    newest = islice(reversed(state.recorded.values()), min(count, TAIL))
    return [log_line(at, event) for at, event in newest][::-1]
