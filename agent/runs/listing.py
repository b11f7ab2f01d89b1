"""One line per recorded run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from agent.errors import RunError
from agent.runs.record import load_run
from agent.runs.store import list_runs


@dataclass(frozen=True)
class RunSummary:
    """What a list shows of a run."""

    id: str
    started_at: float
    problem: str
    status: str
    """The result's status; `unfinished` for a run without one, `unreadable` for a damaged one."""
    candidate: str | None = None
    confidence: float = 0.0
    tokens: int = 0
    seconds: float = 0.0


def summaries(limit: int, root: Path | None = None) -> list[RunSummary]:
    """Summaries of the newest runs; a damaged run is listed as such and hides no other."""
    return [_summary(folder) for folder in list_runs(root)[:limit]]


def _summary(folder: Path) -> RunSummary:
    try:
        run = load_run(folder)
    except RunError as error:
        return RunSummary(folder.name, folder.stat().st_mtime, str(error), "unreadable")
    result = run.state.result
    if result is None:
        return RunSummary(run.id, run.started_at, run.started.name, "unfinished")
    return RunSummary(
        run.id,
        run.started_at,
        run.started.name,
        result.status,
        result.candidate,
        result.confidence,
        result.tokens,
        result.seconds,
    )
