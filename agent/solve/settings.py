"""Settings of a solve: the recorded ones, and the command's, from which they are made."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import Field, model_validator

from cure.prompts import StyleChoice
from cure.settings import Comparison, Extraction, Programs, Sandbox, Selector, Tests
from engines.settings import Model
from settings.marks import Flag, checked
from settings.section import Section


def _check_strategy(name: str) -> None:
    from agent.solve.strategies import strategy

    strategy(name)


Strategy = Annotated[str, checked(_check_strategy)]
"""Name of the rule for what to do after a round."""


class Budget(Section):
    """Limits of what a run spends, none where there is no value. May be written as one text, such as `50ktok,90s`."""

    tokens: int | None = Field(default=None, ge=0)
    """Tokens of prompts and completions."""
    seconds: float | None = Field(default=None, ge=0)
    """Seconds from the beginning of the run."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return amounts(value) if isinstance(value, str) else value


class Search(Section):
    """How an answer is looked for, whichever models are asked."""

    n: Programs = Field(default=8, ge=1, le=1024)
    """Programs to sample in the first round."""
    m: Tests = Field(default=8, ge=0, le=1024)
    """Tests to sample in the first round."""
    rounds: int = Field(default=3, ge=1, le=100)
    """Rounds at most: the first, and those that repair or sample more."""
    budget: Budget = Budget()
    """Most that may be spent, tokens and time, such as 50ktok,90s."""
    seed: int = 0
    """Seed of the samples; engines that take seeds answer alike again."""
    temperature: float = Field(default=1.0, ge=0, le=2)
    """Temperature of sampling; 0 takes the likeliest token."""
    top_p: float = Field(default=1.0, ge=0, le=1)
    """Share of the likeliest tokens, by probability, that are sampled from."""
    max_tokens: int = Field(default=4096, ge=1)
    """Tokens per answer at most."""
    comparison: Annotated[Comparison, Flag("--compare")] = "tokens"
    """How outputs are compared, where the problem does not say."""
    selector: Selector = "agreement"
    """How the answer is chosen."""
    strategy: Strategy = "repair-first"
    """What a round is for: repair-first, distinguish (tests on new inputs), sample-only (one round, best of n)."""
    extraction: Annotated[Extraction, Flag("--extract")] = "robust"
    """How programs and tests are read out of answers; `release` is what the published code does."""
    confident: float = Field(default=0.85, ge=0, le=1)
    """P(right) from which an answer counts as verified and the run stops."""


class SolveSettings(Search):
    """How a problem is solved. Everything here is written into the run."""

    coder: str = "micro"
    """Model that writes programs."""
    tester: str = "micro"
    """Model that writes tests."""
    coder_style: str = "micro"
    """Prompt style of the coder."""
    tester_style: str = "micro"
    """Prompt style of the tester."""


class Roles(Section):
    """Which models are asked, and how."""

    model: Model = "micro"
    """Model for both roles."""
    coder: Model | None = None
    """Model that writes programs, instead of `model`."""
    tester: Model | None = None
    """Model that writes tests, instead of `model`."""
    style: StyleChoice = "auto"
    """Prompt wording; `auto` is the one that each model was trained on."""
    sandbox: Sandbox = "auto"
    """Where programs run; `none` is for models one trusts."""


class SolveOptions(Search, Roles):
    """One problem solved, `cure-agent solve`."""

    def settings(self) -> SolveSettings:
        """The settings to record; styles may be `auto`, until the models are open."""
        return SolveSettings(
            coder=self.coder or self.model,
            tester=self.tester or self.model,
            coder_style=self.style,
            tester_style=self.style,
            **{name: getattr(self, name) for name in Search.model_fields},
        )


_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ktok|mtok|tok|k|s|sec|m|min|h)", re.IGNORECASE)
_TOKENS = {"tok": 1, "k": 1_000, "ktok": 1_000, "mtok": 1_000_000}
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def amounts(text: str) -> dict[str, float]:
    """Tokens and seconds that words such as `50ktok`, `90s`, `5m,200k` give. Raises ValueError on anything else."""
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        match = _AMOUNT.fullmatch(part)
        if match is None:
            raise ValueError(f"budget {part!r} is not an amount; write tokens as 50ktok and time as 90s or 5m")
        number, unit = float(match["number"]), match["unit"].lower()
        if unit in _TOKENS:
            found["tokens"] = int(number * _TOKENS[unit])
        else:
            found["seconds"] = number * _SECONDS[unit]
    if not found:
        raise ValueError("the budget is empty; write tokens as 50ktok and time as 90s or 5m")
    return found


class ResumeOptions(Section):
    """A recorded solve taken up again, `cure-agent resume` and `cure-agent replay --execute`."""

    sandbox: Sandbox = "auto"
    """Where programs run; `none` is for models one trusts."""
