"""The execution table of one problem as an evaluation keeps it: a line of `tables.jsonl`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sandbox import Verdict

LETTERS = {
    Verdict.OK: "W",
    Verdict.CRASH: "C",
    Verdict.TIMEOUT: "T",
    Verdict.MEMORY: "M",
    Verdict.OUTPUT_LIMIT: "O",
    Verdict.NOT_RUN: "N",
    Verdict.SANDBOX_ERROR: "S",
}
"""The letter of a cell that did not pass, by verdict; a program that ended `ok` with a wrong output gets W."""
PASSED, UNKNOWN, NOT_RUN = "P", LETTERS[Verdict.SANDBOX_ERROR], LETTERS[Verdict.NOT_RUN]


@dataclass(frozen=True)
class TestColumn:
    """One test of a table."""

    __test__ = False
    suite: str
    """`hidden`, `public`, `generated`."""
    index: int
    """Number of the test in its suite, from 0; for a generated test, number of the tester's sample that holds it."""
    stdin: str
    expected: str


@dataclass(frozen=True, kw_only=True)
class EvaluatedTable:
    """The outcome of every program of a problem on every test."""

    problem: int
    name: str
    programs: tuple[str | None, ...]
    """Programs by number of the coder's sample; None where none could be extracted."""
    program_failures: tuple[str, ...]
    """Reasons why no program could be extracted, by number of the sample; empty where one was."""
    requested_tests: int
    test_failures: dict[int, str]
    """Reasons why no test could be extracted, by number of the tester's sample."""
    columns: tuple[TestColumn, ...]
    cells: tuple[str, ...]
    """(programs) texts of (columns) letters, P for a pass; empty for a program that could not be extracted."""
    outputs: tuple[tuple[str, ...], ...]
    """(programs, columns) digests of the tokens printed; empty rows for programs that could not be extracted."""
    cpu_s: tuple[float, ...]
    """(programs,) CPU seconds of the slowest execution."""
    peak_kb: tuple[int, ...]
    """(programs,) kilobytes of the largest execution."""
    reference: str | None = None
    """(columns) letters of the reference solution; None where the problem has none."""
    limit_s: float = 1.0
    comparison: str = "tokens"
    executions: int = 0
    truncated: dict[str, int] = field(default_factory=dict)
    """Samples cut at `max_tokens`, by role."""
    failed: dict[str, int] = field(default_factory=dict)
    """Samples whose request failed, by role."""
    difficulty: str = ""
    """The problem's difficulty according to the set; empty where the set names none."""
    date: str = ""
    """Date of publication, YYYY-MM-DD; empty where unknown."""

    def passes(self, suite: str) -> NDArray[np.bool_]:
        """Booleans of shape (programs, tests of the suite); a program that could not be extracted passes none."""
        chosen = [number for number, column in enumerate(self.columns) if column.suite == suite]
        rows = [[bool(row) and row[number] == PASSED for number in chosen] for row in self.cells]
        return np.array(rows, dtype=np.bool_).reshape(len(self.cells), len(chosen))

    def to_record(self) -> dict[str, Any]:
        """The table as a JSON object."""
        return asdict(self)

    @staticmethod
    def from_record(record: dict[str, Any]) -> EvaluatedTable:
        """The table that `to_record` wrote."""
        return EvaluatedTable(
            **{
                **record,
                "programs": tuple(record["programs"]),
                "program_failures": tuple(record["program_failures"]),
                "test_failures": {int(index): why for index, why in record["test_failures"].items()},
                "columns": tuple(TestColumn(**column) for column in record["columns"]),
                "cells": tuple(record["cells"]),
                "outputs": tuple(tuple(row) for row in record["outputs"]),
                "cpu_s": tuple(record["cpu_s"]),
                "peak_kb": tuple(record["peak_kb"]),
            }
        )
