"""Context of a solve: task, models, settings and the growing table, shared by all steps."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Generic

from agent.runs.events import CandidateAdded, Executed, TestAdded
from agent.runs.recorder import Recorder
from agent.runs.state import cell_of
from agent.solve.reading import AnyReading
from agent.solve.settings import SolveSettings
from agent.solve.spending import Clock, Left, Spent, dollars
from agent.solve.task import ColumnT, RowT, Task
from cure.price import Price, parse_price
from cure.select import CONFIDENCES, ConfidenceRule, Selector
from cure.table import Cell, ExecutionTable, GrowingTable
from engines import Engine
from sandbox import SandboxError, Verdict

if TYPE_CHECKING:
    from agent.solve.strategies import Strategy

GRACE_S = 2.0
"""Seconds for executions after sampling has used up the budget's time: samples that are not executed are worthless."""


def _unchanged(table: ExecutionTable[RowT, ColumnT]) -> ExecutionTable[RowT, ColumnT]:
    return table


async def _nothing(_: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], Cell]:
    return {}


@dataclass(frozen=True, kw_only=True)
class Solving(Generic[RowT, ColumnT]):
    """Context of one solve. Frozen; the recorder's state and the growing table change."""

    task: Task[RowT, ColumnT]
    settings: SolveSettings
    engines: Mapping[str, Engine]
    """Engines by role, `coder` and `tester`; empty in a replay, where no model is asked."""
    select: Selector
    strategy: Strategy
    growing: GrowingTable[RowT, ColumnT]
    recorder: Recorder
    clock: Clock
    sandbox_works: Callable[[], Awaitable[bool]]
    """Whether the sandbox runs a program that does nothing."""
    judged: Callable[[ExecutionTable[RowT, ColumnT]], ExecutionTable[RowT, ColumnT]] = _unchanged
    """The part of the table by which candidates are judged, which is the table of the readings."""
    confidence_rule: ConfidenceRule | None = None
    """The rule by which readings state how probably each candidate is right; None for that of the settings."""
    execute: Callable[[Sequence[tuple[str, str]]], Awaitable[Mapping[tuple[str, str], Cell]]] = _nothing
    """Runs programs that are no candidates, given as pairs of program and input, and returns their cells, without those
    that the sandbox failed to fill; `agent.solve.helpers` records them."""

    @property
    def spent(self) -> Spent:
        """What the run has used so far."""
        state = self.recorder.state
        return Spent(tokens=state.tokens, seconds=self.clock.seconds, dollars=dollars(state, self.settings.prices))

    @property
    def confidence(self) -> ConfidenceRule:
        """The rule by which readings state how probably each candidate is right."""
        return self.confidence_rule or CONFIDENCES[self.settings.confidence]

    def exhausted(self) -> str:
        """The exhausted part of the budget, in words; empty while there is something left."""
        return self.settings.budget.exhausted(self.spent)

    def affords(self, cost: Spent) -> bool:
        """Whether the tokens and dollars that are left suffice for a further cost."""
        return self.settings.budget.affords(self.spent, cost)

    def price(self, role: str) -> Price | None:
        """The price of the role's model; None where it is not known."""
        text = self.settings.prices[role]
        return None if text is None else parse_price(text)

    def seconds_left(self) -> float | None:
        """Seconds until the budget's end; None without a limit."""
        return self.settings.budget.seconds_left(self.clock.seconds)

    def left(self, readings: Sequence[AnyReading]) -> Left:
        """Rounds left and budget used after the rounds whose tables were read (`readings`).

        The budget used is the one recorded with the decision of the last round; the current one where none is recorded.
        """
        done = len(readings)
        rounds = self.settings.rounds
        if not done:
            return Left(rounds=rounds, rounds_without_samples=rounds)
        state = self.recorder.state
        decided = self.recorder.known.decisions.get(done) or state.decisions.get(done)
        spent = self.spent
        if decided:
            spent = Spent(tokens=decided.tokens, seconds=decided.seconds, dollars=decided.dollars)
        samples = [asked for asked in state.asked.values() if not asked.gives]
        asking = {asked.round for asked in samples if not asked.start}
        draws = {asked.round for asked in samples} - asking
        return Left(
            rounds=rounds - len(asking),
            rounds_without_samples=rounds - (done - len(asking) - len(draws)),
            tokens=spent.tokens,
            seconds=spent.seconds,
            dollars=spent.dollars,
            exhausted=self.settings.budget.exhausted(spent),
            programs=self._drawn("coder"),
            tests=self._drawn("tester"),
            draws=frozenset(draws),
        )

    def texts(self, key: str) -> list[str]:
        """The answers to a request for texts, in the order of their numbers; failed ones are left out."""
        found = self.recorder.state.samples.get(key, {})
        return [self.recorder.text(found[index].text) for index in sorted(found) if found[index].finish != "error"]

    def _drawn(self, role: str) -> int:
        """Number of samples of the role's first prompt that were requested."""
        key = f"{role}/1"
        asked = self.recorder.state.asked.values()
        return sum(each.n for each in asked if each.key == key or each.key.startswith(f"{key}."))

    def is_recorded(self, round_: int) -> bool:
        """Whether the whole round is recorded: no model is asked in it again, and nothing is run unless a replay has a
        sandbox of its own.
        """
        return round_ in self.recorder.known.rankings

    def add_candidate(self, name: str, candidate: RowT, key: str, index: int) -> None:
        """Add a row; recorded cells are restored (except in a replay with a sandbox), the others start to run."""
        recorder = self.recorder
        recorder.emit(
            CandidateAdded(
                name=name,
                source=recorder.blob(candidate.text),
                origin=candidate.origin,
                parent=candidate.parent,
                round=candidate.round,
                key=key,
                index=index,
            )
        )
        for test in recorder.state.tests:
            self._restore(name, test)
        self.growing.add_candidate(name, candidate)

    def add_test(self, name: str, test: ColumnT, key: str = "", index: int = 0, how: str = "") -> None:
        """Add a column; its cells are restored or run as in `add_candidate`. `how` says how an input was made."""
        recorder = self.recorder
        recorder.emit(
            TestAdded(
                name=name,
                stdin=recorder.blob(test.stimulus),
                expected=recorder.blob(test.expected or "") if test.judges else None,
                origin=test.origin,
                key=key,
                index=index,
                how=how,
            )
        )
        for candidate in recorder.state.candidates:
            self._restore(candidate, name)
        self.growing.add_test(name, test)

    def _restore(self, candidate: str, test: str) -> None:
        known = self.recorder.known.cells.get((candidate, test))
        if known is not None and self.recorder.takes_executions:
            cell = cell_of(known, self.recorder.text)
            self.growing.restore(candidate, test, cell)
            record_cell(self.recorder, candidate, test, cell)

    async def settle(self, round_: int) -> ExecutionTable[RowT, ColumnT]:
        """The table once the executions of the round have ended or their time is up, in the order of the requests.

        Raises SandboxError when the sandbox failed on every execution.
        """
        if self.is_recorded(round_) and self.recorder.takes_executions:
            await self.growing.cancel()
            return self.table()
        left = self.seconds_left()
        try:
            async with asyncio.timeout(None if left is None else max(left, GRACE_S)) as deadline:
                await self.growing.settle()
        except TimeoutError:
            if not deadline.expired():
                raise
            await self.growing.cancel()
        table = self.table()
        cells = table.cells.values()
        if cells and all(cell.verdict is Verdict.SANDBOX_ERROR for cell in cells):
            raise SandboxError(f"the sandbox failed on all {len(cells)} executions: {next(iter(cells)).reason}")
        return table

    def table(self) -> ExecutionTable[RowT, ColumnT]:
        """The table with the cells known so far, in the order of the requests."""
        table, state = self.growing.snapshot(), self.recorder.state
        return replace(
            table,
            candidates={name: table.candidates[name] for name in sorted(table.candidates, key=state.candidate_number)},
            tests={name: table.tests[name] for name in sorted(table.tests, key=state.test_number)},
        )


AnySolving = Solving[Any, Any]


def record_cell(recorder: Recorder, candidate: str, test: str, cell: Cell) -> None:
    """Record one filled cell of the table."""
    judges = recorder.state.tests[test].expected is not None
    recorded = {
        "verdict": str(cell.verdict),
        "passed": cell.passed if judges else None,
        "stdout": recorder.blob(cell.stdout),
    }
    recorder.emit(Executed(candidate=candidate, test=test, **asdict(cell) | recorded))
