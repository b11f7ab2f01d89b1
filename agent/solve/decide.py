"""What to do after a round: pure functions from the table and its reading to a decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from agent.solve.settings import SolveSettings
from cure.confidence import Confidence
from cure.select import Ranking
from cure.table import ExecutionTable, clusters
from sandbox.protocol import Verdict

Action = Literal["finish", "repair", "more"]

BELIEVABLE = 0.5
"""A generated test is worth repairing towards when it is more likely right than wrong."""
REPAIR_TARGETS = 2
FAILURES_SHOWN = 2
STALE_ROUNDS = 2


@dataclass(frozen=True)
class Decision:
    action: Action
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to repair, best first, one per behaviour."""


def believed_failures(table: ExecutionTable, candidate: str, validity: Mapping[str, float]) -> list[str]:
    """Names of the tests the candidate fails that are worth believing: trusted ones first, then the likeliest."""
    failing = [
        name
        for name, test in table.tests.items()
        if table.known(candidate, name)
        and not table.passes(candidate, name)
        and (test.trusted or validity[name] >= BELIEVABLE)
    ]
    return sorted(failing, key=lambda name: (not table.tests[name].trusted, -validity[name]))


def viable(table: ExecutionTable, candidate: str) -> bool:
    """Whether the candidate may be handed over at all.

    It passes every trusted test; where there is none it must at least have run to its end once, or there is no test.
    """
    trusted = table.names(trusted=True)
    if trusted:
        return all(table.passes(candidate, name) for name in trusted)
    verdicts = [cell.verdict for (name, _), cell in table.cells.items() if name == candidate]
    return not verdicts or Verdict.OK in verdicts


def decide(
    table: ExecutionTable,
    ranking: Ranking,
    posterior: Confidence,
    validity: Mapping[str, float],
    settings: SolveSettings,
    *,
    rounds_done: int,
    stale: int,
    spent: str,
) -> Decision:
    """What the next round is for, and why, in words for the user."""
    best = ranking.best
    if best is not None and viable(table, best) and posterior.of(best) >= settings.confident:
        return Decision("finish", f"{best} is right with probability {posterior.of(best):.2f}")
    if spent:
        return Decision("finish", f"the budget is spent: {spent}")
    if rounds_done >= settings.rounds:
        return Decision("finish", f"all {settings.rounds} rounds are used up")
    if best is None:
        return Decision("more", "no program came out of the answers so far")
    if stale >= STALE_ROUNDS:
        return Decision("finish", f"{stale} rounds in a row brought no new behaviour")
    if failing := believed_failures(table, best, validity):
        targets = _repair_targets(table, ranking, validity)
        return Decision("repair", f"{targets[0]} fails {', '.join(failing[:FAILURES_SHOWN])}, worth believing", targets)
    return Decision("more", f"{best} fails no test worth believing, but the evidence is thin")


def _repair_targets(table: ExecutionTable, ranking: Ranking, validity: Mapping[str, float]) -> tuple[str, ...]:
    """The best-ranked candidates that fail a believable test, at most one per behaviour."""
    group_of = {name: i for i, group in enumerate(clusters(table)) for name in group}
    targets: dict[int, str] = {}
    for ranked in ranking.ranked:
        if believed_failures(table, ranked.candidate, validity):
            targets.setdefault(group_of[ranked.candidate], ranked.candidate)
    return tuple(targets.values())[:REPAIR_TARGETS]
