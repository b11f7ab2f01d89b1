"""The execution table: candidates x tests, with what every program did, not only whether it passed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from cure.problem import UnitTest
from cure.table.compare import normalise
from sandbox.protocol import Verdict

CandidateOrigin = Literal["sampled", "repair"]


@dataclass(frozen=True)
class Candidate:
    """One program, and where it came from."""

    source: str
    origin: CandidateOrigin = "sampled"
    parent: str | None = None
    """Name of the candidate it repairs."""
    round: int = 0


@dataclass(frozen=True)
class Cell:
    """What one candidate did on one test."""

    verdict: Verdict
    passed: bool
    """The verdict is `ok` and the output equals the expectation under the run's comparison."""
    stdout: str = ""
    stderr_tail: str = ""
    reason: str = ""
    cpu_s: float = 0.0
    peak_memory_kb: int = 0


@dataclass(frozen=True)
class ExecutionTable:
    """Named candidates (rows) and named tests (columns), in the order they came, and the cells known so far."""

    candidates: Mapping[str, Candidate] = field(default_factory=dict)
    tests: Mapping[str, UnitTest] = field(default_factory=dict)
    cells: Mapping[tuple[str, str], Cell] = field(default_factory=dict)

    def passes(self, candidate: str, test: str) -> bool:
        """Whether the candidate passed the test; False when it was not (or could not be) run."""
        cell = self.cells.get((candidate, test))
        return cell is not None and cell.passed

    def known(self, candidate: str, test: str) -> bool:
        """Whether the cell says something about the program: it was run, and the sandbox did not fail."""
        cell = self.cells.get((candidate, test))
        return cell is not None and cell.verdict not in (Verdict.SANDBOX_ERROR, Verdict.NOT_RUN)

    def names(self, *, trusted: bool) -> list[str]:
        """Names of the trusted tests, or of the generated ones."""
        return [name for name, test in self.tests.items() if test.trusted is trusted]


def pass_matrix(table: ExecutionTable, tests: list[str] | None = None) -> NDArray[np.bool_]:
    """Booleans of shape (candidates, tests): B of CURE, section 2; unknown cells are False."""
    columns = list(table.tests) if tests is None else tests
    rows = [[table.passes(candidate, test) for test in columns] for candidate in table.candidates]
    return np.array(rows, dtype=bool).reshape(len(table.candidates), len(columns))


def behaviour(table: ExecutionTable, candidate: str) -> tuple[tuple[str, bool, str], ...]:
    """What the candidate did on every test: verdict, whether it passed, and what it printed, normalised.

    Two candidates with the same behaviour cannot be told apart by the table. Outputs that pass the same test are alike,
    however they are written; the output of a failed execution does not count, so that two programs that crash in the
    same place after different prints are alike. A candidate of which nothing is known is like no other.
    """
    seen = []
    for name, test in table.tests.items():
        cell = table.cells.get((candidate, name))
        if cell is None or not table.known(candidate, name):
            seen.append(("unknown", False, ""))
        elif cell.verdict is Verdict.OK:
            seen.append(("ok", cell.passed, normalise(test.expected if cell.passed else cell.stdout)))
        else:
            seen.append((str(cell.verdict), False, ""))
    if all(verdict == "unknown" for verdict, _, _ in seen):
        return (("unknown", False, candidate),)
    return tuple(seen)


def clusters(table: ExecutionTable) -> list[list[str]]:
    """Groups of candidates with the same behaviour, in order of first appearance."""
    groups: dict[tuple[tuple[str, bool, str], ...], list[str]] = {}
    for candidate in table.candidates:
        groups.setdefault(behaviour(table, candidate), []).append(candidate)
    return list(groups.values())
