"""One candidate's program or patch, and how it differs from another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.runs.state import RunState
from cure.repair import given_up
from cure.table import AnyTable
from tui.views.lines import DiffLine, diff_lines
from tui.views.plain import shown_lines
from tui.views.table import origin_words


@dataclass(frozen=True, kw_only=True)
class ProgramView:
    """A candidate with its text."""

    name: str = ""
    origin: str = ""
    """Where it comes from, and what speaks against it, in words."""
    lines: Sequence[str] = ()
    """The text, ready to be shown."""
    text: str = ""
    """The whole text, as it is copied."""
    is_patch: bool = False
    against: str | None = None
    """Name of the candidate that `diff` compares it with; None where no comparison was asked for."""
    diff: Sequence[DiffLine] = ()
    """Lines that differ from `against`: `+` only in this candidate."""


def program_view(state: RunState, table: AnyTable, name: str | None, against: str | None = None) -> ProgramView:
    """The view of the candidate; empty where there is no candidate of that name. `against` names another one."""
    row = table.candidates.get(name) if name is not None else None
    if name is None or row is None:
        return ProgramView()
    other = table.candidates.get(against) if against is not None else None
    lost = given_up(table, name) if row.parent in table.candidates else ()
    refused = f"not accepted: it fails {', '.join(lost)}, which its parent passes" if lost else ""
    return ProgramView(
        name=name,
        origin=", ".join(filter(None, (origin_words(state, name), refused))),
        lines=shown_lines(row.text),
        text=row.text,
        is_patch=state.is_repository,
        against=against if other is not None else None,
        diff=diff_lines(other.text, row.text) if other is not None else (),
    )


def against(state: RunState, name: str | None, marked: str | None) -> str | None:
    """What the candidate is compared with: the marked one, else its parent, else the first other one of the ranking."""
    if name is None or name not in state.candidates:
        return None
    if marked is not None and marked != name:
        return marked
    if (parent := state.candidates[name].parent) is not None:
        return parent
    others = [each for each in (state.ranking.order if state.ranking else state.candidates) if each != name]
    return others[0] if others else None
