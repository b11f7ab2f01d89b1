"""Reading of an execution table at the end of a round: ranking, confidence, answer; computed from the table alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.runs.events import RankedRound
from cure.select import Confidence, Ranking, Selector, confidence, validity_of_tests
from cure.select.answer import answer_of, verified
from cure.table import ProgramTable, behaviour

MIN_CONFIDENCE_GAIN = 0.01
"""A round that makes the answer surer by no more than this brought nothing new."""

HYPOTHESES_RECORDED = 3


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The table after a round, the order of its candidates, and how sure it is."""

    table: ProgramTable
    ranking: Ranking
    posterior: Confidence
    validity: Mapping[str, float]
    """Per test, the probability in 0..1 that its expected output is right."""
    answer: str | None
    """The candidate to hand over; None when none is viable."""

    @property
    def best(self) -> str | None:
        """The answer, else the first of the ranking; None when there is no candidate."""
        return self.answer or self.ranking.best

    @property
    def confidence(self) -> float:
        """Probability in 0..1 that the answer is right; 0 without one."""
        return 0.0 if self.answer is None else self.posterior.of(self.answer)

    def is_verified(self, confident: float) -> bool:
        """Whether there is an answer, right with at least this probability, that passes a test."""
        return self.answer is not None and verified(self.table, self.answer, self.posterior, confident)


def read(table: ProgramTable, select: Selector) -> Reading:
    """The reading of a table by a selector."""
    ranking, posterior = select(table), confidence(table)
    return Reading(
        table=table,
        ranking=ranking,
        posterior=posterior,
        validity=validity_of_tests(table, posterior),
        answer=answer_of(table, ranking),
    )


def stale_rounds(readings: Sequence[Reading]) -> int:
    """How many of the last rounds, in a row, brought nothing new."""
    stale = 0
    for before, now in zip(reversed(readings[:-1]), reversed(readings), strict=False):
        if _brought_news(before, now):
            break
        stale += 1
    return stale


def _brought_news(before: Reading, now: Reading) -> bool:
    """Whether a round showed a behaviour that no earlier candidate has, or made the answer surer."""
    known = {behaviour(now.table, name) for name in before.table.candidates}
    if any(behaviour(now.table, name) not in known for name in now.table.candidates):
        return True
    return now.confidence > before.confidence + MIN_CONFIDENCE_GAIN


def ranked_event(round_: int, reading: Reading) -> RankedRound:
    """The reading of a round as it is recorded: of the hypotheses, the most probable and the answer's."""
    ranked = reading.ranking.ranked
    hypotheses = reading.posterior.hypotheses
    kept = [each for i, each in enumerate(hypotheses) if i < HYPOTHESES_RECORDED or reading.answer in each.cluster]
    return RankedRound(
        round=round_,
        selector=reading.ranking.selector,
        score_names=list(reading.ranking.score_names),
        ranking=[(each.candidate, list(each.score)) for each in ranked],
        probability={each.candidate: reading.posterior.of(each.candidate) for each in ranked},
        unsolved=reading.posterior.unsolved,
        validity=dict(reading.validity),
        hypotheses=[{"cluster": list(h.cluster), "probability": h.probability, "terms": dict(h.terms)} for h in kept],
    )
