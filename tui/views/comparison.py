"""How the outputs of a run are compared with expected ones."""

from __future__ import annotations

import json
from collections.abc import Callable

from agent.errors import RunError
from agent.runs.state import RunState
from cure.errors import ProblemError
from cure.problem.file import load_problems
from cure.table import judging_of
from cure.table.compare import DEFAULT, Comparison, tokens


def comparison_of(state: RunState, text: Callable[[str], str]) -> Comparison | None:
    """Whether an output is the expected one, for the problem of the run; None where a checker decides.

    Where the problem cannot be read, outputs are compared by their tokens. `text` gives the text of a blob by its name.
    """
    if state.started is None or state.is_repository:
        return tokens
    try:
        rows = json.dumps([json.loads(text(state.started.problem))])
        (problem,) = load_problems("problem.json", rows)
        return judging_of(problem, comparison_name=state.started.settings.get("comparison", DEFAULT)).equal
    except (ProblemError, RunError, ValueError):
        return tokens
