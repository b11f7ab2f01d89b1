"""Solves one problem: sample both roles, execute, rank, repair or stop; a LangGraph graph over plain functions."""

from agent.solve.outcome import Outcome
from agent.solve.run import solve_problem
from agent.solve.settings import SolveSettings

__all__ = ["Outcome", "SolveSettings", "solve_problem"]
