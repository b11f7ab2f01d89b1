"""The error message where no model was named and the bundled model cannot solve the problem."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from agent.models.choices import BUNDLED, Choice
from cure.prompts.micro_family import is_of_micro_family

if TYPE_CHECKING:
    from agent.solve.settings import SolveOptions


def lacks_a_model(settings: SolveOptions, question: str) -> bool:
    """Whether the bundled model would be asked only because no flag, settings file or variable names the models of both
    coder and tester, and cannot solve the problem.
    """
    named = "model" in settings.model_fields_set or None not in (settings.coder, settings.tester)
    return not named and not is_of_micro_family(question)


def name_a_model(choices: Sequence[Choice]) -> str:
    """Why a model has to be named, with the models that are ready here, or else the local models and what they lack."""
    ready = [choice for choice in choices if choice.ready and choice.source != BUNDLED]
    lines = ["the bundled model knows only its own family of problems (`cure-agent demo`); name another with --model"]
    lines += [f"  --model {choice.model}  ({choice.source}: {choice.detail or 'running'})" for choice in ready]
    if not ready:
        lines += [
            f"  --model {choice.model}  ({choice.detail}; {choice.remedy})"
            for choice in choices
            if choice.source == "local"
        ]
    lines.append("`cure-agent models` lists all choices; --model micro tries the bundled model all the same")
    return "\n".join(lines)
