"""The execution table as rows, columns and marks, for the screen in the middle of a run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from agent.repository.judged import judged, undecided, vacuous
from agent.repository.patches import BASE
from agent.runs.state import RunState
from agent.show.grid import UNICODE, Glyphs, letters_of
from cure.table import AnyTable, clusters, separating
from sandbox import Verdict

Kind = Literal["passed", "wrong", "failed", "unknown", "printed"]
Order = Literal["ranking", "requested"]


@dataclass(frozen=True)
class CellMark:
    """What one cell shows."""

    glyph: str
    """One character; the shapes differ by kind."""
    kind: Kind
    """Passed; wrong output; failed by its verdict; `unknown` where the execution says nothing; printed on an input."""


@dataclass(frozen=True, kw_only=True)
class RowView:
    """One candidate."""

    name: str
    depth: int
    """0 for a candidate that repairs none; else one more than the depth of its parent."""
    parent: str | None
    behaviour: int | None
    """Number of its behaviour, equal for candidates that behave alike; None for the unchanged code of a repository."""
    probability: float | None
    """Probability in 0..1 that it is right; None before the first ranking."""
    place: int | None
    """Place in the ranking, from 1."""
    chosen: bool
    origin: str
    """Where it comes from, in words."""


@dataclass(frozen=True, kw_only=True)
class ColumnView:
    """One test, or one input without a known output."""

    name: str
    group: str
    """Heading of the columns that it is shown with."""
    probability: float | None
    """Probability in 0..1 that the test is right; None where nothing says so."""
    judges: bool


@dataclass(frozen=True, kw_only=True)
class TableView:
    """The table as it is shown."""

    rows: Sequence[RowView] = ()
    columns: Sequence[ColumnView] = ()
    marks: Mapping[tuple[str, str], CellMark] = field(default_factory=dict)
    """By candidate and test; a cell without a mark was not executed yet."""
    executed: int = 0
    """Number of executions so far."""

    @property
    def places(self) -> int:
        """Number of places for executions."""
        return len(self.rows) * len(self.columns)


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What is computed from a whole table, which takes longer than marks: behaviours, groups of columns, letters."""

    groups: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """Names of columns by heading; groups without columns are left out."""
    behaviour: Mapping[str, int] = field(default_factory=dict)
    """Number of the behaviour of each candidate."""
    letters: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """By candidate and input without a known output: equal letters are equal outputs."""


def findings(state: RunState, table: AnyTable) -> Findings:
    """The findings about the table of the state."""
    by = judged(table) if state.is_repository else table
    behaviour = {name: number for number, group in enumerate(clusters(by)) for name in group}
    inputs = separating(by)
    letters = {(candidate, name): letter for name in inputs for candidate, letter in letters_of(by, name).items()}
    return Findings(groups=_groups(state, table, by, inputs), behaviour=behaviour, letters=letters)


def _groups(state: RunState, table: AnyTable, by: AnyTable, inputs: Sequence[str]) -> dict[str, Sequence[str]]:
    independent = set(by.independent)
    groups = {
        "existing tests" if state.is_repository else "examples": by.names(trusted=True),
        "generated tests": by.names(trusted=False),
        "repeats": [name for name, test in by.tests.items() if test.judges and name not in independent],
        "new inputs": inputs,
    }
    if state.is_repository:
        groups |= {"vacuous": vacuous(table), "undecided": undecided(table)}
    return {heading: names for heading, names in groups.items() if names}


def table_view(state: RunState, found: Findings, *, order: Order = "ranking", glyphs: Glyphs = UNICODE) -> TableView:
    """The view of the state; `found` may be that of a slightly earlier table, rows and columns it lacks come last."""
    ranking = state.ranking
    place = {name: number for number, name in enumerate(ranking.order if ranking else (), start=1)}
    probability = ranking.probability if ranking else {}
    validity = ranking.validity if ranking else {}
    chosen = state.result.candidate if state.result else None
    rows = [
        RowView(
            name=name,
            depth=depth,
            parent=state.candidates[name].parent,
            behaviour=found.behaviour.get(name),
            probability=probability.get(name),
            place=place.get(name),
            chosen=name == chosen,
            origin=origin_words(state, name),
        )
        for name, depth in families(state, place if order == "ranking" else {})
    ]
    known = {name: heading for heading, names in found.groups.items() for name in names}
    late = [name for name, test in state.tests.items() if name not in known and test.expected is not None]
    columns = [
        ColumnView(
            name=name,
            group=heading,
            probability=validity.get(name) if heading not in ("repeats", "vacuous", "undecided") else None,
            judges=heading != "new inputs",
        )
        for name, heading in [*known.items(), *((name, "arriving") for name in late)]
    ]
    return TableView(rows=rows, columns=columns, marks=_marks(state, found, glyphs), executed=len(state.cells))


def origin_words(state: RunState, name: str) -> str:
    """Where the candidate comes from."""
    added = state.candidates[name]
    if added.origin == BASE:
        return "the unchanged code"
    return f"repairs {added.parent}" if added.parent else f"sampled in round {added.round}"


def families(state: RunState, place: Mapping[str, int]) -> list[tuple[str, int]]:
    """Every candidate with its depth, each after its parent.

    Families are sorted by the best place of their members, those without a place and those of an empty `place` by the
    order of request; the unchanged code of a repository is the last.
    """
    children: dict[str | None, list[str]] = {}
    for name, added in state.candidates.items():
        children.setdefault(added.parent if added.parent in state.candidates else None, []).append(name)
    best: dict[str, tuple[bool, int, int]] = {}

    def rank(name: str) -> tuple[bool, int, int]:
        if name not in best:
            is_base = state.candidates[name].origin == BASE
            best[name] = is_base, place.get(name, len(place) + 1), state.candidate_number(name)
            best[name] = min([best[name], *map(rank, children.get(name, ()))])
        return best[name]

    def walk(names: Iterable[str], depth: int) -> Iterable[tuple[str, int]]:
        for name in sorted(names, key=rank):
            yield name, depth
            yield from walk(children.get(name, ()), depth + 1)

    return list(walk(children.get(None, ()), 0))


def _marks(state: RunState, found: Findings, glyphs: Glyphs) -> dict[tuple[str, str], CellMark]:
    passed, printed = CellMark(glyphs.passed, "passed"), CellMark(glyphs.passed, "printed")
    by_verdict = {str(verdict): CellMark(glyph, _kind(verdict)) for verdict, glyph in glyphs.by_verdict.items()}
    wrong = CellMark(glyphs.wrong, "wrong")
    marks = {
        place: passed if event.passed else by_verdict.get(event.verdict, wrong if event.passed is False else printed)
        for place, event in state.cells.items()
    }
    by_letter = {letter: CellMark(letter, "printed") for letter in set(found.letters.values())}
    return marks | {place: by_letter[letter] for place, letter in found.letters.items() if place in marks}


def _kind(verdict: Verdict) -> Kind:
    return "unknown" if verdict in (Verdict.SANDBOX_ERROR, Verdict.NOT_RUN) else "failed"
