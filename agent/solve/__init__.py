"""Solves one problem: sample both roles, execute, rank, repair or stop. What solving needs is imported when used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from agent.solve.settings import SolveSettings

if TYPE_CHECKING:
    from agent.solve.outcome import Outcome
    from agent.solve.run import solve_problem

_LATER = {"Outcome": "agent.solve.outcome", "solve_problem": "agent.solve.run"}

__all__ = ["Outcome", "SolveSettings", "solve_problem"]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
