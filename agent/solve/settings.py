"""Settings of a solve: those that a run records, and the options of the commands, from which these are made."""

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
"""Name of the rule that chooses the next move after a round."""


class Budget(Section):
    """Spending limits of a run; no value means no limit. May be written as one text, such as `50ktok,90s`."""

    tokens: int | None = Field(default=None, ge=0)
    """Tokens of prompts and completions."""
    seconds: float | None = Field(default=None, ge=0)
    """Seconds from the beginning of the run."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return amounts(value) if isinstance(value, str) else value

    def exhausted(self, tokens: int, seconds: float) -> str:
        """The exhausted part of the budget, in words; empty while there is something left."""
        if self.tokens is not None and tokens >= self.tokens:
            return f"{tokens} of {self.tokens} tokens"
        if self.seconds is not None and seconds >= self.seconds:
            return f"{self.seconds:g} seconds"
        return ""

    def seconds_left(self, used: float) -> float | None:
        """Seconds until the budget's end, at least 0; None without a limit."""
        return None if self.seconds is None else max(0.0, self.seconds - used)


class Search(Section):
    """Settings of the search for an answer that do not depend on the models."""

    n: Programs = Field(default=8, ge=1, le=1024)
    """Programs to sample in the first round."""
    m: Tests = Field(default=8, ge=0, le=1024)
    """Tests to sample in the first round."""
    rounds: int = Field(default=3, ge=1, le=100)
    """Maximum number of rounds, the first included; strategies from papers have their own default."""
    budget: Budget = Budget()
    """Tokens and time that may be spent, such as 50ktok,90s."""
    seed: int = 0
    """Random seed of the samples; engines that support seeds then repeat their answers."""
    new_inputs: int = Field(default=32, ge=0, le=1024)
    """Inputs to make without a model, on which programs are compared; 0 makes none. For strategies that explore."""
    new_inputs_seconds: float = Field(default=20.0, ge=0)
    """Seconds after which no more of these inputs are executed."""
    generator: bool = True
    """Whether the coder may be asked for a program that generates inputs, where those made without a model leave
    programs undecided."""
    audit: bool = False
    """After the choice, run mutants of the answer on the tests, to see which tests find faults."""
    temperature: float = Field(default=1.0, ge=0, le=2)
    """Sampling temperature; 0 is greedy decoding."""
    top_p: float = Field(default=1.0, ge=0, le=1)
    """Nucleus sampling: total probability of the most probable tokens that are sampled from."""
    max_tokens: int = Field(default=4096, ge=1)
    """Maximum number of tokens per answer."""
    comparison: Annotated[Comparison, Flag("--compare")] = "tokens"
    """Comparison of outputs with expected ones, where the problem names none."""
    selector: Selector = "agreement"
    """Rule that ranks the candidates: agreement, max-pass, or another one of docs/selection.md."""
    strategy: Strategy = "repair-first"
    """Rule for the next move: debug, cure (best of n), mpsc, alphacodium, s-star, agentic-tests, repair-first."""
    extraction: Annotated[Extraction, Flag("--extract")] = "robust"
    """How programs and tests are extracted from answers; `release` works like the published code."""
    confident: float = Field(default=0.85, ge=0, le=1)
    """Probability of being right from which an answer counts as verified, and the run stops."""


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
    repair_rules: int = Field(default=2, ge=1, le=2)
    """Version of the rules of repairs (`agent/solve/repairs.py`). 1, that of records without this setting, repairs the
    best programs whatever became of earlier repairs, and shows no summary of the table."""


class Roles(Section):
    """Models of the two roles, their prompts, and the sandbox."""

    model: Model = "micro"
    """Model for both roles."""
    coder: Model | None = None
    """Model that writes programs, instead of `model`."""
    tester: Model | None = None
    """Model that writes tests, instead of `model`."""
    style: StyleChoice = "auto"
    """Prompt style; `auto` is the one each model was trained on."""
    sandbox: Sandbox = "auto"
    """Sandbox that runs the programs; `none` gives no protection: for trusted models only."""


class SolveOptions(Search, Roles):
    """Settings of `cure-agent solve`, which solves one problem."""

    def settings(self) -> SolveSettings:
        """The settings to record; styles may still be `auto`, which is resolved once the models are open."""
        return SolveSettings(
            coder=self.coder or self.model,
            tester=self.tester or self.model,
            coder_style=self.style,
            tester_style=self.style,
            **{name: getattr(self, name) for name in Search.model_fields} | self._own_rounds(),
        )

    def _own_rounds(self) -> dict[str, int]:
        """The strategy's own number of rounds, where it has one and no other is given."""
        from agent.solve.strategies import ROUNDS

        own = ROUNDS.get(self.strategy)
        return {} if own is None or "rounds" in self.model_fields_set else {"rounds": own}


_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ktok|mtok|tok|k|s|sec|m|min|h)", re.IGNORECASE)
_TOKENS = {"tok": 1, "k": 1_000, "ktok": 1_000, "mtok": 1_000_000}
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}


def amounts(text: str) -> dict[str, float]:
    """`tokens` and `seconds` in a text such as `50ktok`, `90s`, `5m,200k`. Raises ValueError on anything else."""
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
    """Settings of `cure-agent resume`, `cure-agent replay --execute` and `cure-agent table --audit`."""

    sandbox: Sandbox = "auto"
    """Sandbox that runs the programs; `none` gives no protection: for trusted models only."""
