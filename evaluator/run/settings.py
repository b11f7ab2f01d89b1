"""Settings of an evaluation: those of the command, and the recorded ones, which are made from the command's."""

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


RUN, POOL, SAMPLES = "run:", "pool", "samples:"
"""`run:DIRECTORY` names an earlier run; `pool` the labelled programs in the problem set (`submissions`);
`samples:FILE@DIGEST` a file of samples (`evaluator.run.own_samples`), with 12 hexadecimal digits of its SHA-256."""


def is_stored(spec: str) -> bool:
    """Whether the spec names stored samples instead of a model."""
    return spec == POOL or spec.startswith((RUN, SAMPLES))


def _check_source(spec: str) -> None:
    if not is_stored(spec):
        parse_spec(spec)


def _check_price(text: str) -> None:
    from cure.price import parse_price

    parse_price(text)


Source = Annotated[str, checked(_check_source), OwnServer]
"""A model spec, or a source of stored samples: `run:DIRECTORY`, `pool` or `samples:FILE@DIGEST`."""


class Sources(Section):
    """Where the samples of both roles come from, and how many there are."""

    model: Source | None = None
    """Model spec of both roles."""
    coder: Source | None = None
    """Model spec; `run:DIRECTORY` for an earlier run's programs; `pool` for the programs in the data set."""
    tester: Source | None = None
    """Model spec; `run:DIRECTORY` for an earlier run's tests."""
    programs: Programs = Field(default=16, ge=0)
    """Programs per problem."""
    tests: Tests = Field(default=16, ge=0)
    """Tests per problem; 0 measures one-shot coding alone."""


class Asking(Section):
    """Prompt wording and sampling settings of both roles."""

    style: StyleChoice = "auto"
    """Prompt wording; `auto` takes the wording that each model was trained on."""
    temperature: float = Field(default=0.8, ge=0)
    """Sampling temperature; 0 takes the likeliest token."""
    top_p: float = Field(default=0.95, ge=0, le=1)
    """Nucleus sampling: sample from the likeliest tokens whose probabilities sum to this share."""
    top_k: int | None = Field(default=None, ge=1)
    """Sample from this many of the likeliest tokens only; by default from all."""
    max_tokens: int = Field(default=10_000, ge=1)
    """Maximum number of tokens per answer."""
    seed: int = 0
    """Sampling seed; engines that support seeds give equal answers for equal seeds."""
    hide_examples: bool = False
    """Show the tester no public examples, as in the released evaluation."""


class RoleSettings(Asking):
    """The model, the number of samples and the sampling settings of one role."""

    model: str
    """Model spec, or a source of stored samples: `run:DIRECTORY`, `pool` or `samples:FILE@DIGEST`."""
    samples: int
    """Samples per problem."""

    @property
    def is_stored(self) -> bool:
        """Whether the samples are stored ones, so that no model is asked."""
        return is_stored(self.model)

    def sampling(self, seed: int, stop: tuple[str, ...]) -> Sampling:
        """The sampling settings of one request; engines that support seeds draw its sample i with `seed` + i."""
        return Sampling(self.temperature, self.top_p, self.top_k, self.max_tokens, seed, stop)


class Judging(Section):
    """Which problems are evaluated, and how their answers are read and judged."""

    limit: int | None = Field(default=None, ge=1)
    """Evaluate only this many problems, the first of the set."""
    extraction: Extraction = "robust"
    """How programs and tests are extracted from answers; `release` extracts like the published code."""
    comparison: Comparison = "tokens"
    """Comparison of outputs for problems that name none."""
    max_test: int = Field(default=8, ge=1)
    """Number of hidden tests that the release metrics use, the first ones; all hidden tests are run."""
    public_tests: bool = True
    """Run programs on the public examples too."""
    time_factor: float = Field(default=3.0, ge=0)
    """Minimum time limit, as a multiple of the CPU time that the reference solution takes on this machine."""
    strict: bool = False
    """Run every execution in a process of its own; by default, inputs of a plain program share one."""
    give_up_after: Annotated[
        int | None, Field(ge=0), AfterValidator(lambda count: count or None), Flag(metavar="N")
    ] = 1
    """Time-outs of a program after which its other tests are not run and count as not passed; 0 runs them all."""
    keep_outputs: Annotated[int, Field(ge=0), Flag(metavar="CHARS")] = 0
    """Characters of each different output that the tables keep; 0 keeps digests alone."""


class Settings(Judging):
    """One evaluation."""

    dataset: str
    """Name or file, as given."""
    data_sha256: str
    """SHA-256 of the problems' file; for a package of problems, of the problems as JSON."""
    coder: RoleSettings | None
    """None where no programs are asked for."""
    tester: RoleSettings | None
    """None where no tests are asked for."""

    @property
    def roles(self) -> dict[Role, RoleSettings]:
        """The roles that take part."""
        roles: tuple[tuple[Role, RoleSettings | None], ...] = (("coder", self.coder), ("tester", self.tester))
        return {name: role for name, role in roles if role is not None}

    @property
    def sample_counts(self) -> tuple[int, int]:
        """Programs and tests per problem; 0 for a role that does not take part."""
        return self.coder.samples if self.coder else 0, self.tester.samples if self.tester else 0

    def identity(self) -> str:
        """A hash, in twelve hex digits, of all settings: everything that decides samples and verdicts."""
        text = json.dumps(self.to_record(), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_record(self) -> dict[str, Any]:
        """The settings as a JSON object; a setting that earlier versions did not have is left out at its default."""
        record = self.model_dump()
        if not self.keep_outputs:
            del record["keep_outputs"]
        for role in (record["coder"], record["tester"]):
            if role and not role.get("hide_examples"):
                role.pop("hide_examples", None)
        return record

    @staticmethod
    def from_record(record: dict[str, Any]) -> Settings:
        """The settings that `to_record` wrote, now or in an earlier version. Raises ValueError for anything else."""
        # Runs recorded before `give_up_after` existed ran all tests.
        return Settings.model_validate({"give_up_after": None, **record})


class EvalOptions(Judging, Asking, Sources):
    """An evaluation on a data set, `cure-agent eval`."""

    sandbox: Sandbox = "auto"
    """Where programs run; `none` gives no isolation and is for trusted models only."""
    outputs: Path = Path("outputs")
    """Folder that all evaluations are written to."""
    price: Annotated[str, checked(_check_price), Flag(metavar="PROMPT/COMPLETION")] | None = None
    """Price of every model, in US dollars per million tokens of prompts and of completions: 0.15/0.60."""
    prices: Annotated[Path | None, Flag(metavar="FILE")] = None
    """TOML or JSON file of prices: for each model spec, `input` and `output`."""
    batch: bool = False
    """Ask through the provider's batch API: cheaper, but slower."""

    def settings(self, dataset: str, data_sha256: str) -> Settings:
        """The settings to record. Raises SettingsError where a role with samples has no model."""
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
