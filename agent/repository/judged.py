"""The part of a table of patches by which they are judged."""

from __future__ import annotations

from agent.repository.equal_tests import repeats
from agent.repository.patches import BASE
from cure.table import AnyTable, ExecutionTable
from cure.table.executor import ColumnT, RowT


def judged(table: ExecutionTable[RowT, ColumnT]) -> ExecutionTable[RowT, ColumnT]:
    """The table without the row of the unchanged code, and without generated tests that are no evidence for a change.

    A generated test is evidence for a change only if the unchanged code fails it, and equal tests are evidence once.
    """
    left_out = {*vacuous(table), *undecided(table), *repeated(table)}
    return ExecutionTable(
        {name: row for name, row in table.candidates.items() if row.origin != BASE},
        {name: column for name, column in table.tests.items() if name not in left_out},
        {
            (row, column): cell
            for (row, column), cell in table.cells.items()
            if column not in left_out and table.candidates[row].origin != BASE
        },
    )


def vacuous(table: AnyTable) -> list[str]:
    """Names of the generated tests that the unchanged code passes."""
    base = _base(table)
    return [name for name in _generated(table) if base is not None and table.passes(base, name)]


def undecided(table: AnyTable) -> list[str]:
    """Names of the generated tests of which it is not known whether the unchanged code passes them."""
    base = _base(table)
    return [name for name in _generated(table) if base is None or not table.known(base, name)]


def repeated(table: AnyTable) -> list[str]:
    """Names of the generated tests that repeat an earlier one, and that the unchanged code is not known to pass."""
    passed = set(vacuous(table))
    return [
        name for name in repeats({name: table.tests[name].stimulus for name in _generated(table)}) if name not in passed
    ]


def _base(table: AnyTable) -> str | None:
    return next((name for name, row in table.candidates.items() if row.origin == BASE), None)


def _generated(table: AnyTable) -> list[str]:
    return [name for name, column in table.tests.items() if not column.trusted]
