"""The events of a run, one JSON object a line in `events.jsonl`; the last one of a run that ended is a `Result`.

Each line has `v` (version of this schema), `t` (seconds since the epoch), `type` and the fields of the event. A field
described as "Blob" holds the SHA-256 of a text, which is stored in `blobs/`. `docs/events.schema.json` is the output of
`json_schema()`.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, field, fields
from functools import cache
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, TypeAdapter, ValidationError

from agent.errors import RunError

VERSION = 2
"""Version 1, still read, had no events `asked` and `resumed`, and no fields `doing` and `done` in `decided`."""


@dataclass(frozen=True, kw_only=True)
class Started:
    """A solve began: the problem and the settings."""

    IDENTITY: ClassVar = ()
    """Fields that, with the type, identify the event within its run."""
    MEASURED: ClassVar = ("problem", "name", "settings", "isolation")
    """Fields that a replay does not compare, since they may differ between machines or versions of this project."""
    problem: str
    """Blob: the problem in CURE's schema, or the task in a repository, as JSON."""
    name: str
    """Name of the problem, or the first line of the task."""
    settings: dict[str, Any]
    """The `SolveSettings` of the run, as JSON values."""
    isolation: str
    """How the sandbox isolates programs, in words."""
    unused: list[str] = field(default_factory=list)
    """Notes on parts of the statement that look like samples but were not read as tests."""
    kind: Literal["problem", "repository"] = "problem"
    """What is worked on: a problem, by programs and unit tests; or a repository, by patches and checks."""
    type: Literal["started"] = "started"


@dataclass(frozen=True)
class Resumed:
    """A run was continued; requests and executions that failed since the last decision are repeated."""

    IDENTITY: ClassVar = ()
    isolation: str
    """How the sandbox of the resumption isolates programs, in words."""
    type: Literal["resumed"] = "resumed"


@dataclass(frozen=True, kw_only=True)
class SuiteReady:
    """The tests of a repository were run on the unchanged code, before a model is asked."""

    IDENTITY: ClassVar = ()
    MEASURED: ClassVar = ("command", "reason", "environment", "isolation", "passed", "failing", "flaky", "warnings")
    command: str
    """How the tests are run, as a person would type it."""
    reason: str
    """Why in this way, in words."""
    environment: str
    """The interpreter, and why that one."""
    isolation: str
    """How the sandbox isolates tests, in words."""
    passed: int
    """Number of tests that pass each time."""
    failing: list[str]
    """Ids of the tests that fail each time."""
    flaky: list[str]
    """Ids of the tests of which two runs differ; they are not counted."""
    warnings: list[str]
    """What may keep tests from telling the truth, in sentences."""
    command_files: list[str]
    """Files that the user's own test command starts or reads, which no patch may change."""
    doctests: bool
    """Whether the suite runs the examples in docstrings."""
    doctest_files: list[str]
    """Patterns of the names of text files whose examples the suite runs."""
    type: Literal["suite_ready"] = "suite_ready"


@dataclass(frozen=True, kw_only=True)
class PlacesChosen:
    """What the prompts of a run in a repository show."""

    IDENTITY: ClassVar = ()
    MEASURED: ClassVar = ("reasons",)
    places: list[str]
    """The functions and classes shown in full, as `path::name`, the most probable first."""
    reasons: list[str]
    """Why each of them, in words."""
    tests: list[str]
    """Files of existing tests that may concern these places, the most telling first."""
    type: Literal["places_chosen"] = "places_chosen"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request, before it is sent: `n` samples, of which sample i has number `first + i` among those of its role."""

    IDENTITY: ClassVar = ("key",)
    key: str
    role: str
    prompt: str
    """Blob: the prompt as one text."""
    n: int
    first: int
    seed: int
    round: int
    parent: str | None = None
    """Name of the candidate to repair."""
    gives: str = ""
    """Kind of text that the answers are, such as `generator`; empty where they give candidates or tests."""
    start: int = 0
    """Number of samples of the same prompt requested in earlier rounds, which this request continues."""
    type: Literal["asked"] = "asked"


@dataclass(frozen=True, kw_only=True)
class Sampled:
    """One completion came back, or failed for good."""

    IDENTITY: ClassVar = ("key", "index")
    role: str
    key: str
    """Key of the request."""
    index: int
    """Number of the sample within the request, from 0."""
    finish: str
    """`stop`, `length` (cut at the maximum number of tokens), or `error`."""
    text: str
    """Blob: what the model wrote."""
    prompt_tokens: int
    """Tokens of the prompt, counted once for each request that was sent, in one of its samples; 0 in the others."""
    completion_tokens: int
    error: str = ""
    """What failed; empty unless `finish` is `error`."""
    type: Literal["sampled"] = "sampled"


@dataclass(frozen=True)
class Rejected:
    """A completion without a usable program or test."""

    IDENTITY: ClassVar = ("key", "index")
    MEASURED: ClassVar = ("reason",)
    role: str
    key: str
    index: int
    reason: str
    """Why, in words."""
    type: Literal["rejected"] = "rejected"


@dataclass(frozen=True, kw_only=True)
class CandidateAdded:
    """A new row of the table."""

    IDENTITY: ClassVar = ("name",)
    name: str
    source: str
    """Blob: the program."""
    origin: str
    """`sampled` or `repair`; in a repository also `base`, for the unchanged code."""
    parent: str | None
    """Name of the candidate that this one repairs; null for a sampled one."""
    round: int
    key: str
    index: int
    type: Literal["candidate_added"] = "candidate_added"


@dataclass(frozen=True, kw_only=True)
class TestAdded:
    """A new column of the table."""

    __test__: ClassVar = False
    IDENTITY: ClassVar = ("name",)
    name: str
    stdin: str
    """Blob: the input; in a repository the text of a test file, the path of one, or the node id of a test."""
    expected: str | None
    """Blob: the expected output; null for an input whose right output is unknown."""
    origin: str
    """`public`, `generated`, or `made` for an input whose right output is unknown; in a repository `existing`, `user`
    or `generated`."""
    key: str = ""
    """Key of the request or move that the test or input comes from; empty for a public example."""
    index: int = 0
    how: str = ""
    """How an input whose right output is unknown was made, in words; empty for a test."""
    type: Literal["test_added"] = "test_added"


@dataclass(frozen=True, kw_only=True)
class Executed:
    """A new cell of the table."""

    IDENTITY: ClassVar = ("candidate", "test")
    MEASURED: ClassVar = ("stderr_tail", "reason", "cpu_s", "peak_memory_kb")
    candidate: str
    test: str
    verdict: str
    passed: bool | None
    """Whether the output is right; null where the right output is unknown."""
    stdout: str
    """Blob: the output."""
    stderr_tail: str
    reason: str
    cpu_s: float
    peak_memory_kb: int
    type: Literal["executed"] = "executed"


@dataclass(frozen=True, kw_only=True)
class Ran:
    """An execution of a program of the model that is no candidate, such as a generator of inputs."""

    IDENTITY: ClassVar = ("program", "stdin")
    MEASURED: ClassVar = ("reason",)
    program: str
    """Blob: the program."""
    stdin: str
    """Blob: its input."""
    verdict: str
    stdout: str
    """Blob: its output."""
    reason: str
    type: Literal["ran"] = "ran"


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Scores that a move gave candidates; from then on they rank the candidates before the scores of the selector."""

    IDENTITY: ClassVar = ("round",)
    round: int
    by: str
    """Kind of the scores, in words, such as `consistency`."""
    scores: dict[str, float]
    """By candidate, larger is better; a candidate without a score ranks behind those that have one."""
    type: Literal["weighed"] = "weighed"


@dataclass(frozen=True, kw_only=True)
class RankedRound:
    """The ranking and the probabilities after a round."""

    IDENTITY: ClassVar = ("round",)
    round: int
    selector: str
    score_names: list[str]
    ranking: list[tuple[str, list[float]]]
    """Candidates and their scores, best first."""
    probability: dict[str, float]
    """P(right) per candidate."""
    unsolved: float
    """P(no candidate is right)."""
    validity: dict[str, float]
    """P(right) per test."""
    hypotheses: list[dict[str, Any]]
    """Most probable first, each with `cluster` (the candidates that are right under this hypothesis), `probability` and
    `terms` (by kind of evidence; their differences between two hypotheses add up to the log-odds of the two)."""
    type: Literal["ranked_round"] = "ranked_round"

    @property
    def order(self) -> list[str]:
        """Names of the candidates, best first."""
        return [name for name, _ in self.ranking]


@dataclass(frozen=True, kw_only=True)
class Decided:
    """The move chosen after a round, with words that describe it."""

    IDENTITY: ClassVar = ("round",)
    MEASURED: ClassVar = ("why", "doing", "done")
    round: int
    action: str
    """Name of the move."""
    why: str
    targets: list[str] = field(default_factory=list)
    """Candidates that the move concerns."""
    doing: str = ""
    """The move in the present tense, for progress: `repairing`."""
    done: str = ""
    """The move in the past tense, for `cure-agent why`: `repaired`."""
    tokens: int = 0
    """Tokens used by the time of the decision."""
    seconds: float = 0.0
    """Seconds used by the time of the decision."""
    dollars: float | None = None
    """Dollars used by the time of the decision; null where the price of a model is not known."""
    type: Literal["decided"] = "decided"


@dataclass(frozen=True)
class Scored:
    """How many hidden tests of the problem the answer passes; they are run after the choice."""

    IDENTITY: ClassVar = ()
    candidate: str
    passed: int
    total: int
    type: Literal["scored"] = "scored"


@dataclass(frozen=True, kw_only=True)
class WholeSuite:
    """A patch was run on all existing tests of its repository, after the choice."""

    IDENTITY: ClassVar = ("candidate",)
    MEASURED: ClassVar = ("passed",)
    candidate: str
    passed: int
    """Number of tests that pass."""
    broken: list[str]
    """Ids of the tests that the unchanged code passes and the patch does not."""
    type: Literal["whole_suite"] = "whole_suite"


@dataclass(frozen=True)
class MutantTried:
    """A program with one fault added, with the tests that it passed and failed."""

    fault: str
    """What was changed in the program, in words."""
    source: str
    """Blob: the changed program."""
    passed: list[str]
    """Names of the tests that the changed program passed."""
    failed: list[str]
    """Names of the tests that the changed program was run on and did not pass."""
    apart: bool
    """Whether verdict or output of the changed program differ from those of the original on the input of some test."""


@dataclass(frozen=True)
class Audited:
    """Mutants of the answer were run on the tests, after everything was decided; they are no candidates."""

    IDENTITY: ClassVar = ()
    candidate: str
    mutants: list[MutantTried]
    type: Literal["audited"] = "audited"


@dataclass(frozen=True, kw_only=True)
class Result:
    """How the run ended; always the last event."""

    IDENTITY: ClassVar = ()
    MEASURED: ClassVar = ("seconds",)
    status: str
    """verified, low_confidence, unsolved, budget, model_error, sandbox_error, error, interrupted."""
    exit_code: int
    candidate: str | None
    """Name of the answer; null where no program is handed over."""
    confidence: float
    """Probability in 0..1 that the answer is right; 0 without one."""
    why: str
    """The reason for the status, in words."""
    tokens: int
    seconds: float
    dollars: float | None = None
    """Price of all prompts and answers; null where the price of a model is not known."""
    type: Literal["result"] = "result"


Event = (
    Started
    | Resumed
    | SuiteReady
    | PlacesChosen
    | Asked
    | Sampled
    | Rejected
    | CandidateAdded
    | TestAdded
    | Executed
    | Ran
    | Weighed
    | RankedRound
    | Decided
    | Scored
    | WholeSuite
    | Audited
    | Result
)

Identity = tuple[Any, ...]


def identity(event: Event) -> Identity:
    """Type of the event and its IDENTITY values; unique in a run, except for `resumed` and events repeated after it."""
    return event.type, *(getattr(event, name) for name in event.IDENTITY)


def differing_fields(one: Event, other: Event) -> list[str]:
    """Names of the fields in which two events of one type differ, MEASURED ones left out."""
    measured = getattr(one, "MEASURED", ())
    names = [each.name for each in fields(one) if each.name not in measured]
    return [name for name in names if not _alike(getattr(one, name), getattr(other, name))]


def _alike(one: Any, other: Any) -> bool:
    """Whether two JSON values are equal, floats within 1e-9 (relative for large ones), as last digits vary."""
    if isinstance(one, float) and isinstance(other, float):
        return abs(one - other) <= 1e-9 * max(1.0, abs(one), abs(other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_alike, one, other))
    return bool(one == other)


@cache
def _adapter() -> TypeAdapter[Event]:
    return TypeAdapter(Annotated[Event, Field(discriminator="type")])


def to_line(event: Event, at: float | None = None) -> str:
    """The event as one line of JSON, newline included."""
    head = {"v": VERSION, "t": round(time.time() if at is None else at, 3), "type": event.type}
    return json.dumps(head | asdict(event), ensure_ascii=False) + "\n"


def from_line(line: str) -> tuple[float, Event]:
    """Time and event of one line. Raises RunError for another version, an unknown type or broken JSON."""
    try:
        record = json.loads(line)
        version, at = record.pop("v"), record.pop("t")
        if version not in (1, VERSION):
            raise RunError(f"the run was recorded with schema {version}; this version reads 1 and {VERSION}")
        if version == 1 and record["type"] == "decided":
            record |= _WORDS_OF_VERSION_1[record["action"]]
        return at, _adapter().validate_python(record)
    except (ValidationError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise RunError(f"not an event of a run: {line[:80]!r} ({reason})") from error


_WORDS_OF_VERSION_1 = {
    "finish": {"done": "stopped"},
    "repair": {"doing": "repairing", "done": "repaired"},
    "more": {"doing": "sampling more", "done": "sampled more"},
}


def json_schema() -> str:
    """JSON schema of one line of `events.jsonl`, as text."""
    schema = _adapter().json_schema()
    for event in schema["$defs"].values():
        if "type" in event.get("properties", {}):
            event["properties"] |= {"v": {"const": VERSION}, "t": {"type": "number"}}
            event["required"] = ["v", "t", "type", *event.get("required", [])]
    return json.dumps({"title": "A line of events.jsonl"} | schema, indent=2) + "\n"
