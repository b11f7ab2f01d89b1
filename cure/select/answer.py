"""Which candidate may be handed over, and whether it counts as verified."""

from __future__ import annotations

from cure.select.hypotheses import Confidence
from cure.select.ranking import Ranking
from cure.table import AnyTable
from sandbox import Verdict


def viable(table: AnyTable, candidate: str) -> bool:
    """Whether the candidate may be handed over at all.

    The candidate has to pass every trusted test; without trusted tests, at least one of its executions on a test must
    have ended `ok`, unless it has none.
    """
    trusted = table.names(trusted=True)
    if trusted:
        return all(table.passes(candidate, name) for name in trusted)
    verdicts = [
        cell.verdict for (name, test), cell in table.cells.items() if name == candidate and table.tests[test].judges
    ]
    return not verdicts or Verdict.OK in verdicts


def answer_of(table: AnyTable, ranking: Ranking) -> str | None:
    """The candidate to hand over: the first of the ranking that is viable; None when none is."""
    return next((ranked.candidate for ranked in ranking.ranked if viable(table, ranked.candidate)), None)


def verified(table: AnyTable, candidate: str, probabilities: Confidence, confident: float) -> bool:
    """Whether the candidate is right with at least the probability `confident`, and passes an independent test.

    `ExecutionTable.independent` says which tests are independent. In a repository, such a test has to be one that the
    unchanged code fails: `Confidence.untested`.
    """
    if probabilities.of(candidate) < confident or candidate in probabilities.untested:
        return False
    return any(table.passes(candidate, name) for name in table.independent)
