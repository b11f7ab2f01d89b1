"""Settings of a solve: those that a run records, and the options of the commands, from which these are made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from agent.solve.effort import Effort, preset
from agent.solve.spending import Spent
from cure.price import parse_price
from cure.prompts import StyleChoice
from cure.settings import Comparison, Extraction, Programs, Sandbox, Selector, Tests
from engines.settings import Model
from settings.errors import SettingsError
from settings.marks import Flag, checked
from settings.section import Section


def _check_strategy(name: str) -> None:
    from agent.solve.strategies import strategy

    strategy(name)


Strategy = Annotated[str, checked(_check_strategy)]
"""Name of the rule that chooses the next move after a round."""


def _check_price(text: str) -> str:
    parse_price(text)
    return text


PriceText = Annotated[str, AfterValidator(_check_price)]
"""Dollars per million tokens of prompts and of completions, such as `0.15/0.60`."""


class Budget(Section):
    """Spending limits of a run; no value means no limit. May be written as one text, such as `50ktok,90s,$1`."""

    tokens: int | None = Field(default=None, ge=0)
    """Tokens of prompts and completions."""
    seconds: float | None = Field(default=None, ge=0)
    """Seconds from the beginning of the run."""
    dollars: float | None = Field(default=None, ge=0)
    """Dollars for prompts and completions, by the prices given."""

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return amounts(value) if isinstance(value, str) else value

    def exhausted(self, spent: Spent) -> str:
        """The exhausted part of the budget, in words; empty while there is something left."""
        if self.tokens is not None and spent.tokens >= self.tokens:
            return f"{spent.tokens} of {self.tokens} tokens"
        if self.seconds is not None and spent.seconds >= self.seconds:
            return f"{self.seconds:g} seconds"
        if self.dollars is not None and spent.dollars is not None and spent.dollars >= self.dollars:
            return f"${spent.dollars:.4g} of ${self.dollars:g}"
        return ""

    def affords(self, spent: Spent, cost: Spent) -> bool:
        """Whether tokens and dollars suffice for a further `cost`; seconds are not looked at."""
        if self.tokens is not None and spent.tokens + cost.tokens > self.tokens:
            return False
        return self.dollars is None or (spent.dollars or 0.0) + (cost.dollars or 0.0) <= self.dollars

    def seconds_left(self, used: float) -> float | None:
        """Seconds until the budget's end, at least 0; None without a limit."""
        return None if self.seconds is None else max(0.0, self.seconds - used)


class Search(Section):
    """Settings of the search for an answer that depend neither on the models nor on the kind of candidates."""

    effort: Effort = "medium"
    """Level of effort: sets those of n, m, rounds, min_gain, new_inputs and confident that are not given."""
    n: Programs = Field(default=8, ge=1, le=1024)
    """Maximum number of programs to sample in the first round, all its parts together."""
    m: Tests = Field(default=8, ge=0, le=1024)
    """Maximum number of tests to sample in the first round, all its parts together."""
    rounds: int = Field(default=3, ge=1, le=100)
    """Maximum number of rounds that ask for programs or tests, the first included; some strategies set their own."""
    first_share: float = Field(default=0.375, gt=0, le=1)
    """Share of n and m to sample at first; further samples follow where they may help. 1 samples all at once."""
    min_draw: float = Field(default=0.0, ge=0, le=1)
    """Least share of n and m that a further part of the first samples has; 0 draws no more than may help."""
    min_gain: float = Field(default=0.015, ge=0, le=1)
    """Least gain of a sample, in probability of a right answer, for which more are sampled; 0 samples all n and m."""
    budget: Budget = Budget()
    """Tokens, time and dollars that may be spent, such as 50ktok,90s,$1."""
    seed: int = 0
    """Random seed of the samples; engines that support seeds then repeat their answers."""
    temperature: float = Field(default=1.0, ge=0, le=2)
    """Sampling temperature; 0 is greedy decoding."""
    top_p: float = Field(default=1.0, ge=0, le=1)
    """Nucleus sampling: total probability of the most probable tokens that are sampled from."""
    max_tokens: int = Field(default=4096, ge=1)
    """Maximum number of tokens per answer."""
    selector: Selector = "outvoted"
    """Rule that ranks the candidates: outvoted, agreement, max-pass, or another one of docs/selection.md."""
    strategy: Strategy = "repair-first"
    """Rule for the next move: debug, cure (best of n), mpsc, alphacodium, s-star, agentic-tests, repair-first."""
    confident: float = Field(default=0.85, ge=0, le=1)
    """Probability of being right from which an answer counts as verified, and the run stops."""

    @model_validator(mode="before")
    @classmethod
    def _fill(cls, values: Any) -> Any:
        """The values given, over those of their level of effort."""
        return {**cls.preset_of(values)[1], **values} if isinstance(values, Mapping) else values

    @classmethod
    def preset_of(cls, values: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
        """The level of effort among the values, and what it sets."""
        effort = values.get("effort")
        known = {name: value for name, value in preset(effort).items() if name in cls.model_fields}
        return str(effort), known


class ProgramSearch(Search):
    """Settings of the search for a program that do not depend on the models."""

    new_inputs: int = Field(default=32, ge=0, le=1024)
    """Maximum number of new inputs made without a model, and of a generator's; 0 makes none. For the strategy debug."""
    new_inputs_seconds: float = Field(default=20.0, ge=0)
    """Seconds after which no further new inputs are executed."""
    generator: bool = True
    """Whether the coder may be asked for a program that generates inputs, where those made without a model leave
    programs undecided."""
    audit: bool = False
    """After the choice, run mutants of the answer on the tests, to see which tests find faults."""
    comparison: Annotated[Comparison, Flag("--compare")] = "tokens"
    """Comparison of outputs with expected ones, where the problem names none."""
    extraction: Annotated[Extraction, Flag("--extract")] = "robust"
    """How programs and tests are extracted from answers; `release` works like CURE's published code."""


class SolveSettings(ProgramSearch):
    """How a problem is solved. Everything here is written into the run."""

    coder: str = "micro"
    """Model that writes programs."""
    tester: str = "micro"
    """Model that writes tests."""
    coder_style: str = "micro"
    """Prompt style of the coder."""
    tester_style: str = "micro"
    """Prompt style of the tester."""
    repair_rules: int = Field(default=3, ge=1, le=3)
    """Version of the rules of repairs (`agent/solve/repairs.py`). 1, that of records without this setting, repairs the
    best programs whatever became of earlier repairs, and shows the coder no summary of the table; 2 goes on repairing
    after a round of repairs in vain."""
    coder_price: PriceText | None = None
    """Price of the coder in dollars per million tokens, of prompts and of completions."""
    tester_price: PriceText | None = None
    """Price of the tester in dollars per million tokens, of prompts and of completions."""
    confidence: Literal["logit", "posterior"] = "logit"
    """Rule by which the probability of each program is stated. No option of the command: runs recorded with `posterior`
    stay replayable."""

    @property
    def nouns(self) -> tuple[str, str]:
        """What a candidate is called, in the singular and in the plural."""
        return "program", "programs"

    @property
    def prices(self) -> dict[str, str | None]:
        """The prices by role."""
        return {"coder": self.coder_price, "tester": self.tester_price}


class Models(Section):
    """Models of the two roles, their prices, and the sandbox."""

    model: Model = "micro"
    """Model for both roles."""
    coder: Model | None = None
    """Model that writes programs, instead of `model`."""
    tester: Model | None = None
    """Model that writes tests, instead of `model`."""
    price: PriceText | None = None
    """Price of a model, in dollars per million tokens of prompts and of completions: 0.15/0.60."""
    coder_price: PriceText | None = None
    """Price of the coder, instead of `price`."""
    tester_price: PriceText | None = None
    """Price of the tester, instead of `price`."""
    sandbox: Sandbox = "auto"
    """Sandbox that runs the programs; `none` gives no protection: for trusted models only."""

    def by_role(self, budget: Budget) -> dict[str, Any]:
        """Model and price of each role, by the names of `SolveSettings`.

        Raises SettingsError for a budget in dollars without the price of a model.
        """
        coder, tester = self.coder or self.model, self.tester or self.model
        coder_price, tester_price = self.coder_price or self.price, self.tester_price or self.price
        for model, known in ((coder, coder_price), (tester, tester_price)):
            if budget.dollars is not None and known is None:
                raise SettingsError(
                    f"a budget in dollars needs the price of {model}: --price PROMPT/COMPLETION, "
                    "in dollars per million tokens, such as 0.15/0.60 (0/0 for a model of your own)"
                )
        return {"coder": coder, "tester": tester, "coder_price": coder_price, "tester_price": tester_price}


class Roles(Models):
    """Models of the two roles, with the style of their prompts."""

    style: StyleChoice = "auto"
    """Prompt style; `auto` is the one each model was trained on."""


class SolveOptions(ProgramSearch, Roles):
    """Settings of `cure-agent solve`, which solves one problem."""

    def settings(self) -> SolveSettings:
        """The settings to record; styles may still be `auto`, which is resolved once the models are open.

        Raises SettingsError for a budget in dollars without the price of a model.
        """
        searched = {name: getattr(self, name) for name in ProgramSearch.model_fields}
        roles = {**self.by_role(self.budget), "coder_style": self.style, "tester_style": self.style}
        return SolveSettings(**roles, **searched | self._own_rounds())

    def _own_rounds(self) -> dict[str, int]:
        """The strategy's own number of rounds, where it has one and no other is given."""
        from agent.solve.strategies import ROUNDS

        own = ROUNDS.get(self.strategy)
        return {} if own is None or "rounds" in self.model_fields_set else {"rounds": own}


_AMOUNT = re.compile(r"(?P<number>\d+(?:\.\d+)?)(?P<unit>ktok|mtok|tok|k|s|sec|m|min|h)", re.IGNORECASE)
_DOLLARS = re.compile(r"\$(?P<number>\d+(?:\.\d+)?)")
_TOKENS = {"tok": 1, "k": 1_000, "ktok": 1_000, "mtok": 1_000_000}
_SECONDS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600}
_HOW = "write tokens as 50ktok, time as 90s or 5m, dollars as $1"


def amounts(text: str) -> dict[str, float]:
    """`tokens`, `seconds` and `dollars` in a text such as `50ktok`, `90s`, `5m,200k,$0.50`. Raises ValueError on
    anything else."""
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        if dollars := _DOLLARS.fullmatch(part):
            found["dollars"] = float(dollars["number"])
            continue
        match = _AMOUNT.fullmatch(part)
        if match is None:
            raise ValueError(f"budget {part!r} is not an amount; {_HOW}")
        number, unit = float(match["number"]), match["unit"].lower()
        if unit in _TOKENS:
            found["tokens"] = int(number * _TOKENS[unit])
        else:
            found["seconds"] = number * _SECONDS[unit]
    if not found:
        raise ValueError(f"the budget is empty; {_HOW}")
    return found


class ResumeOptions(Section):
    """Settings of `cure-agent resume`, `cure-agent replay --execute` and `cure-agent table --audit`."""

    sandbox: Sandbox = "auto"
    """Sandbox that runs the programs; `none` gives no protection: for trusted models only."""
