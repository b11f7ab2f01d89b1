"""Settings of `cure-agent eval DATASET --strategy NAMES`: those of a solve, and what else a comparison needs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent.solve.settings import SolveOptions, SolveSettings
from settings.marks import checked


def _check_names(names: str) -> None:
    from agent.solve.strategies import strategy

    for name in names_in(names):
        strategy(name)


def names_in(text: str) -> list[str]:
    """The names in a text with commas between them, each once, in their order."""
    return [*dict.fromkeys(filter(None, (name.strip() for name in text.split(","))))]


class CompareOptions(SolveOptions):
    """Settings of `cure-agent eval DATASET --strategy NAMES`, which compares strategies on a problem set."""

    strategy: Annotated[str, checked(_check_names)] = Field(default="cure,debug", pattern=r"[^,\s]")
    """Strategies to compare, with commas between their names; the others are compared with the first."""
    limit: int | None = Field(default=None, ge=1)
    """Use only this many problems, the first of the set."""
    at_once: int = Field(default=1, ge=1)
    """Problems to solve at the same time; with more than one, seconds per problem are those of a busy machine."""
    outputs: Path = Path("outputs")
    """Directory of the recorded runs and shared samples."""

    @property
    def names(self) -> list[str]:
        """The strategies to compare."""
        return names_in(self.strategy)

    def settings_of(self, name: str) -> SolveSettings:
        """The settings to record for a solve with the strategy of this name."""
        return self.model_copy(update={"strategy": name}).settings()
