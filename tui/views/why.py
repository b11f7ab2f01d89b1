"""Why a candidate was chosen: sentences, and numbers that add up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.runs.state import RunState
from agent.show.explain import PATCHES, PROGRAMS, explain
from agent.solve.reading import AnyReading, ranked_event
from cure.select.hypotheses import Hypothesis
from cure.table import AnyTable
from tui.views.plain import one_line
from tui.views.suppose import Supposed, Supposition


@dataclass(frozen=True)
class Term:
    """One kind of evidence, weighed for two hypotheses."""

    kind: str
    ours: float
    theirs: float

    @property
    def difference(self) -> float:
        """What the evidence adds to the log-odds."""
        return self.ours - self.theirs


@dataclass(frozen=True, kw_only=True)
class Odds:
    """The hypothesis that the leading candidate is right, against the most probable other one."""

    ours: str
    theirs: str
    probability: float
    other_probability: float
    terms: Sequence[Term]

    @property
    def log_odds(self) -> float:
        """The sum of the differences, which is the logarithm of the quotient of the two probabilities."""
        return sum(term.difference for term in self.terms)


@dataclass(frozen=True, kw_only=True)
class JudgingTest:
    """One test that may be left out."""

    name: str
    counts: bool
    """Whether it is not left out."""
    worth: str
    """The probability that it is right, or why it has none, in words."""
    stimulus: str
    """The input, on one line."""
    expected: str | None
    """The expected output on one line; None where the test says itself whether a candidate passed."""
    changed: bool
    """Whether a person changed or added it."""


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One candidate's place now and in the run."""

    place: int
    name: str
    probability: float
    before: int | None
    """Its place in the run's own ranking."""
    probability_before: float | None


@dataclass(frozen=True, kw_only=True)
class WhyView:
    """The explanation of the leading candidate."""

    leader: str | None = None
    headline: str = "There is no candidate yet."
    sentences: Sequence[str] = ()
    odds: Odds | None = None
    standings: Sequence[Standing] = ()
    tests: Sequence[JudgingTest] = ()
    notes: Sequence[str] = ()
    """What the numbers leave out, in words."""


def why_view(state: RunState, table: AnyTable, supposed: Supposed, supposition: Supposition) -> WhyView:
    """The explanation of the reading of the table under the supposition."""
    reading = supposed.reading
    leader = reading.best
    tests = _tests(table, reading, supposition)
    notes = [
        *(f"{name} has a new input: it counts once programs were executed on it." for name in supposed.unexecuted),
        *(f"{name} is judged by a checker, which has to be run: it does not count." for name in supposed.undecided),
    ]
    if leader is None:
        return WhyView(tests=tests, notes=notes)
    event = ranked_event(0, reading)
    sentences = explain(reading.table, event, reading.answer, PATCHES if state.is_repository else PROGRAMS)
    return WhyView(
        leader=leader,
        headline=_headline(state, reading, changed=supposition != Supposition()),
        sentences=[one_line(sentence) for sentence in sentences if not sentence.startswith("Log-odds")],
        odds=odds_of(reading.probabilities.hypotheses, leader),
        standings=_standings(state, reading),
        tests=tests,
        notes=notes,
    )


def odds_of(hypotheses: Sequence[Hypothesis], leader: str) -> Odds | None:
    """The odds of the hypothesis that the leader is right; None without such a hypothesis, or without another one."""
    ours = next((each for each in hypotheses if leader in each.cluster), None)
    other = next((each for each in hypotheses if leader not in each.cluster), None)
    if ours is None or other is None:
        return None
    kinds = dict.fromkeys([*ours.terms, *other.terms])
    return Odds(
        ours=f"{leader} is right",
        theirs=f"{other.cluster[0]} is right" if other.cluster else "none is right",
        probability=ours.probability,
        other_probability=other.probability,
        terms=[Term(kind, ours.terms.get(kind, 0.0), other.terms.get(kind, 0.0)) for kind in kinds],
    )


def _headline(state: RunState, reading: AnyReading, *, changed: bool) -> str:
    probability = reading.probabilities.of(reading.best) if reading.best else 0.0
    fit = "" if reading.answer else ", but is not fit to hand over"
    now = f"{reading.best} ranks first, right with probability {probability:.2f}{fit}"
    if reading.answer:
        now = f"{reading.answer} is the answer, right with probability {probability:.2f}"
    if not changed:
        return f"{now}."
    chosen = state.result.candidate if state.result else state.ranking.order[0] if state.ranking else None
    if chosen == reading.best:
        return f"Still {now}."
    return f"Now {now}; in the run it was {chosen or 'no candidate'}."


def _standings(state: RunState, reading: AnyReading) -> list[Standing]:
    ranking = state.ranking
    before: Mapping[str, int] = {name: i for i, name in enumerate(ranking.order if ranking else (), start=1)}
    return [
        Standing(
            place=place,
            name=ranked.candidate,
            probability=reading.probabilities.of(ranked.candidate),
            before=before.get(ranked.candidate),
            probability_before=ranking.probability.get(ranked.candidate) if ranking else None,
        )
        for place, ranked in enumerate(reading.ranking.ranked, start=1)
    ]


def _tests(table: AnyTable, reading: AnyReading, supposition: Supposition) -> list[JudgingTest]:
    columns = {**table.tests, **supposition.tests}
    return [
        JudgingTest(
            name=name,
            counts=name not in supposition.without,
            worth=_worth(reading, name, trusted=test.trusted),
            stimulus=one_line(test.stimulus),
            expected=None if test.expected is None else one_line(test.expected),
            changed=name in supposition.tests,
        )
        for name, test in columns.items()
        if test.judges
    ]


def _worth(reading: AnyReading, name: str, *, trusted: bool) -> str:
    if name not in reading.table.tests:
        return "left out"
    if trusted:
        return "trusted"
    if name not in reading.table.independent:
        return "repeats an example"
    return f"right {reading.validity.get(name, 0.0):.2f}"
