"""Settings of an evaluation: the recorded ones, and the command's, from which they are made."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from cure.prompts import StyleChoice
from cure.settings import Comparison, Extraction, Programs, Sandbox, Tests
from engines import Sampling, parse_spec
from engines.settings import OwnServer
from settings.errors import SettingsError
from settings.marks import Flag, checked
from settings.section import Section

Role = Literal["coder", "tester"]


def _check_source(spec: str) -> None:
    from evaluator.run.pools import is_given

    if not is_given(spec):
        parse_spec(spec)


def _check_price(text: str) -> None:
    from evaluator.run.prices import parse_price

    parse_price(text)


Source = Annotated[str, checked(_check_source), OwnServer]
"""A model spec, or where samples are taken from."""


class Sources(Section):
    """Where the samples of both roles come from, and how many there are."""

    model: Source | None = None
    """Model spec of both roles."""
    coder: Source | None = None
    """Model spec; `run:DIRECTORY` for an earlier run's programs; `pool` for the set's own."""
    tester: Source | None = None
    """Model spec; `run:DIRECTORY` for an earlier run's tests."""
    programs: Programs = Field(default=16, ge=0)
    """Programs per problem."""
    tests: Tests = Field(default=16, ge=0)
    """Tests per problem; 0 measures one-shot coding alone."""


class Asking(Section):
    """How both roles are asked."""

    style: StyleChoice = "auto"
    """Prompt wording; `auto` is the one that each model was trained on."""
    temperature: float = Field(default=0.8, ge=0)
    """Temperature of sampling; 0 takes the likeliest token."""
    top_p: float = Field(default=0.95, ge=0, le=1)
    """Share of the likeliest tokens, by probability, that are sampled from."""
    top_k: int | None = Field(default=None, ge=1)
    """Number of the likeliest tokens that are sampled from; without it all."""
    max_tokens: int = Field(default=10_000, ge=1)
    """Tokens per answer at most."""
    seed: int = 0
    """Seed of the samples; engines that take seeds answer alike again."""


class RoleSettings(Asking):
    """How one role is asked."""

    model: str
    """Model spec, or `run:DIRECTORY` for the samples of an earlier run, or `pool` for the programs of the set."""
    samples: int
    """Samples per problem."""

    def sampling(self, seed: int, stop: tuple[str, ...]) -> Sampling:
        """The sampling of one request; sample i of it is drawn with seed + i where an engine knows seeds."""
        return Sampling(self.temperature, self.top_p, self.top_k, self.max_tokens, seed, stop)


class Judging(Section):
    """Which problems are evaluated, and how their answers are read and judged."""

    limit: int | None = Field(default=None, ge=1)
    """Only the first so many problems."""
    extraction: Extraction = "robust"
    """How programs and tests are read out of answers; `release` is what the published code does."""
    comparison: Comparison = "tokens"
    """How outputs are compared, where a problem does not say."""
    max_test: int = Field(default=8, ge=1)
    """Hidden tests that the release's metrics look at, the first of them; all are run."""
    public_tests: bool = True
    """Run the public examples too."""
    time_factor: float = Field(default=3.0, ge=0)
    """The time limit is at least so many times what the reference solution takes here, where there is one."""
    strict: bool = False
    """A fork for every execution."""
    give_up_after: Annotated[
        int | None, Field(ge=0), AfterValidator(lambda count: count or None), Flag(metavar="N")
    ] = 1
    """Time-outs of a program after which its other tests are not run and count as not passed; 0 runs them all."""


class Settings(Judging):
    """One evaluation."""

    dataset: str
    """Name or file, as given."""
    data_sha256: str
    """SHA-256 of the problems' file."""
    coder: RoleSettings | None
    tester: RoleSettings | None

    @property
    def roles(self) -> dict[Role, RoleSettings]:
        """The roles that take part."""
        roles: tuple[tuple[Role, RoleSettings | None], ...] = (("coder", self.coder), ("tester", self.tester))
        return {name: role for name, role in roles if role is not None}

    def identity(self) -> str:
        """Twelve hex digits that stand for everything that decides samples and verdicts."""
        text = json.dumps(self.to_record(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_record(self) -> dict[str, Any]:
        """The settings as JSON's values."""
        return self.model_dump()

    @staticmethod
    def from_record(record: dict[str, Any]) -> Settings:
        """The settings that `to_record` wrote, now or in an earlier version. Raises ValueError for anything else."""
        # A run from before there was this setting ran all tests.
        return Settings.model_validate({"give_up_after": None, **record})


class EvalOptions(Judging, Asking, Sources):
    """An evaluation on a data set, `cure-agent eval`."""

    sandbox: Sandbox = "auto"
    """Where programs run; `none` is for models one trusts."""
    outputs: Path = Path("outputs")
    """Folder of all evaluations."""
    price: Annotated[str, checked(_check_price), Flag(metavar="IN:OUT")] | None = None
    """US dollars per million tokens of prompts and of completions."""
    prices: Annotated[Path | None, Flag(metavar="FILE")] = None
    """Prices by model, TOML or JSON: for each model spec, input and output."""
    batch: bool = False
    """Ask through the provider's batch API: cheaper, and takes its time."""

    def settings(self, dataset: str, data_sha256: str) -> Settings:
        """The settings to record. Raises SettingsError where a role has no model."""
        return Settings(
            dataset=dataset,
            data_sha256=data_sha256,
            coder=self._role(self.coder or self.model, self.programs),
            tester=self._role(self.tester or self.model, self.tests),
            **{name: getattr(self, name) for name in Judging.model_fields},
        )

    def _role(self, model: str | None, samples: int) -> RoleSettings | None:
        if not samples:
            return None
        if model is None:
            raise SettingsError("name a model: --model SPEC, or --coder and --tester apart")
        return RoleSettings(model=model, samples=samples, **{name: getattr(self, name) for name in Asking.model_fields})
