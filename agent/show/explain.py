"""Sentences that explain the choice of a candidate, made from the table and its last ranking alone."""

from __future__ import annotations

from dataclasses import dataclass

from agent.runs.events import RankedRound
from cure.inputs.generated import GENERATED
from cure.problem import UnlabelledInput
from cure.repair import given_up
from cure.select.validity import BELIEVABLE
from cure.table import AnyTable, clusters, separating

REFUSED_SHOWN = 4
"""Maximum number of repairs not accepted that are named, each with the trusted tests that only its parent passes; the
others are only counted."""


@dataclass(frozen=True, kw_only=True)
class Nouns:
    """Words for candidates and trusted tests in sentences."""

    candidate: str
    candidates: str
    trusted: str
    """Trusted tests, in the plural."""
    one_trusted: str
    does_alike: str
    """What one candidate does that behaves like another."""
    do_alike: str
    all_alike: str
    fails: str
    """What it means to fail a test without a crash."""

    def alike(self, others: int) -> str:
        """What this number of candidates do that behave like another one."""
        return self.does_alike if others == 1 else self.do_alike


PROGRAMS = Nouns(
    candidate="program",
    candidates="programs",
    trusted="public examples",
    one_trusted="a public example",
    does_alike="gives the same output on every input",
    do_alike="give the same output on every input",
    all_alike="All programs behave alike on every input.",
    fails="wrong output",
)
PATCHES = Nouns(
    candidate="patch",
    candidates="patches",
    trusted="files of existing tests",
    one_trusted="an existing test",
    does_alike="does the same in every test",
    do_alike="do the same in every test",
    all_alike="All patches behave alike in every test.",
    fails="failed",
)


def explain(table: AnyTable, ranking: RankedRound | None, chosen: str | None, nouns: Nouns = PROGRAMS) -> list[str]:
    """Sentences on the choice, most important first; `ranking` is the table's last ranking, None if there is none."""
    if not table.candidates:
        return [f"There is no {nouns.candidate}: no answer held one."]
    if ranking is None or not ranking.ranking:
        return [f"No {nouns.candidate} was ranked before the run ended."]
    if chosen is None:
        best = ranking.order[0]
        return [f"No {nouns.candidate} is fit to hand over; the nearest, {best}, {_passes(table, best, nouns)}."]
    return [
        f"{chosen} {_passes(table, chosen, nouns)}.",
        *_against_runner_up(table, ranking, chosen, nouns),
        *_cluster_line(table, chosen, nouns),
        *_tests_line(table, ranking, chosen),
        *_repairs_line(table),
        *_repeats_line(table),
        *_inputs_line(table),
        *_odds_line(ranking, chosen),
    ]


def _passes(table: AnyTable, name: str, nouns: Nouns) -> str:
    parts = []
    for trusted, what in ((True, nouns.trusted), (False, "generated tests")):
        tests = table.names(trusted=trusted)
        if tests:
            parts.append(f"{sum(table.passes(name, test) for test in tests)} of {len(tests)} {what}")
    return "passes " + " and ".join(parts) if parts else "was run on no test"


def _against_runner_up(table: AnyTable, ranking: RankedRound, chosen: str, nouns: Nouns) -> list[str]:
    """Sentences that set the chosen candidate against others.

    These are the candidates ranked above it, none of which may be handed over, and the first below it that behaves
    differently, with which it is compared by the first score in which they differ.
    """
    group_of = {name: i for i, group in enumerate(clusters(table)) for name in group}
    if len(set(group_of.values())) == 1:
        return [nouns.all_alike] if len(ranking.order) > 1 else []
    place = ranking.order.index(chosen)
    lines = []
    if place:
        above = f"{ranking.order[0]} is" if place == 1 else f"{place} candidates are"
        fails = f"fails {nouns.one_trusted}" if table.names(trusted=True) else "never ran to its end"
        lines.append(f"{above} ranked above it, but {fails if place == 1 else f'each {fails}'}.")
    rival = next((name for name in ranking.order[place:] if group_of[name] != group_of[chosen]), None)
    if rival is None:
        return lines
    scores = dict(ranking.ranking)
    pairs = zip(ranking.score_names, scores[chosen], scores[rival], strict=True)
    for name, ours, theirs in pairs:
        if ours != theirs:
            beaten = f"It beats {rival}, the best that behaves differently, on {name}"
            return [*lines, f"{beaten}: {_number(ours)} against {_number(theirs)}."]
    return [*lines, f"It ties with {rival} and was requested earlier."]


def _number(score: float) -> str:
    return f"{score:.0f}" if score.is_integer() else f"{score:.3g}"


def _cluster_line(table: AnyTable, chosen: str, nouns: Nouns) -> list[str]:
    group = next(group for group in clusters(table) if chosen in group)
    others = len(group) - 1
    if others == 0:
        return [f"No other {nouns.candidate} behaves like it."]
    if others == len(table.candidates) - 1:
        return []
    return [f"{others} of the {len(table.candidates) - 1} other {nouns.candidates} {nouns.alike(others)}."]


def _tests_line(table: AnyTable, ranking: RankedRound, chosen: str) -> list[str]:
    failed = [name for name in table.names(trusted=False) if not table.passes(chosen, name)]
    believed = [name for name in failed if ranking.validity.get(name, 0.0) >= BELIEVABLE]
    if not failed:
        return []
    if not believed:
        return [f"The generated tests it fails ({', '.join(failed)}) are more likely wrong than right."]
    first, *others = (f"{ranking.validity[name]:.2f}" for name in believed)
    said = zip(believed, [f"right with probability {first}", *others], strict=True)
    return [f"It fails {', '.join(f'{name} ({probability})' for name, probability in said)}."]


def _repairs_line(table: AnyTable) -> list[str]:
    """A sentence with the repairs that are not accepted, each with the trusted tests that only its parent passes."""
    refused = {name: lost for name in table.candidates if (lost := given_up(table, name))}
    if not refused:
        return []
    repairs = sum(row.parent is not None for row in table.candidates.values())
    shown = [
        f"{name} fails {', '.join(lost)}, which its parent passes"
        for name, lost in list(refused.items())[:REFUSED_SHOWN]
    ]
    more = [f"{len(refused) - REFUSED_SHOWN} more"] if len(refused) > REFUSED_SHOWN else []
    return [f"Repairs not accepted, {len(refused)} of {repairs}: {'; '.join(shown + more)}."]


def _repeats_line(table: AnyTable) -> list[str]:
    judging = sum(test.judges for test in table.tests.values())
    repeated, new = judging - len(table.independent), len(table.names(trusted=False))
    if not repeated:
        return []
    verb = "repeats" if repeated == 1 else "repeat"
    counts = f"{repeated + new} generated tests, {new} new"
    return [f"{counts}: {repeated} {verb} the input of a public example, which is no evidence."]


def _inputs_line(table: AnyTable) -> list[str]:
    made, malformed = sum(not test.judges for test in table.tests.values()), len(table.malformed)
    if not made:
        return []
    lost = f"; malformed, since no program runs to its end on them: {malformed}" if malformed else ""
    by_model = sum(isinstance(test, UnlabelledInput) and test.how == GENERATED for test in table.tests.values())
    generated = f"; made by a generator of the coder: {by_model}" if by_model else ""
    counts = f"New inputs made without a model: {made - by_model}{generated}"
    return [f"{counts}; telling programs apart: {len(separating(table))}{lost}."]


def _odds_line(ranking: RankedRound, chosen: str) -> list[str]:
    """A sentence with log-odds, term by term, in natural logarithms: the most probable hypothesis under which the
    chosen candidate is right, against the most probable other hypothesis."""
    ours = next((h for h in ranking.hypotheses if chosen in h["cluster"]), None)
    other = next((h for h in ranking.hypotheses if chosen not in h["cluster"]), None)
    if ours is None or other is None:
        return []
    rival = f"{other['cluster'][0]} is right" if other["cluster"] else "none is right"
    names = dict.fromkeys([*ours["terms"], *other["terms"]])
    differences = {name: ours["terms"].get(name, 0.0) - other["terms"].get(name, 0.0) for name in names}
    terms = ", ".join(f"{name} {value:+.1f}" for name, value in differences.items() if abs(value) >= 0.05)
    return [f'Log-odds against "{rival}" ({other["probability"]:.2f}): {terms or "0"}.']
