"""Measures coder and tester on problem sets, and writes reports with confidence intervals.

`commands/` has the command line. `datasets/` gets, converts and checks problem sets, `run/` asks models, runs programs
and computes metrics, `report/` writes a run's report, `stored/` works on answers and tables that were stored before.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from evaluator.datasets import find_dataset
    from evaluator.datasets.sources.listing import listed
    from evaluator.report.write import write_report
    from evaluator.run.directory import RunDirectory
    from evaluator.run.settings import RoleSettings, Settings
    from evaluator.run.start import evaluate, read_problems
    from evaluator.run.summary import summarise, write_summary

_MODULES = {
    "RoleSettings": "run.settings",
    "RunDirectory": "run.directory",
    "Settings": "run.settings",
    "evaluate": "run.start",
    "find_dataset": "datasets",
    "listed": "datasets.sources.listing",
    "read_problems": "run.start",
    "summarise": "run.summary",
    "write_report": "report.write",
    "write_summary": "run.summary",
}
"""The module of each public name; modules are imported at first use, so that the command line starts quickly."""

__all__ = [
    "RoleSettings",
    "RunDirectory",
    "Settings",
    "evaluate",
    "find_dataset",
    "listed",
    "read_problems",
    "summarise",
    "write_report",
    "write_summary",
]


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
