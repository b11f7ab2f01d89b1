"""The default strategy: repair programs that fail trusted or probably right tests; if none does, sample more."""

from __future__ import annotations

from collections.abc import Sequence

from agent.solve.moves import Move
from agent.solve.moves.finish import Finish
from agent.solve.moves.repair import Repair
from agent.solve.moves.sample import Sample
from agent.solve.reading import AnyReading, stale_rounds
from agent.solve.repairs import (
    FAILURES_SHOWN,
    REPAIR_TARGETS,
    credible_failures,
    failures_to_show,
    repair_targets,
    repaired_in_vain,
    why_not,
)
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from cure.select.validity import believed_failures
from cure.table import clusters

STALE_ROUNDS = 2
"""Number of rounds in a row without progress that end a run."""


def repair_first(readings: Sequence[AnyReading], settings: SolveSettings, left: Left) -> Move:
    """Finish if the answer is verified, the budget or the rounds are used up, or STALE_ROUNDS rounds in a row brought
    no progress; else repair, or sample more.
    """
    if not readings:
        return Sample()
    reading = readings[-1]
    if reading.is_verified(settings.confident):
        return Finish(f"{reading.answer} is right with probability {reading.confidence:.2f}")
    if left.end_reason:
        return Finish(left.end_reason)
    best = reading.best
    if best is None:
        return Sample(f"no {settings.nouns[0]} came out of the answers so far")
    if (stale := stale_rounds(readings)) >= STALE_ROUNDS:
        return Finish(f"{stale} rounds in a row brought nothing new")
    if settings.repair_rules == 1:
        if failing := believed_failures(reading.table, best, reading.probabilities):
            return Repair(_fails(best, failing), _targets(reading))
        return Sample(_thin(best))
    if settings.repair_rules >= 3 and (vain := repaired_in_vain(readings)):
        return Sample(f"no repair of {' or '.join(vain)} passes more trusted tests than before")
    return _repair_or_sample(readings, best)


def _repair_or_sample(readings: Sequence[AnyReading], best: str) -> Move:
    """Repair while the best candidate fails a test that is worth believing and something may be repaired; the reason
    says why the best candidate is not repaired itself.
    """
    failing = credible_failures(readings[-1], best)
    if not failing:
        return Sample(_thin(best))
    targets, against = repair_targets(readings), why_not(readings, best)
    if not targets:
        return Sample(f"{_fails(best, failing)}, but is not repaired: {against}")
    shown = failures_to_show(readings, targets)
    if best in targets:
        return Repair(_fails(best, shown[best]), targets)
    not_repaired = f"; {best} is not repaired: {against}" if against else ""
    return Repair(_fails(targets[0], shown[targets[0]]) + not_repaired, targets)


def _fails(candidate: str, failing: Sequence[str]) -> str:
    return f"{candidate} fails {', '.join(failing[:FAILURES_SHOWN])}, worth believing"


def _thin(best: str) -> str:
    return f"{best} fails no test worth believing, but too little shows that it is right"


def _targets(reading: AnyReading) -> tuple[str, ...]:
    """The best-ranked candidates that fail a trusted or probably right test, at most one from each cluster."""
    table = reading.table
    group_of = {name: i for i, group in enumerate(clusters(table)) for name in group}
    targets: dict[int, str] = {}
    for ranked in reading.ranking.ranked:
        group = group_of[ranked.candidate]
        if group not in targets and believed_failures(table, ranked.candidate, reading.probabilities):
            targets[group] = ranked.candidate
        if len(targets) == REPAIR_TARGETS:
            break
    return tuple(targets.values())
