"""Why this candidate: sentences made from the numbers that decided, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.runs.state import RunState
from cure.select.validity import BELIEVABLE
from cure.table import AnyTable, clusters


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Input of an explanation: the table, and the numbers of its last ranking."""

    table: AnyTable
    order: Sequence[str]
    score_names: Sequence[str]
    scores: Mapping[str, Sequence[float]]
    probability: Mapping[str, float]
    unsolved: float
    validity: Mapping[str, float]
    hypotheses: Sequence[tuple[Sequence[str], float, Mapping[str, float]]]
    """Candidates held right, probability, log-likelihood terms; most probable first."""


def evidence_of(state: RunState, table: AnyTable) -> Evidence | None:
    """The evidence of a run, live or recorded, with its table; None before the first ranking."""
    ranking = state.ranking
    if ranking is None:
        return None
    return Evidence(
        table=table,
        order=[name for name, _ in ranking.ranking],
        score_names=ranking.score_names,
        scores=dict(ranking.ranking),
        probability=ranking.probability,
        unsolved=ranking.unsolved,
        validity=ranking.validity,
        hypotheses=[(h["cluster"], h["probability"], h["terms"]) for h in ranking.hypotheses],
    )


def explain(evidence: Evidence, chosen: str | None) -> list[str]:
    """Sentences on the choice, most important first."""
    table = evidence.table
    if not table.candidates:
        return ["The model wrote no program that could be run."]
    if not evidence.order:
        return ["No program was ranked before the run ended."]
    if chosen is None:
        best = evidence.order[0]
        return [f"No program is fit to hand over; the nearest, {best}, {_passes(table, best)}."]
    lines = [f"{chosen} {_passes(table, chosen)}."]
    lines += _against_runner_up(evidence, chosen)
    lines += _cluster_line(table, chosen)
    lines += _tests_line(evidence, chosen)
    lines += _odds_line(evidence, chosen)
    return lines


def _passes(table: AnyTable, name: str) -> str:
    parts = []
    for trusted, what in ((True, "public examples"), (False, "generated tests")):
        tests = table.names(trusted=trusted)
        if tests:
            parts.append(f"{sum(table.passes(name, test) for test in tests)} of {len(tests)} {what}")
    return "passes " + " and ".join(parts) if parts else "met no test"


def _against_runner_up(evidence: Evidence, chosen: str) -> list[str]:
    """The first score in which the chosen candidate beats the best one that behaves differently."""
    group_of = {name: i for i, group in enumerate(clusters(evidence.table)) for name in group}
    rivals = [name for name in evidence.order if group_of[name] != group_of[chosen]]
    if not rivals:
        return ["All programs behave alike on every input."] if len(evidence.order) > 1 else []
    rival = rivals[0]
    pairs = zip(evidence.score_names, evidence.scores[chosen], evidence.scores[rival], strict=True)
    for name, ours, theirs in pairs:
        if ours != theirs:
            return [f"It beats {rival}, the best that behaves differently, on {name}: {ours:g} against {theirs:.3g}."]
    return [f"It ties with {rival} and came first."]


def _cluster_line(table: AnyTable, chosen: str) -> list[str]:
    group = next(group for group in clusters(table) if chosen in group)
    others = len(group) - 1
    if others == 0:
        return ["No other program behaves like it."]
    if others == len(table.candidates) - 1:
        return []
    return [f"{others} of the {len(table.candidates) - 1} other programs give the same output on every input."]


def _tests_line(evidence: Evidence, chosen: str) -> list[str]:
    table = evidence.table
    failed = [name for name in table.names(trusted=False) if not table.passes(chosen, name)]
    believed = [name for name in failed if evidence.validity.get(name, 0.0) >= BELIEVABLE]
    if not failed:
        return []
    if not believed:
        return [f"The generated tests it fails ({', '.join(failed)}) are more likely wrong than right."]
    return [f"It fails {', '.join(believed)}, which may well be right."]


def _odds_line(evidence: Evidence, chosen: str) -> list[str]:
    """The terms that separate the chosen hypothesis from the strongest other one, in powers of e."""
    ours = next((h for h in evidence.hypotheses if chosen in h[0]), None)
    other = next((h for h in evidence.hypotheses if chosen not in h[0]), None)
    if ours is None or other is None:
        return []
    rival = "none is right" if not other[0] else f"{other[0][0]} is right"
    names = dict.fromkeys([*ours[2], *other[2]])
    differences = {name: ours[2].get(name, 0.0) - other[2].get(name, 0.0) for name in names}
    terms = ", ".join(f"{name} {value:+.1f}" for name, value in differences.items() if abs(value) >= 0.05)
    return [f'Log-odds against "{rival}" ({other[1]:.2f}): {terms or "0"}.']
