"""Tokens and seconds of a run, compared with its budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, field


@dataclass(frozen=True, kw_only=True)
class Left:
    """Rounds left and budget used after a round."""

    rounds: int
    """Number of further rounds that may ask a model."""
    free_rounds: int = 0
    """Number of further rounds that may be used without asking a model."""
    tokens: int = 0
    """Tokens used so far."""
    seconds: float = 0.0
    """Seconds used so far."""
    exhausted: str = ""
    """The exhausted part of the budget, in words; empty while there is something left."""

    @property
    def end_reason(self) -> str:
        """Why no further round that asks a model is possible, in words; empty if one is possible."""
        return self.reason_against(asks_models=True)

    def reason_against(self, *, asks_models: bool) -> str:
        """Why no further round is possible that asks models, or that asks none; in words, empty if one is possible."""
        if self.exhausted:
            return f"the budget is spent: {self.exhausted}"
        return "" if (self.rounds if asks_models else self.free_rounds) > 0 else "the rounds are used up"


@dataclass(frozen=True)
class Clock:
    """Counts the seconds of a run, those before a resumption included."""

    before: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.before + time.monotonic() - self.started
