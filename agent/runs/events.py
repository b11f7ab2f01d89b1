"""The events of a run, one JSON object a line in `events.jsonl`; the last one is always a `Result`.

Each line has `v` (version of this schema), `t` (seconds since the epoch), `type` (the class name in snake case) and the
fields of the class. Texts are named by their sha256 and lie in `blobs/`.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field
from typing import Any

from agent.errors import RunError

VERSION = 1


@dataclass(frozen=True)
class Started:
    """What was asked for."""

    problem: str
    """Blob: the problem in CURE's schema, as JSON."""
    name: str
    settings: dict[str, Any]
    isolation: str


@dataclass(frozen=True)
class Sampled:
    """One completion came back, or failed for good."""

    role: str
    key: str
    index: int
    finish: str
    text: str
    """Blob: what the model wrote."""
    prompt_tokens: int
    completion_tokens: int
    error: str = ""


@dataclass(frozen=True)
class Rejected:
    """A completion that gave no program or no test."""

    role: str
    key: str
    index: int
    reason: str


@dataclass(frozen=True)
class CandidateAdded:
    name: str
    source: str
    """Blob."""
    origin: str
    parent: str | None
    round: int
    key: str
    index: int


@dataclass(frozen=True)
class TestAdded:
    __test__ = False
    name: str
    stdin: str
    """Blob."""
    expected: str
    """Blob."""
    origin: str
    key: str = ""
    index: int = 0


@dataclass(frozen=True)
class Executed:
    candidate: str
    test: str
    verdict: str
    passed: bool
    stdout: str
    """Blob."""
    stderr_tail: str
    reason: str
    cpu_s: float
    peak_memory_kb: int


@dataclass(frozen=True)
class RankedRound:
    """What the selector and the confidence said after a round."""

    round: int
    selector: str
    score_names: list[str]
    ranking: list[tuple[str, list[float]]]
    probability: dict[str, float]
    """P(right) per candidate."""
    unsolved: float
    validity: dict[str, float]
    """P(right) per test."""
    hypotheses: list[dict[str, Any]]


@dataclass(frozen=True)
class Decided:
    round: int
    action: str
    why: str
    targets: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Scored:
    """The answer on the problem's hidden tests, looked at after the choice."""

    candidate: str
    passed: int
    total: int


@dataclass(frozen=True)
class Result:
    """How the run ended; always the last event."""

    status: str
    """verified, low_confidence, unsolved, budget, model_error, sandbox_error, error, interrupted."""
    exit_code: int
    candidate: str | None
    confidence: float
    why: str
    tokens: int
    seconds: float


Event = Started | Sampled | Rejected | CandidateAdded | TestAdded | Executed | RankedRound | Decided | Scored | Result


def _type_name(kind: type) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower()


_KINDS: dict[str, type] = {
    _type_name(kind): kind
    for kind in (Started, Sampled, Rejected, CandidateAdded, TestAdded, Executed, RankedRound, Decided, Scored, Result)
}


def to_line(event: Event, at: float | None = None) -> str:
    """The event as one line of JSON, newline included."""
    head = {"v": VERSION, "t": round(time.time() if at is None else at, 3), "type": _type_name(type(event))}
    return json.dumps(head | asdict(event), ensure_ascii=False) + "\n"


def from_line(line: str) -> tuple[float, Event]:
    """Time and event of one line. Raises RunError for another version, an unknown type or broken JSON."""
    try:
        fields = json.loads(line)
        version, at, kind = fields.pop("v"), fields.pop("t"), _KINDS[fields.pop("type")]
        if version != VERSION:
            raise RunError(f"the run was recorded with schema {version}; this version reads {VERSION}")
        event: Event = kind(**fields)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"not an event of a run: {line[:80]!r} ({error})") from error
    return at, event
