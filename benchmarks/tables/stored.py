"""Stored execution tables: programs of one model, generated tests of another, and which of both are right.

`data/CODER+TESTER.jsonl.gz` has a line for each problem: the record of an `EvaluatedTable`, which an evaluation with
`--keep-outputs` writes to its `tables.jsonl`. `load` gives each problem as a `LabelledTable`, in which the parts are
separate: what a selector may read is in `table`, outputs on the inputs of hidden tests are in `inputs`, the truth is in
`right` and `valid`.

A selector that is fitted to some tables has to be measured on other problems and other models. To divide the tables,
`fold` assigns all tables of a problem to one part, whichever models they are of, and `coder` and `tester` name the
models.

    for labelled in load("codegen-16b+codegen-16b"):
        best = rank_by_agreement(labelled.table).best
        print(labelled.problem, best, labelled.right[best])
"""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cure.problem import UnitTest, UnlabelledInput
from cure.table import Candidate, Cell, ProgramTable
from evaluator.run.stored import tables_in
from evaluator.run.tables import LETTERS, PASSED, EvaluatedTable, TestColumn
from sandbox import Verdict

DATA = Path(__file__).parent / "data"
SUFFIX = ".jsonl.gz"

_INITIALS = {"public": "e", "generated": "t", "hidden": "i"}
_VERDICTS = {letter: verdict for verdict, letter in LETTERS.items()} | {PASSED: Verdict.OK}


@dataclass(frozen=True, kw_only=True)
class LabelledTable:
    """One problem: the table that a selector reads, and, apart from it, the outcome of the hidden tests.

    Rows are the samples of the coder from which a program was extracted, `c0`, `c1`, ... by the sample's number.
    """

    problem: str
    """Name of the problem; equal in all files."""
    coder: str
    tester: str
    table: ProgramTable
    """Columns: public examples `e0`, ... and generated tests `t0`, ..., by the number of the tester's sample."""
    inputs: ProgramTable
    """Outputs of the same rows on the inputs of the hidden tests, columns `i0`, `i1`, ..., without expected outputs:
    what a selector could read if it were given these inputs."""
    right: Mapping[str, bool]
    """By row: whether the program passes every hidden test."""
    valid: Mapping[str, bool]
    """By generated test: whether the reference solution passes it; empty where there is no reference solution."""
    programs_not_extracted: int
    """Number of the coder's samples from which no program could be extracted; they count as wrong."""
    tests_not_extracted: int
    """Number of the tester's samples from which no test could be extracted."""
    evaluated: EvaluatedTable
    """The record from which all this was made, hidden tests included."""

    def with_inputs(self) -> ProgramTable:
        """`table` with the columns of `inputs` after its own."""
        return ProgramTable(
            self.table.candidates, {**self.table.tests, **self.inputs.tests}, {**self.table.cells, **self.inputs.cells}
        )

    def part(self, candidates: Collection[str], tests: Collection[str]) -> LabelledTable:
        """The problem with these rows and these generated tests alone; public examples and `inputs` keep their columns.

        `programs_not_extracted`, `tests_not_extracted` and `evaluated` remain those of the whole problem.
        """
        columns = {name for name, test in self.table.tests.items() if test.trusted} | set(tests)
        return replace(
            self,
            table=part_of(self.table, candidates, columns),
            inputs=part_of(self.inputs, candidates, self.inputs.tests),
            right={name: right for name, right in self.right.items() if name in candidates},
            valid={name: valid for name, valid in self.valid.items() if name in columns},
        )


def stored_files() -> list[Path]:
    """The files of the tables that come with the project, sorted by path."""
    return sorted(DATA.rglob(f"*{SUFFIX}"))


def load(name: str | Path) -> list[LabelledTable]:
    """The problems of a file, given by its path or, for one that comes with the project, by its name in `data`."""
    path = name if isinstance(name, Path) else DATA / f"{name}{SUFFIX}"
    coder, tester = models_of(path)
    return [labelled(table, coder, tester) for table in read(path)]


def load_all() -> list[LabelledTable]:
    """The problems of all files that come with the project, file by file."""
    return [table for path in stored_files() for table in load(path)]


def models_of(path: Path) -> tuple[str, str]:
    """The names of coder and tester in the name of a file."""
    coder, _, tester = path.name.removesuffix(SUFFIX).partition("+")
    return coder, tester


def read(path: Path) -> Iterator[EvaluatedTable]:
    """The records in a file, one at a time, as an evaluation writes them."""
    return tables_in(path)


def fold(problem: str, folds: int = 5) -> int:
    """The part, from 0 to `folds` - 1, to which a problem belongs; it depends on the problem's name alone."""
    return zlib.crc32(problem.encode()) % folds


def labelled(evaluated: EvaluatedTable, coder: str, tester: str) -> LabelledTable:
    """One recorded table as a `LabelledTable`; executions on which the sandbox failed are left out."""
    kept = evaluated.without_lost_cells()
    rows = {f"c{kept.program_samples[row]}": row for row, cells in enumerate(kept.cells) if cells}
    places = {f"{_INITIALS[column.suite]}{column.index}": place for place, column in enumerate(kept.columns)}
    hidden = {name: place for name, place in places.items() if kept.columns[place].suite == "hidden"}
    shown = {name: place for name, place in places.items() if name not in hidden}
    passed = kept.passes("hidden")
    reference = kept.reference
    return LabelledTable(
        problem=kept.name,
        coder=coder,
        tester=tester,
        table=_view(kept, rows, shown),
        inputs=_view(kept, rows, hidden),
        right={name: bool(passed[row].all()) for name, row in rows.items()},
        valid={
            name: reference[place] == PASSED
            for name, place in shown.items()
            if reference is not None and kept.columns[place].suite == "generated"
        },
        programs_not_extracted=len(kept.cells) - len(rows),
        tests_not_extracted=len(kept.test_failures),
        evaluated=evaluated,
    )


def _view(table: EvaluatedTable, rows: Mapping[str, int], places: Mapping[str, int]) -> ProgramTable:
    """The rows and columns at these places of the record, under these names."""
    tests = {name: _test(table.columns[place]) for name, place in places.items()}
    return ProgramTable(
        {name: Candidate(table.programs[row] or "") for name, row in rows.items()},
        tests,
        {
            (name, test): _cell(table, row, place, tests[test].judges)
            for name, row in rows.items()
            for test, place in places.items()
        },
    )


def _test(column: TestColumn) -> UnitTest | UnlabelledInput:
    if column.suite == "hidden":
        return UnlabelledInput(column.stdin, "the input of a hidden test")
    return UnitTest(column.stdin, column.expected, "public" if column.suite == "public" else "generated")


def _cell(table: EvaluatedTable, row: int, place: int, judges: bool) -> Cell:
    letter, output = table.cells[row][place], table.outputs[row][place]
    return Cell(verdict=_VERDICTS[letter], passed=judges and letter == PASSED, stdout=table.texts.get(output, output))


def with_tests_of(one: LabelledTable, other: LabelledTable) -> LabelledTable:
    """The first table with the generated tests of another tester after its own, named `t0+`, `t1+`, ...

    Both are tables of one problem and one coder; programs that only one of them has are left out.
    """
    rows = {row.text: name for name, row in other.table.candidates.items()}
    names = [name for name, row in one.table.candidates.items() if row.text in rows]
    kept = one.part(names, one.table.tests)
    tests = {f"{name}+": test for name, test in other.table.tests.items() if not test.trusted}
    cells = {
        (name, column): cell
        for name in names
        for column in tests
        if (cell := other.table.cells.get((rows[one.table.candidates[name].text], column[:-1]))) is not None
    }
    table = ProgramTable(kept.table.candidates, {**kept.table.tests, **tests}, {**kept.table.cells, **cells})
    valid = {f"{name}+": valid for name, valid in other.valid.items()}
    return replace(kept, tester=f"{one.tester} and {other.tester}", table=table, valid={**kept.valid, **valid})


def part_of(table: ProgramTable, candidates: Collection[str], tests: Collection[str]) -> ProgramTable:
    """The table with these rows and columns alone, in the order in which the table has them."""
    return ProgramTable(
        {name: candidate for name, candidate in table.candidates.items() if name in candidates},
        {name: test for name, test in table.tests.items() if name in tests},
        {(row, column): cell for (row, column), cell in table.cells.items() if row in candidates and column in tests},
    )
