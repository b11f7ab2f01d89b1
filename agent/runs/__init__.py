"""Recorded runs: typed events and content-addressed texts in one folder per run."""

from agent.runs.events import Event
from agent.runs.record import RecordedRun, load_run
from agent.runs.store import RunWriter, create_run, find_run, list_runs, state_folder

__all__ = [
    "Event",
    "RecordedRun",
    "RunWriter",
    "create_run",
    "find_run",
    "list_runs",
    "load_run",
    "state_folder",
]
