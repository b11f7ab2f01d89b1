"""Two runs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.runs.state import RunState
from agent.show.outcome import HEADLINES
from cure.table import AnyTable
from tui.views.lines import DiffLine, diff_lines


@dataclass(frozen=True)
class Fact:
    """One thing that is known about both runs."""

    label: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        """Whether the runs differ in it."""
        return self.one != self.other


@dataclass(frozen=True, kw_only=True)
class CompareView:
    """What two runs have in common, and where they differ."""

    facts: Sequence[Fact] = ()
    settings: Sequence[Fact] = ()
    """Only the settings in which the runs differ."""
    same_problem: bool = True
    diff: Sequence[DiffLine] = ()
    """Lines in which the answers differ, `-` of the first run, `+` of the second; empty where they are equal."""


def compare_view(one: tuple[RunState, AnyTable], other: tuple[RunState, AnyTable]) -> CompareView:
    """The comparison of two runs, each given by its state and table."""
    facts = [Fact(label, a, b) for (label, a), (_, b) in zip(_facts(*one), _facts(*other), strict=True)]
    first, second = (state.started.settings if state.started else {} for state, _ in (one, other))
    settings = [
        Fact(name, _value(first.get(name)), _value(second.get(name)))
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    ]
    problems = {state.started.problem if state.started else "" for state, _ in (one, other)}
    answers = [_answer(state, table) for state, table in (one, other)]
    return CompareView(facts=facts, settings=settings, same_problem=len(problems) == 1, diff=diff_lines(*answers))


def _facts(state: RunState, table: AnyTable) -> list[tuple[str, str]]:
    result, ranking = state.result, state.ranking
    generated, trusted = table.names(trusted=False), table.names(trusted=True)
    chosen = result.candidate if result else None
    hidden = state.scored
    return [
        ("problem", state.started.name if state.started else ""),
        ("ended", HEADLINES[result.status if result else "unfinished"][0]),
        ("answer", chosen or "none"),
        ("right with probability", f"{result.confidence:.2f}" if result else ""),
        ("candidates", f"{len(table.candidates)}"),
        ("trusted tests passed", _passed(table, chosen, trusted)),
        ("generated tests passed", _passed(table, chosen, generated)),
        ("hidden tests passed", f"{hidden.passed} of {hidden.total}" if hidden else "not run"),
        ("rounds", f"{len(state.rankings)}"),
        ("none is right", f"{ranking.unsolved:.2f}" if ranking else ""),
        ("tokens", f"{state.tokens:,}"),
        ("seconds", f"{result.seconds if result else state.seconds:.1f}"),
    ]


def _passed(table: AnyTable, chosen: str | None, names: Sequence[str]) -> str:
    if chosen is None:
        return f"– of {len(names)}"
    return f"{sum(table.passes(chosen, name) for name in names)} of {len(names)}"


def _answer(state: RunState, table: AnyTable) -> str:
    chosen = state.result.candidate if state.result else None
    return table.candidates[chosen].text if chosen in table.candidates and chosen is not None else ""


def _value(value: object) -> str:
    return "–" if value is None else str(value)
