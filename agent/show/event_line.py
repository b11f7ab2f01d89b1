"""One event of a run as one line for a person."""

from __future__ import annotations

from agent.runs.events import (
    Asked,
    CandidateAdded,
    Decided,
    Event,
    Executed,
    RankedRound,
    Rejected,
    Result,
    Resumed,
    Sampled,
    Scored,
    Started,
    TestAdded,
)
from agent.show.progress import round_line


def event_line(event: Event) -> str:
    """What happened."""
    match event:
        case Started():
            return f"started: {event.name}"
        case Resumed():
            return "resumed"
        case Asked():
            return f"asked the {event.role} for {event.n} ({event.key})"
        case Sampled():
            return f"answer {event.index} to {event.key}: {event.error or event.finish}"
        case Rejected():
            return f"answer {event.index} to {event.key} gave nothing: {event.reason}"
        case CandidateAdded():
            return f"{event.name}: " + (f"repairs {event.parent}" if event.parent else "sampled")
        case TestAdded():
            return f"{event.name}: {event.origin} test"
        case Executed():
            return f"{event.candidate} on {event.test}: " + ("passed" if event.passed else f"failed ({event.verdict})")
        case RankedRound():
            return f"round {event.round}: ranked {', '.join(name for name, _ in event.ranking) or 'no candidate'}"
        case Decided():
            return round_line(event)
        case Scored():
            return f"{event.candidate} passes {event.passed} of {event.total} hidden tests"
        case Result():
            return f"{event.status}: {event.why}"
