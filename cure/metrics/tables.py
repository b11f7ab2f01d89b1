"""What the metrics are computed from: which program passed which test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cure.errors import ProblemError

Booleans = NDArray[np.bool_]


@dataclass(frozen=True)
class ProblemTables:
    """The verdicts of one problem's programs, one row each."""

    hidden: Booleans
    """(programs, hidden tests): all of them, whatever a metric then uses."""
    generated: Booleans
    """(programs, generated tests), in the order they were generated."""

    @property
    def programs(self) -> int:
        """How many programs there are."""
        return int(self.hidden.shape[0])


def tables(
    hidden: Sequence[Sequence[bool]],
    generated: Sequence[Sequence[bool]],
    programs: int,
    hidden_tests: int,
    generated_tests: int,
    where: str = "problem",
) -> ProblemTables:
    """The tables out of rows of booleans; a table with no rows or no columns may be given as an empty list.

    Raises ProblemError beginning with `where` when the rows do not have the sizes said.
    """
    return ProblemTables(
        _table(hidden, programs, hidden_tests, f"{where}: 'test_table'"),
        _table(generated, programs, generated_tests, f"{where}: 'case_table'"),
    )


def _table(rows: Sequence[Sequence[bool]], programs: int, columns: int, where: str) -> Booleans:
    if not rows and not (programs and columns):
        return np.zeros((programs, columns), dtype=np.bool_)
    if len(rows) != programs:
        raise ProblemError(f"{where} has {len(rows)} rows, expected one for each of {programs} programs")
    for number, row in enumerate(rows):
        if len(row) != columns:
            raise ProblemError(f"{where} row {number} has {len(row)} entries, expected {columns}")
        if any(not isinstance(entry, bool) for entry in row):
            raise ProblemError(f"{where} row {number} holds something else than true and false")
    return np.array(rows, dtype=np.bool_).reshape(programs, columns)
