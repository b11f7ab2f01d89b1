"""Summaries of recorded runs, for lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.errors import RunError
from agent.runs.record import load_run
from agent.runs.store import list_runs


@dataclass(frozen=True, kw_only=True)
class RunSummary:
    """One recorded run in a list."""

    id: str
    started_at: float
    """Seconds since the epoch; for a damaged run, when its folder was last modified."""
    problem: str
    status: str
    """The result's status; `unfinished` for a run without a result, `unreadable` for a damaged run."""
    candidate: str | None = None
    confidence: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


def summaries(limit: int, root: Path | None = None) -> list[RunSummary]:
    """Summaries of the newest runs; a damaged run has the status `unreadable` and its error as `problem`."""
    return [_summary(folder) for folder in list_runs(root)[:limit]]


def _summary(folder: Path) -> RunSummary:
    try:
        run = load_run(folder)
    except RunError as error:
        return RunSummary(id=folder.name, started_at=folder.stat().st_mtime, problem=str(error), status="unreadable")
    result = run.state.result
    if result is None:
        return RunSummary(id=run.id, started_at=run.started_at, problem=run.started.name, status="unfinished")
    return RunSummary(
        id=run.id,
        started_at=run.started_at,
        problem=run.started.name,
        status=result.status,
        candidate=result.candidate,
        confidence=result.confidence,
        tokens=result.tokens,
        seconds=result.seconds,
    )
