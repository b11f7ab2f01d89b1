"""The error message where no model was named and the bundled model cannot solve the problem."""

from __future__ import annotations

from collections.abc import Sequence

from agent.models.choices import BUNDLED, Choice


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
