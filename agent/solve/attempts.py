"""Counts of answered and failed requests, and notes for the user, read from the state of the run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from agent.runs.events import Sampled
from agent.runs.state import RunState

REASONS_SHOWN = 8


def errors(state: RunState, role: str, round_: int | None = None) -> list[str]:
    """Errors of a role's failed requests, in order of arrival; of all rounds where `round_` is None."""
    return [sample.error for sample in _samples(state, round_) if sample.role == role and _failed(sample)]


def answered(state: RunState, role: str, round_: int | None = None) -> int:
    """Number of a role's answers that arrived; in all rounds where `round_` is None."""
    return sum(sample.role == role and not _failed(sample) for sample in _samples(state, round_))


def notes(state: RunState) -> list[str]:
    """Notes on the statement's samples that were not used, and on what may keep a repository's tests from telling the
    truth; then why requests failed and answers gave nothing usable.

    Reasons are counted, the most frequent first; those after the first REASONS_SHOWN are only counted together.
    """
    wanted = {"coder": "patch" if state.is_repository else "program", "tester": "test"}
    unused = [] if state.started is None else state.started.unused
    warnings = [] if state.suite is None else [f"{line.rstrip('.')}." for line in state.suite.warnings]
    failed = [("request", f"{sample.role} failed: {sample.error}") for sample in _samples(state) if _failed(sample)]
    empty = [
        ("answer", f"{event.role} gave no {wanted[event.role]}: {event.reason.rstrip('.')}.")
        for event in state.rejected
    ]
    counts = Counter(failed + empty).most_common()
    lines = [f"{n} {what}{'s' if n > 1 else ''} of the {rest}" for (what, rest), n in counts[:REASONS_SHOWN]]
    if others := sum(n for _, n in counts[REASONS_SHOWN:]):
        lines.append(f"{others} more failed or gave nothing, for other reasons.")
    return [*unused, *warnings, *lines]


def _samples(state: RunState, round_: int | None = None) -> Iterator[Sampled]:
    for key, samples in state.samples.items():
        if round_ is None or state.asked[key].round == round_:
            yield from samples.values()


def _failed(sample: Sampled) -> bool:
    return sample.finish == "error"
