"""Counts of answered and failed requests, and notes on them, read from the state of the run."""

from __future__ import annotations

from collections.abc import Iterator

from agent.runs.events import Sampled
from agent.runs.state import RunState


def errors(state: RunState, role: str, round_: int | None = None) -> list[str]:
    """Errors of a role's failed requests, in order of arrival; of one round, or of all for None."""
    return [sample.error for sample in _samples(state, round_) if sample.role == role and sample.finish == "error"]


def answered(state: RunState, role: str, round_: int | None = None) -> int:
    """Number of a role's answers that arrived; in one round, or in all for None."""
    return sum(sample.role == role and sample.finish != "error" for sample in _samples(state, round_))


def model_error(state: RunState, round_: int) -> str:
    """The last error of a round in which no request was answered; empty when one was, or none failed."""
    if any(answered(state, role, round_) for role in ("coder", "tester")):
        return ""
    failed = errors(state, "tester", round_) or errors(state, "coder", round_)
    return failed[-1] if failed else ""


def notes(state: RunState) -> tuple[str, ...]:
    """Sentences on failed requests and on answers without a program or test."""
    lines = []
    for role, what in (("coder", "program"), ("tester", "test")):
        if failed := errors(state, role):
            lines.append(f"{len(failed)} requests of the {role} failed; the last: {failed[-1]}")
        if reasons := [event.reason for event in state.rejected if event.role == role]:
            lines.append(f"{len(reasons)} answers of the {role} gave no {what}; the last: {reasons[-1]}")
    return tuple(lines)


def _samples(state: RunState, round_: int | None) -> Iterator[Sampled]:
    for key, samples in state.samples.items():
        if round_ is None or state.asked[key].round == round_:
            yield from samples.values()
