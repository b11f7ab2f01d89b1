"""The execution table of a run that grows: each text is read, and each cell made, only once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import RunError
from agent.runs.events import CandidateAdded, Executed, TestAdded
from agent.runs.state import RunState, candidate_of, cell_of, check_of, patch_of, test_of
from cure.table import AnyTable, Cell, Column, ExecutionTable, Pair, Row


@dataclass
class TableReader:
    """Makes tables of the states of one run; texts and cells of earlier calls are used again."""

    read: Callable[[str], str]
    """Gives the text of a blob by its name, or raises RunError."""
    _texts: dict[str, str] = field(default_factory=dict)
    _rows: dict[str, tuple[CandidateAdded, Row]] = field(default_factory=dict)
    _columns: dict[str, tuple[TestAdded, Column]] = field(default_factory=dict)
    _cells: dict[Pair, tuple[Executed, Cell]] = field(default_factory=dict)

    def text(self, blob: str) -> str:
        """The text of the blob; a sentence on what is wrong where it cannot be read."""
        if blob not in self._texts:
            try:
                self._texts[blob] = self.read(blob)
            except RunError as error:
                return f"({error})"
        return self._texts[blob]

    def table(self, state: RunState) -> AnyTable:
        """The table of the state, rows and columns in the order requested."""
        return ExecutionTable[Row, Column](
            {name: self._row(state, name) for name in sorted(state.candidates, key=state.candidate_number)},
            {name: self._column(state, name) for name in sorted(state.tests, key=state.test_number)},
            {place: self._cell(place, event) for place, event in state.cells.items()},
        )

    def _row(self, state: RunState, name: str) -> Row:
        event, known = state.candidates[name], self._rows.get(name)
        if known is None or known[0] is not event:
            row: Row = (patch_of if state.is_repository else candidate_of)(event, self.text)
            known = self._rows[name] = event, row
        return known[1]

    def _column(self, state: RunState, name: str) -> Column:
        event, known = state.tests[name], self._columns.get(name)
        if known is None or known[0] is not event:
            column: Column = (check_of if state.is_repository else test_of)(event, self.text)
            known = self._columns[name] = event, column
        return known[1]

    def _cell(self, place: Pair, event: Executed) -> Cell:
        known = self._cells.get(place)
        if known is None or known[0] is not event:
            known = self._cells[place] = event, cell_of(event, self.text)
        return known[1]
