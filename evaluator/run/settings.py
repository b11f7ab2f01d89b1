"""What an evaluation is told: everything that decides its samples and verdicts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from engines import Sampling

StyleName = Literal["auto", "chat", "micro", "release"]


@dataclass(frozen=True)
class RoleSettings:
    """How one role is asked."""

    model: str
    """Model spec, or `run:DIRECTORY` for the samples of an earlier run, or `file:FILE` for a fixed pool of programs."""
    samples: int
    style: StyleName = "auto"
    temperature: float = 0.8
    top_p: float = 0.95
    top_k: int | None = None
    max_tokens: int = 10_000
    seed: int = 0

    def sampling(self, seed: int, stop: tuple[str, ...]) -> Sampling:
        """The sampling of one request; sample i of it is drawn with seed + i where an engine knows seeds."""
        return Sampling(self.temperature, self.top_p, self.top_k, self.max_tokens, seed, stop)


@dataclass(frozen=True)
class Settings:
    """One evaluation."""

    dataset: str
    """Name or file, as given."""
    data_sha256: str
    """Of the problems' file."""
    coder: RoleSettings | None
    tester: RoleSettings | None
    limit: int | None = None
    """The first so many problems."""
    extraction: Literal["robust", "release"] = "robust"
    comparison: str = "tokens"
    """For problems that do not name their own."""
    max_test: int = 8
    """Hidden tests the release's metrics look at, the first of them. All are run."""
    public_tests: bool = True
    """Run the public examples too."""
    time_factor: float = 3.0
    """The time limit is at least so many times what the reference solution takes here, where there is one."""
    strict: bool = False
    """A fork for every execution."""
    give_up_after: int | None = 1
    """Time-outs of a program after which its other tests are not run and count as not passed; None runs them all."""

    def identity(self) -> str:
        """Twelve hex digits of everything that decides samples and verdicts."""
        text = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:12]

    def to_record(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    @staticmethod
    def from_record(record: dict[str, Any]) -> Settings:
        """What `to_record` wrote."""
        roles = {name: None if record[name] is None else RoleSettings(**record[name]) for name in ("coder", "tester")}
        # A run from before there was the setting ran everything.
        return Settings(**{"give_up_after": None, **record, **roles})
