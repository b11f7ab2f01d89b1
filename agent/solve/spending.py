"""What a run has spent, held against its budget."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from agent.solve.settings import Budget
from engines.protocol import Usage


@dataclass
class Spending:
    """Tokens and seconds of one run."""

    budget: Budget
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)

    def add(self, usage: Usage) -> None:
        self.tokens += usage.prompt_tokens + usage.completion_tokens

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """Seconds until the budget's end, at least 0; None without a limit."""
        return None if self.budget.seconds is None else max(0.0, self.budget.seconds - self.seconds)

    @property
    def spent(self) -> str:
        """What ran out, in words; empty while there is something left."""
        if self.budget.tokens is not None and self.tokens >= self.budget.tokens:
            return f"{self.tokens} of {self.budget.tokens} tokens"
        if self.budget.seconds is not None and self.seconds >= self.budget.seconds:
            return f"{self.budget.seconds:g} seconds"
        return ""
