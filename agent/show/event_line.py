"""One event of a run as one line for a person."""

from __future__ import annotations

from agent.runs import events
from agent.show.progress import round_line


def event_line(event: events.Event) -> str:
    """The event in words, without its time and texts."""
    match event:
        case events.Started():
            return f"started: {event.name}"
        case events.Resumed():
            return "resumed"
        case events.SuiteReady():
            return f"the unchanged code passes {event.passed} tests and fails {len(event.failing)}: {event.command}"
        case events.PlacesChosen():
            return f"prompts show {', '.join(event.places) or 'no code'}"
        case events.Asked():
            return f"asked the {event.role} for {event.n} {'answer' if event.n == 1 else 'answers'} ({event.key})"
        case events.Sampled():
            return f"answer {event.index} to {event.key}: {event.error or event.finish}"
        case events.Rejected():
            return f"answer {event.index} to {event.key} gave nothing: {event.reason}"
        case events.CandidateAdded():
            return f"{event.name}: " + (f"repairs {event.parent}" if event.parent else "sampled")
        case events.TestAdded():
            return f"{event.name}: {event.origin} " + ("test" if event.expected is not None else f"input ({event.how})")
        case events.Executed():
            failed = event.verdict if event.passed is None else f"failed ({event.verdict})"
            return f"{event.candidate} on {event.test}: " + ("passed" if event.passed else failed)
        case events.Ran():
            return f"ran a program that is no candidate: {event.verdict}"
        case events.Weighed():
            return f"round {event.round}: candidates scored by {event.by}"
        case events.RankedRound():
            return f"round {event.round}: ranked {', '.join(name for name, _ in event.ranking) or 'no candidate'}"
        case events.Decided():
            return round_line(event)
        case events.Scored():
            return f"{event.candidate} passes {event.passed} of {event.total} hidden tests"
        case events.WholeSuite():
            return f"{event.candidate} on all existing tests: {event.passed} pass, {len(event.broken)} broken"
        case events.Audited():
            return f"ran {len(event.mutants)} mutants of {event.candidate} on the tests"
        case events.Result():
            return f"{event.status}: {event.why}"
