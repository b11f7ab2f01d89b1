"""Solves problems: the loop of moves and strategies, recorded runs, the `cure-agent` command.

`solve_problem` solves one problem with open engines and a sandbox and emits every event to a `Recorder`; `load_run`
reads a recorded run and folds its events into a `RunState`. Names are imported on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agent.runs.outcome import Outcome
    from agent.runs.record import RecordedRun, load_run
    from agent.runs.recorder import Recorder
    from agent.runs.state import RunState
    from agent.runs.store import create_run, find_run, list_runs
    from agent.solve.run import solve_problem
    from agent.solve.settings import SolveSettings

_MODULES = {
    "Outcome": "agent.runs.outcome",
    "RecordedRun": "agent.runs.record",
    "Recorder": "agent.runs.recorder",
    "RunState": "agent.runs.state",
    "SolveSettings": "agent.solve.settings",
    "create_run": "agent.runs.store",
    "find_run": "agent.runs.store",
    "list_runs": "agent.runs.store",
    "load_run": "agent.runs.record",
    "solve_problem": "agent.solve.run",
}

__all__ = [
    "Outcome",
    "RecordedRun",
    "Recorder",
    "RunState",
    "SolveSettings",
    "create_run",
    "find_run",
    "list_runs",
    "load_run",
    "solve_problem",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
