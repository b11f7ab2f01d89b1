"""What a solve may be told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cure.errors import ProblemError


@dataclass(frozen=True)
class Budget:
    """What a run may spend; None is no limit."""

    tokens: int | None = None
    seconds: float | None = None


@dataclass(frozen=True)
class SolveSettings:
    """How a problem is solved. Everything here is written into the run."""

    coder: str = "micro"
    tester: str = "micro"
    coder_style: str = "micro"
    tester_style: str = "micro"
    n: int = 8
    """Programs sampled in the first round."""
    m: int = 8
    """Tests sampled in the first round."""
    rounds: int = 3
    """Rounds in all: the first, and those that repair or sample more."""
    budget: Budget = Budget()
    seed: int = 0
    temperature: float = 1.0
    top_p: float = 1.0
    max_tokens: int = 4096
    comparison: str = "tokens"
    selector: str = "agreement"
    extraction: str = "robust"
    confident: float = 0.85
    """P(right) from which an answer counts as verified and the run stops."""


_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ktok|mtok|tok|k|s|sec|m|min|h)", re.IGNORECASE)
_TOKENS = {"tok": 1, "k": 1_000, "ktok": 1_000, "mtok": 1_000_000}
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def parse_budget(text: str) -> Budget:
    """Budget from words such as `50ktok`, `90s`, `5m,200k`. Raises ProblemError on anything else."""
    tokens: int | None = None
    seconds: float | None = None
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _AMOUNT.fullmatch(part)
        if match is None:
            raise ProblemError(f"budget {part!r} is not an amount; write tokens as 50ktok and time as 90s or 5m")
        number, unit = float(match["number"]), match["unit"].lower()
        if unit in _TOKENS:
            tokens = int(number * _TOKENS[unit])
        else:
            seconds = number * _SECONDS[unit]
    if tokens is None and seconds is None:
        raise ProblemError("the budget is empty; write tokens as 50ktok and time as 90s or 5m")
    return Budget(tokens, seconds)
