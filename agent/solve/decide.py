"""What to do after a round: pure functions from the table and its reading to a decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from agent.solve.settings import SolveSettings
from cure.select import Ranking
from cure.select.confidence import Confidence, validity_if_wrong
from cure.table import AnyTable, clusters
from sandbox.protocol import Verdict

Action = Literal["finish", "repair", "more"]

BELIEVABLE = 0.5
"""A generated test is believed when it is at least as likely right as wrong."""
DOUBTFUL = 0.75
"""Below this a program is worth repairing; above it, more evidence is worth more."""
REPAIR_TARGETS = 2
FAILURES_SHOWN = 2
STALE_ROUNDS = 2


@dataclass(frozen=True)
class Decision:
    action: Action
    why: str
    targets: tuple[str, ...] = ()
    """Candidates to repair, best first, one per behaviour."""


def believed_failures(table: AnyTable, candidate: str, posterior: Confidence) -> list[str]:
    """Names of the tests the candidate fails that are worth repairing towards: trusted first, then the likeliest.

    A generated test counts if the candidate is doubtful and the test would more likely be right than not were it wrong.
    """
    doubtful = posterior.of(candidate) < DOUBTFUL
    validity = validity_if_wrong(table, posterior, candidate)
    failing = [
        name
        for name, test in table.tests.items()
        if table.known(candidate, name)
        and not table.passes(candidate, name)
        and (test.trusted or (doubtful and validity[name] >= BELIEVABLE))
    ]
    return sorted(failing, key=lambda name: (not table.tests[name].trusted, -validity[name]))


def viable(table: AnyTable, candidate: str) -> bool:
    """Whether the candidate may be handed over at all.

    It passes every trusted test; where there is none it must at least have run to its end once, or there is no test.
    """
    trusted = table.names(trusted=True)
    if trusted:
        return all(table.passes(candidate, name) for name in trusted)
    verdicts = [cell.verdict for (name, _), cell in table.cells.items() if name == candidate]
    return not verdicts or Verdict.OK in verdicts


def answer_of(table: AnyTable, ranking: Ranking) -> str | None:
    """The candidate to hand over: the first of the ranking that is viable; None when none is."""
    return next((ranked.candidate for ranked in ranking.ranked if viable(table, ranked.candidate)), None)


def verified(table: AnyTable, candidate: str, posterior: Confidence, confident: float) -> bool:
    """Whether the candidate counts as verified: sure enough, and not by agreement alone: it passes a test."""
    return posterior.of(candidate) >= confident and any(table.passes(candidate, name) for name in table.tests)


def decide(
    table: AnyTable,
    ranking: Ranking,
    posterior: Confidence,
    settings: SolveSettings,
    *,
    rounds_done: int,
    stale: int,
    spent: str,
    gone: str = "",
) -> Decision:
    """What the next round is for, and why, in words for the user."""
    answer = answer_of(table, ranking)
    if answer is not None and verified(table, answer, posterior, settings.confident):
        return Decision("finish", f"{answer} is right with probability {posterior.of(answer):.2f}")
    if spent:
        return Decision("finish", f"the budget is spent: {spent}")
    if gone:
        return Decision("finish", f"the model stopped answering: {gone}")
    if rounds_done >= settings.rounds:
        return Decision("finish", "the rounds are used up")
    best = answer or ranking.best
    if best is None:
        return Decision("more", "no program came out of the answers so far")
    if stale >= STALE_ROUNDS:
        return Decision("finish", f"{stale} rounds in a row brought nothing new")
    if failing := believed_failures(table, best, posterior):
        targets = _repair_targets(table, ranking, posterior)
        return Decision("repair", f"{best} fails {', '.join(failing[:FAILURES_SHOWN])}, worth believing", targets)
    return Decision("more", f"{best} fails no test worth believing, but the evidence is thin")


def _repair_targets(table: AnyTable, ranking: Ranking, posterior: Confidence) -> tuple[str, ...]:
    """The best-ranked candidates that fail a believable test, at most one per behaviour."""
    group_of = {name: i for i, group in enumerate(clusters(table)) for name in group}
    targets: dict[int, str] = {}
    for ranked in ranking.ranked:
        group = group_of[ranked.candidate]
        if group not in targets and believed_failures(table, ranked.candidate, posterior):
            targets[group] = ranked.candidate
        if len(targets) == REPAIR_TARGETS:
            break
    return tuple(targets.values())
