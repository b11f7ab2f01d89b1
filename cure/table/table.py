"""The execution table: rows x columns, with what every row did in every column, not only whether it passed.

A row is a candidate program or a patch of a repository, a column is a unit test or a check of a repository; table,
selectors and evidence use only what the protocols `Row` and `Column` say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Generic, Literal, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from cure.problem import UnitTest, UnlabelledInput
from cure.table.compare import normalise
from sandbox import Verdict

CandidateOrigin = Literal["sampled", "repair"]


class Row(Protocol):
    """A candidate: what is judged."""

    @property
    def text(self) -> str:
        """The program, or the patch. Rows with equal texts behave equally."""

    @property
    def origin(self) -> str:
        """`sampled`, `repair`, or another way in which the candidate was made."""

    @property
    def parent(self) -> str | None:
        """Name of the candidate that this one repairs."""

    @property
    def round(self) -> int:
        """The round in which the candidate was made, from 1; 0 where there are no rounds."""


class Column(Protocol):
    """A test: what judges; or an input on which candidates are only compared with each other."""

    @property
    def trusted(self) -> bool:
        """Whether the test comes with the problem or from a person, not from a model."""

    @property
    def origin(self) -> str:
        """`public`, `user`, `hidden`, `generated`; `made` for an input that was made without a model."""

    @property
    def judges(self) -> bool:
        """Whether the column says if a candidate is right; False for an input whose right output is unknown, on which
        no candidate passes or fails.
        """

    @property
    def stimulus(self) -> str:
        """What a candidate is given: an input, or a command. Outputs are comparable where the stimulus is equal."""

    @property
    def expected(self) -> str | None:
        """The output expected; None where the column itself says whether a candidate passed, or does not judge."""


RowT_co = TypeVar("RowT_co", bound=Row, covariant=True)
ColumnT_co = TypeVar("ColumnT_co", bound=Column, covariant=True)

Pair = tuple[str, str]
"""Name of a row and name of a column: a place in the table."""


@dataclass(frozen=True)
class Candidate:
    """One program, and where it came from: a row of the execution table."""

    text: str
    origin: CandidateOrigin = "sampled"
    parent: str | None = None
    """Name of the candidate that this one repairs."""
    round: int = 0


@dataclass(frozen=True, kw_only=True)
class Cell:
    """What one candidate did on one test."""

    verdict: Verdict
    passed: bool
    """The verdict is `ok` and the output is right by the problem's judging; False where the column does not judge."""
    stdout: str = ""
    stderr_tail: str = ""
    reason: str = ""
    cpu_s: float = 0.0
    peak_memory_kb: int = 0

    @property
    def known(self) -> bool:
        """Whether the cell says something about the candidate: it was run, and the sandbox did not fail."""
        return self.verdict not in (Verdict.SANDBOX_ERROR, Verdict.NOT_RUN)


@dataclass(frozen=True)
class ExecutionTable(Generic[RowT_co, ColumnT_co]):
    """Named candidates (rows) and named tests (columns), in the order they came, and the cells known so far."""

    candidates: Mapping[str, RowT_co] = field(default_factory=dict)
    tests: Mapping[str, ColumnT_co] = field(default_factory=dict)
    cells: Mapping[Pair, Cell] = field(default_factory=dict)

    def passes(self, candidate: str, test: str) -> bool:
        """Whether the candidate passed the test; False when it was not (or could not be) run."""
        cell = self.cells.get((candidate, test))
        return cell is not None and cell.passed

    def known(self, candidate: str, test: str) -> bool:
        """Whether the cell is there and says something about the candidate."""
        cell = self.cells.get((candidate, test))
        return cell is not None and cell.known

    @cached_property
    def independent(self) -> tuple[str, ...]:
        """Names of the columns that judge, but for the generated unit tests that repeat a trusted test's input.

        The input of a public example is known to the tester, so a test that repeats it shows nothing that the example
        does not show. Inputs are compared by their tokens.
        """
        trusted = {normalise(test.stimulus) for test in self.tests.values() if test.trusted}
        return tuple(
            name
            for name, test in self.tests.items()
            if test.judges and (test.trusted or test.expected is None or normalise(test.stimulus) not in trusted)
        )

    @cached_property
    def malformed(self) -> tuple[str, ...]:
        """Names of the columns that do not judge and on which candidates were run, none of which ended `ok`.

        Such an input is most probably not one that the problem allows, and says nothing about the candidates.
        """
        unlabelled = [name for name, test in self.tests.items() if not test.judges]
        ran, well = set[str](), set[str]()
        for (_, name), cell in self.cells.items():
            if cell.known:
                ran.add(name)
            if cell.verdict is Verdict.OK:
                well.add(name)
        return tuple(name for name in unlabelled if name in ran and name not in well)

    @cached_property
    def compared(self) -> tuple[str, ...]:
        """Names of the columns in which outputs of candidates are compared with each other: the independent tests, and
        the columns that do not judge and are not malformed.
        """
        independent, malformed = set(self.independent), set(self.malformed)
        return tuple(
            name for name, test in self.tests.items() if name in independent or not (test.judges or name in malformed)
        )

    def names(self, *, trusted: bool) -> list[str]:
        """Names of the trusted tests, or of the generated ones that repeat no trusted test's input."""
        return [name for name in self.independent if self.tests[name].trusted is trusted]


AnyTable = ExecutionTable[Row, Column]
"""A table of any kind of candidates and tests, which selectors and evidence take."""
ProgramColumn = UnitTest | UnlabelledInput
ProgramTable = ExecutionTable[Candidate, ProgramColumn]
"""A table of programs, and of unit tests and inputs without a known output."""


def pass_matrix(
    table: AnyTable, candidates: Sequence[str] | None = None, tests: Sequence[str] | None = None
) -> NDArray[np.bool_]:
    """(candidates, tests) booleans: whether each cell passed (B in section 2 of the CURE paper); unknown cells: False.

    `candidates` and `tests` name rows and columns; None takes all candidates, and all columns that judge.
    """
    rows = list(table.candidates) if candidates is None else candidates
    columns = [name for name, test in table.tests.items() if test.judges] if tests is None else tests
    passes = [[table.passes(row, column) for column in columns] for row in rows]
    return np.array(passes, dtype=np.bool_).reshape(len(rows), len(columns))


def behaviour(
    table: AnyTable, candidate: str, columns: Sequence[str] | None = None
) -> tuple[tuple[str, bool, str], ...]:
    """What the candidate did in `columns`, by default all compared ones: verdict, whether it passed, what it printed.

    Two candidates with the same behaviour cannot be told apart by the table. Outputs that pass the same test are alike,
    however they are written; the output of a failed execution does not count, so that two programs that crash on
    the same input after different prints are alike. A candidate without a known cell has a behaviour of its own.
    """
    seen = []
    for name in table.compared if columns is None else columns:
        test, cell = table.tests[name], table.cells.get((candidate, name))
        if cell is None or not cell.known:
            seen.append(("unknown", False, ""))
        elif cell.verdict is Verdict.OK:
            printed = cell.stdout if not cell.passed or test.expected is None else test.expected
            seen.append(("ok", cell.passed, normalise(printed)))
        else:
            seen.append((str(cell.verdict), False, ""))
    if all(verdict == "unknown" for verdict, _, _ in seen):
        return (("unknown", False, candidate),)
    return tuple(seen)


def separating(table: AnyTable) -> list[str]:
    """Names of the columns that do not judge, are not malformed, and on which candidates differ: in their verdict, or,
    where they end `ok`, in their output.
    """
    found = []
    for name in table.compared:
        if not table.tests[name].judges:
            cells = (table.cells.get((candidate, name)) for candidate in table.candidates)
            known = [cell for cell in cells if cell is not None and cell.known]
            if len({(cell.verdict, normalise(cell.stdout) * (cell.verdict is Verdict.OK)) for cell in known}) > 1:
                found.append(name)
    return found


def clusters(table: AnyTable, columns: Sequence[str] | None = None) -> list[list[str]]:
    """Groups of candidates that behave alike in `columns` (default: all compared ones), in order of appearance."""
    groups: dict[tuple[tuple[str, bool, str], ...], list[str]] = {}
    for candidate in table.candidates:
        groups.setdefault(behaviour(table, candidate, columns), []).append(candidate)
    return list(groups.values())
