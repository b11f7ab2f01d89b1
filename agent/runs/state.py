"""The state of a run, folded from its events.

Progress, `why`, `runs`, `resume` and `replay` read this state and the texts of blobs, nothing else of a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.repository.patches import Check, CheckOrigin, Patch
from agent.runs import events
from agent.runs.events import Event, Identity, identity
from cure.problem import UnitTest, UnlabelledInput
from cure.table import AnyTable, Candidate, CandidateOrigin, Cell, Column, ExecutionTable, ProgramColumn, Row
from sandbox import Verdict

STOPPED = ("model_error", "sandbox_error")
"""Statuses of runs whose model or sandbox stopped working."""


@dataclass(kw_only=True)
class RunState:
    """The state of a run after the events so far. `fold` adds an event in place: nothing is copied."""

    recorded: dict[Identity, tuple[float, Event]] = field(default_factory=dict)
    """Time (seconds since the epoch) and event, by identity, without the events that a `Resumed` event withdrew."""
    started: events.Started | None = None
    suite: events.SuiteReady | None = None
    """What is known of the tests of a repository, once they were run on the unchanged code."""
    places: events.PlacesChosen | None = None
    """What the prompts of a run in a repository show."""
    asked: dict[str, events.Asked] = field(default_factory=dict)
    """Requests, by key."""
    samples: dict[str, dict[int, events.Sampled]] = field(default_factory=dict)
    """By key of the request and index of the sample, in the order of arrival."""
    rejected: list[events.Rejected] = field(default_factory=list)
    candidates: dict[str, events.CandidateAdded] = field(default_factory=dict)
    tests: dict[str, events.TestAdded] = field(default_factory=dict)
    cells: dict[tuple[str, str], events.Executed] = field(default_factory=dict)
    """By candidate and test."""
    weighed: events.Weighed | None = None
    """The last scores that a move gave candidates."""
    rankings: dict[int, events.RankedRound] = field(default_factory=dict)
    """By round."""
    decisions: dict[int, events.Decided] = field(default_factory=dict)
    """By round."""
    scored: events.Scored | None = None
    whole_suites: dict[str, events.WholeSuite] = field(default_factory=dict)
    """By candidate, for the patches that were run on all existing tests."""
    audited: events.Audited | None = None
    result: events.Result | None = None
    prompt_tokens: Counter[str] = field(default_factory=Counter)
    """By role."""
    completion_tokens: Counter[str] = field(default_factory=Counter)
    """By role."""
    seconds: float = 0.0
    """Seconds of work, without the time between the end or kill of a process and the resumption."""
    answers: Counter[str] = field(default_factory=Counter)
    """Number of completions by role, failed ones included; those of requests for texts (`Asked.gives`) are left out,
    here and in the next two counts."""
    failed: Counter[str] = field(default_factory=Counter)
    """Number of failed completions, by role."""
    wanted: Counter[str] = field(default_factory=Counter)
    """Number of completions requested, by role."""
    _at: float = 0.0
    _undecided: list[Event] = field(default_factory=list)
    """Events since the last decision."""

    def fold(self, event: Event, at: float = 0.0) -> RunState:
        """Add one event, recorded at `at` (seconds since the epoch), to this state and return the state."""
        if not isinstance(event, events.Started | events.Resumed):
            self.seconds += max(0.0, at - self._at)
        self._at = at
        self.recorded[identity(event)] = at, event
        self._undecided.append(event)
        match event:
            case events.Started():
                self.started = event
            case events.Resumed():
                self._forget_failures()
            case events.SuiteReady():
                self.suite = event
            case events.PlacesChosen():
                self.places = event
            case events.Asked():
                self.asked[event.key] = event
                if not event.gives:
                    self.wanted[event.role] += event.n
            case events.Sampled():
                self.samples.setdefault(event.key, {})[event.index] = event
                if not self._gives_text(event.key):
                    self.answers[event.role] += 1
                    self.failed[event.role] += event.finish == "error"
                self.prompt_tokens[event.role] += event.prompt_tokens
                self.completion_tokens[event.role] += event.completion_tokens
            case events.Rejected():
                self.rejected.append(event)
            case events.CandidateAdded():
                self.candidates[event.name] = event
            case events.TestAdded():
                self.tests[event.name] = event
            case events.Executed():
                self.cells[event.candidate, event.test] = event
            case events.Weighed():
                self.weighed = event
            case events.RankedRound():
                self.rankings[event.round] = event
            case events.Decided():
                self.decisions[event.round] = event
                self._undecided.clear()
            case events.Scored():
                self.scored = event
            case events.WholeSuite():
                self.whole_suites[event.candidate] = event
            case events.Audited():
                self.audited = event
            case events.Result():
                self.result = event
        return self

    @property
    def tokens(self) -> int:
        """Tokens of all prompts and completions."""
        return self.prompt_tokens.total() + self.completion_tokens.total()

    @property
    def ranking(self) -> events.RankedRound | None:
        """The last ranking; None before the first."""
        return self.rankings[max(self.rankings)] if self.rankings else None

    @property
    def is_resumable(self) -> bool:
        """Whether the run can be continued: it has no result, was interrupted, or ended by an error."""
        return self.result is None or self.result.status in ("interrupted", "error", *STOPPED)

    def candidate_number(self, name: str) -> int:
        """The candidate's number among the programs requested; it does not depend on the order of arrival."""
        added = self.candidates[name]
        return self._number(added.key, added.index)

    def test_number(self, name: str) -> tuple[int, int]:
        """A key that sorts public examples first, then tests by their number among the tests requested, then inputs
        without a known output; tests with equal keys keep the order in which they were added.
        """
        added = self.tests[name]
        if added.expected is None:
            return 2, 0
        return (1, self._number(added.key, added.index)) if added.key else (0, 0)

    def _number(self, key: str, index: int) -> int:
        # Records of version 1 have no requests: all numbers are then 0, and sorting by them keeps the order of arrival.
        return self.asked[key].first + index if key in self.asked else 0

    def _gives_text(self, key: str) -> bool:
        """Whether answers to the request are texts; they are neither programs nor tests, and not counted as such."""
        return key in self.asked and bool(self.asked[key].gives)

    @property
    def is_repository(self) -> bool:
        """Whether the run works in a repository: its candidates are patches, its tests are checks."""
        return self.started is not None and self.started.kind == "repository"

    @property
    def isolation(self) -> str:
        """How programs or tests are isolated from this machine, in words, as far as that is recorded."""
        if self.suite is not None:
            return self.suite.isolation
        return "" if self.started is None else self.started.isolation

    def table(self, text: Callable[[str], str]) -> AnyTable:
        """The execution table, rows and columns in the order requested; `text` gives the text of a blob by its name."""
        row, column = (patch_of, check_of) if self.is_repository else (candidate_of, test_of)
        return ExecutionTable[Row, Column](
            {name: row(self.candidates[name], text) for name in sorted(self.candidates, key=self.candidate_number)},
            {name: column(self.tests[name], text) for name in sorted(self.tests, key=self.test_number)},
            {place: cell_of(event, text) for place, event in self.cells.items()},
        )

    def _forget_failures(self) -> None:
        """Withdraw the result, and the samples and executions that failed since the last decision, to be tried again.

        Rankings made since then are withdrawn too if something failed, or if the model or the sandbox stopped working.
        """
        self.result = None
        failed = [event for event in self._undecided if _has_failed(event)]
        results = [event for event in self._undecided if isinstance(event, events.Result)]
        incomplete = failed or any(result.status in STOPPED for result in results)
        ranked = [event for event in self._undecided if incomplete and isinstance(event, events.RankedRound)]
        for event in (*failed, *ranked, *results):
            self.recorded.pop(identity(event), None)
            match event:
                case events.Sampled():
                    del self.samples[event.key][event.index]
                    if not self._gives_text(event.key):
                        self.answers[event.role] -= 1
                        self.failed[event.role] -= 1
                case events.Executed():
                    del self.cells[event.candidate, event.test]
                case events.RankedRound():
                    del self.rankings[event.round]
        self._undecided.clear()


def _has_failed(event: Event) -> bool:
    if isinstance(event, events.Sampled):
        return event.finish == "error"
    return isinstance(event, events.Executed | events.Ran) and event.verdict == Verdict.SANDBOX_ERROR


def candidate_of(event: events.CandidateAdded, text: Callable[[str], str]) -> Candidate:
    """The candidate of the event; `text` gives the text of a blob by its name."""
    origin: CandidateOrigin = "repair" if event.origin == "repair" else "sampled"
    return Candidate(text(event.source), origin, event.parent, event.round)


def test_of(event: events.TestAdded, text: Callable[[str], str]) -> ProgramColumn:
    """The unit test, or the input without a known output, of the event; `text` gives the text of a blob by its name."""
    if event.expected is None:
        return UnlabelledInput(text(event.stdin), event.how)
    return UnitTest(text(event.stdin), text(event.expected), "public" if event.origin == "public" else "generated")


def patch_of(event: events.CandidateAdded, text: Callable[[str], str]) -> Patch:
    """The patch of the event; `text` gives the text of a blob by its name."""
    return Patch(text(event.source), event.origin, event.parent, event.round)


def check_of(event: events.TestAdded, text: Callable[[str], str]) -> Check:
    """The check of the event; `text` gives the text of a blob by its name."""
    origin: CheckOrigin = (
        "existing" if event.origin == "existing" else "user" if event.origin == "user" else "generated"
    )
    return Check(text(event.stdin), origin)


def cell_of(event: events.Executed, text: Callable[[str], str]) -> Cell:
    """The cell of the event; `text` gives the text of a blob by its name."""
    return Cell(
        verdict=Verdict(event.verdict),
        passed=bool(event.passed),
        stdout=text(event.stdout),
        stderr_tail=event.stderr_tail,
        reason=event.reason,
        cpu_s=event.cpu_s,
        peak_memory_kb=event.peak_memory_kb,
    )
