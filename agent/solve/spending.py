"""Tokens, seconds and dollars of a run, compared with its budget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cure.price import parse_price

if TYPE_CHECKING:
    from agent.runs.state import RunState


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a run has used, or what a request may use."""

    tokens: int = 0
    """Tokens of prompts and completions."""
    seconds: float = 0.0
    dollars: float | None = None
    """None where the price of a model is not known."""


def dollars(state: RunState, prices: Mapping[str, str | None]) -> float | None:
    """The price of all answers so far; `prices` are those of the roles. None where the price of a role is not known."""
    if None in prices.values():
        return None
    return sum(
        parse_price(text).of(state.prompt_tokens[role], state.completion_tokens[role])
        for role, text in prices.items()
        if text
    )


@dataclass(frozen=True, kw_only=True)
class Left:
    """Rounds left and budget used after a round."""

    rounds: int
    """Number of further rounds that may ask for programs or tests."""
    rounds_without_samples: int = 0
    """Number of further rounds that may be used for moves that ask for neither programs nor tests."""
    tokens: int = 0
    """Tokens used so far."""
    seconds: float = 0.0
    """Seconds used so far."""
    dollars: float | None = None
    """Dollars used so far; None where the price of a model is not known."""
    exhausted: str = ""
    """The exhausted part of the budget, in words; empty while there is something left."""
    programs: int = 0
    """Number of programs requested by the first round, and by the rounds that continued it."""
    tests: int = 0
    """Number of tests requested by the first round, and by the rounds that continued it."""
    draws: frozenset[int] = frozenset()
    """Numbers of the rounds that only continued the first round's requests; `settings.rounds` does not count them."""

    @property
    def end_reason(self) -> str:
        """Why no further round that asks for programs or tests is possible, in words; empty if one is possible."""
        return self.reason_against(asks_for_samples=True)

    def reason_against(self, *, asks_for_samples: bool) -> str:
        """Why no further round is possible, in words; empty if one is possible. `asks_for_samples` says whether the
        round asks for programs or tests.
        """
        if self.exhausted:
            return f"the budget is spent: {self.exhausted}"
        rounds = self.rounds if asks_for_samples else self.rounds_without_samples
        return "" if rounds > 0 else "the rounds are used up"


@dataclass(frozen=True)
class Clock:
    """Counts the seconds of a run, those before a resumption included."""

    before: float = 0.0
    started: float = field(default_factory=time.monotonic)

    @property
    def seconds(self) -> float:
        """Seconds so far."""
        return self.before + time.monotonic() - self.started
