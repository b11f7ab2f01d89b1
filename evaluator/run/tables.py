"""The execution table of one problem as an evaluation keeps it: a line of `tables.jsonl`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cure.extract import Reason
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
PASSED, UNKNOWN = "P", LETTERS[Verdict.SANDBOX_ERROR]
NOT_RUN, TIMED_OUT = LETTERS[Verdict.NOT_RUN], LETTERS[Verdict.TIMEOUT]


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
    """The outcome of every program of a problem on every test. Samples that the model did not give are not in it."""

    problem: int
    """Index of the problem in the set."""
    name: str
    programs: tuple[str | None, ...]
    """Programs in the order of the coder's samples; None where none could be extracted from an answer."""
    program_samples: tuple[int, ...]
    """(programs,) numbers of the coder's samples."""
    program_failures: tuple[str, ...]
    """(programs,) reasons why no program could be extracted; empty where one was."""
    requested_tests: int
    """Number of the tester's answers."""
    test_failures: dict[int, str]
    """Reasons why no test could be extracted, by number of the tester's sample."""
    columns: tuple[TestColumn, ...]
    cells: tuple[str, ...]
    """(programs) texts of (columns) letters, P for a pass; empty for a program that could not be extracted."""
    outputs: tuple[tuple[str, ...], ...]
    """(programs, columns) digests of the tokens printed, or the tokens themselves where they take up to 8 characters;
    empty rows for programs that could not be extracted."""
    cpu_s: tuple[float, ...]
    """(programs,) CPU seconds of the program's slowest execution."""
    peak_kb: tuple[int, ...]
    """(programs,) peak memory in kB of the execution that took the most."""
    reference: str | None = None
    """(columns) letters of the reference solution; None where the problem has none."""
    limit_s: float = 1.0
    """CPU seconds that an execution was allowed."""
    comparison: str = "tokens"
    """Name of the comparison by which outputs were judged."""
    executions: int = 0
    """Number of distinct pairs of a program and an input that were run, the reference solution included."""
    truncated: dict[str, int] = field(default_factory=dict)
    """Number of samples cut at `max_tokens`, by role."""
    failed: dict[str, int] = field(default_factory=dict)
    """Number of samples that the model did not give, by role."""
    lost: dict[str, int] = field(default_factory=dict)
    """Number of cells without a verdict because the sandbox failed, by reason."""
    difficulty: str = ""
    """The problem's difficulty according to the set; empty where the set names none."""
    date: str = ""
    """Date of publication, YYYY-MM-DD; empty where unknown."""
    texts: dict[str, str] = field(default_factory=dict)
    """Outputs by their digests, without those whose tokens are in `outputs`; empty where the run kept none. The end of
    a long output is replaced by the output's digest, so that different outputs remain different."""

    @property
    def test_samples(self) -> tuple[int, ...]:
        """Numbers of the tester's samples, in order."""
        read = (column.index for column in self.columns if column.suite == "generated")
        return tuple(sorted({*read, *self.test_failures}))

    def passes(self, suite: str) -> NDArray[np.bool_]:
        """Booleans of shape (programs, tests of the suite); a program that could not be extracted passes none."""
        chosen = [number for number, column in enumerate(self.columns) if column.suite == suite]
        rows = [[bool(row) and row[number] == PASSED for number in chosen] for row in self.cells]
        return np.array(rows, dtype=np.bool_).reshape(len(self.cells), len(chosen))

    def without_lost_cells(self) -> EvaluatedTable:
        """The table without cells on which the sandbox failed.

        Programs that lack the outcome of a hidden test are left out, and then tests whose outcome a remaining program
        lacks.
        """
        hidden = [at for at, column in enumerate(self.columns) if column.suite == "hidden"]
        rows = [row for row, cells in enumerate(self.cells) if not cells or UNKNOWN not in (cells[at] for at in hidden)]
        lost = {at for row in rows for at, letter in enumerate(self.cells[row]) if letter == UNKNOWN}
        kept = [at for at in range(len(self.columns)) if at not in lost]
        chosen: dict[str, Any] = {name: tuple(getattr(self, name)[row] for row in rows) for name in _BY_PROGRAM}
        return replace(
            self,
            **chosen,
            columns=tuple(self.columns[at] for at in kept),
            cells=tuple("".join(self.cells[row][at] for at in kept if self.cells[row]) for row in rows),
            outputs=tuple(tuple(self.outputs[row][at] for at in kept if self.outputs[row]) for row in rows),
            reference=None if self.reference is None else "".join(self.reference[at] for at in kept),
        )

    def to_record(self) -> dict[str, Any]:
        """The table as a JSON object; a field that earlier versions did not have is left out where it is empty."""
        record = asdict(self)
        if not self.texts:
            del record["texts"]
        return record

    @staticmethod
    def from_record(record: dict[str, Any]) -> EvaluatedTable:
        """The table that `to_record` wrote, now or in an earlier version."""
        failures = record["program_failures"]
        samples = record.get("program_samples")
        rows = [*range(len(failures))]
        tests = {int(index): why for index, why in record["test_failures"].items()}
        requested = record["requested_tests"]
        if samples is None:
            # Earlier versions kept samples that the model did not give, as failed extractions.
            rows = [row for row in rows if not failures[row] or failures[row] in _REASONS]
            samples = rows
            unanswered = {index for index, why in tests.items() if why not in _REASONS}
            tests = {index: why for index, why in tests.items() if index not in unanswered}
            requested -= len(unanswered)
        return EvaluatedTable(
            **{
                **record,
                **{name: tuple(record[name][row] for row in rows) for name in _BY_PROGRAM if name in record},
                "cells": tuple(record["cells"][row] for row in rows),
                "outputs": tuple(tuple(record["outputs"][row]) for row in rows),
                "program_samples": tuple(samples),
                "requested_tests": requested,
                "test_failures": tests,
                "columns": tuple(TestColumn(**column) for column in record["columns"]),
            }
        )


_BY_PROGRAM = ("programs", "program_samples", "program_failures", "cpu_s", "peak_kb")
_REASONS = frozenset(map(str, Reason))
