"""Reading of an execution table at the end of a round: ranking, confidence, answer; computed from the table alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from agent.runs.events import RankedRound
from cure.select import Confidence, ConfidenceRule, Ranking, Selector, confidence, validity_of_tests
from cure.select.answer import answer_of, verified
from cure.table import Column, ExecutionTable, Row, behaviour

RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)
ColumnT_co = TypeVar("ColumnT_co", bound=Column, covariant=True)

MIN_CONFIDENCE_GAIN = 0.01
"""A round without a new behaviour counts as progress only if the answer's probability rises by more than this."""

HYPOTHESES_RECORDED = 3


@dataclass(frozen=True, kw_only=True)
class Reading(Generic[RowT_co, ColumnT_co]):
    """The table after a round, the ranking of its candidates, and the probability that each is right."""

    table: ExecutionTable[RowT_co, ColumnT_co]
    ranking: Ranking
    probabilities: Confidence
    validity: Mapping[str, float]
    """Per test, the probability in 0..1 that its expected output is right."""
    answer: str | None
    """The candidate to hand over; None when none is viable."""
    repaired: tuple[str, ...] = ()
    """Candidates for which the round asked for repairs, best first."""
    move: str = ""
    """Name of the move that led to this table; empty for a table that no move of a run made."""

    @property
    def best(self) -> str | None:
        """The answer, else the first of the ranking; None when there is no candidate."""
        return self.answer or self.ranking.best

    @property
    def confidence(self) -> float:
        """Probability in 0..1 that the answer is right; 0 without one."""
        return 0.0 if self.answer is None else self.probabilities.of(self.answer)

    def is_verified(self, confident: float) -> bool:
        """Whether an answer exists, passes an independent test, and is right with at least probability `confident`."""
        return self.answer is not None and verified(self.table, self.answer, self.probabilities, confident)


AnyReading = Reading[Row, Column]
"""A reading of a table with any kind of candidates and tests, which strategies take."""


def read(
    table: ExecutionTable[RowT_co, ColumnT_co], select: Selector, rule: ConfidenceRule = confidence
) -> Reading[RowT_co, ColumnT_co]:
    """The reading of a table; `select` ranks its candidates, `rule` says how probably each is right."""
    ranking, probabilities = select(table), rule(table)
    return Reading(
        table=table,
        ranking=ranking,
        probabilities=probabilities,
        validity=validity_of_tests(table, probabilities),
        answer=answer_of(table, ranking),
    )


def stale_rounds(readings: Sequence[AnyReading]) -> int:
    """Number of rounds since the last progress; rounds that added inputs without a known output do not count."""
    stale = 0
    for before, now in zip(reversed(readings[:-1]), reversed(readings), strict=False):
        if _is_progress(before, now):
            break
        stale += not explored(before, now)
    return stale


def explored(before: AnyReading, now: AnyReading) -> bool:
    """Whether the round between the two readings added inputs without a known output."""
    return any(not test.judges for name, test in now.table.tests.items() if name not in before.table.tests)


def _is_progress(before: AnyReading, now: AnyReading) -> bool:
    """Whether a round showed a behaviour that no earlier candidate has, or raised the answer's probability by more than
    MIN_CONFIDENCE_GAIN.
    """
    known = {behaviour(now.table, name) for name in before.table.candidates}
    if any(behaviour(now.table, name) not in known for name in now.table.candidates):
        return True
    return now.confidence > before.confidence + MIN_CONFIDENCE_GAIN


def ranked_event(round_: int, reading: AnyReading) -> RankedRound:
    """The event that records a reading, with the most probable hypotheses and those that include the answer."""
    ranked = reading.ranking.ranked
    hypotheses = reading.probabilities.hypotheses
    kept = [each for i, each in enumerate(hypotheses) if i < HYPOTHESES_RECORDED or reading.answer in each.cluster]
    return RankedRound(
        round=round_,
        selector=reading.ranking.selector,
        score_names=list(reading.ranking.score_names),
        ranking=[(each.candidate, list(each.score)) for each in ranked],
        probability={each.candidate: reading.probabilities.of(each.candidate) for each in ranked},
        unsolved=reading.probabilities.unsolved,
        validity=dict(reading.validity),
        hypotheses=[{"cluster": list(h.cluster), "probability": h.probability, "terms": dict(h.terms)} for h in kept],
    )
