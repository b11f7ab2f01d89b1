"""A run as a file of stored tables would have it, which `eval score` and `eval compare` take."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from cure.case_file import read_json
from cure.metrics import case_file
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import Settings
from evaluator.run.stored import read_tables
from evaluator.run.tables import PASSED, UNKNOWN, EvaluatedTable

Row = dict[str, Any]


def stored_tables(path: str) -> object:
    """What a file of tables holds, or what the run in a directory would be as one. Raises ProblemError."""
    if not Path(path).is_dir():
        return read_json(path)
    directory = RunDirectory(Path(path))
    problems = [problem_row(table) for table in read_tables(directory)]
    config = _config(directory.read_settings())
    return {"cases": [{"name": directory.path.name, "config": config, "problems": problems}]}


def case_of(name: str, settings: Settings, tables: Iterable[EvaluatedTable]) -> case_file.Case:
    """The run as one case, as the metrics take it: every test at the index it was requested under."""
    return case_file.case_of(name, _config(settings), map(problem_row, tables), name)


def _config(settings: Settings) -> Row:
    n = settings.coder.samples if settings.coder is not None else 0
    m = settings.tester.samples if settings.tester is not None else 0
    return {
        "scale_tuple_list": [[n, m]] if n else [],
        "single_eval": m == 0,
        "max_test": settings.max_test,
        "data": settings.data_sha256,
        "checker": settings.comparison,
    }


def problem_row(table: EvaluatedTable) -> Row:
    """One problem; its generated tests are all that were requested, each at its index."""
    at = {column.index: place for place, column in enumerate(table.columns) if column.suite == "generated"}
    requested = range(table.requested_tests)
    reference = table.reference
    return {
        "name": table.name,
        "n_code": len(table.cells),
        "n_test_total": sum(column.suite == "hidden" for column in table.columns),
        "n_case": table.requested_tests,
        "code_extracted": [program is not None for program in table.programs],
        "case_extracted": [index in at for index in requested],
        "case_reference": None
        if reference is None
        else [_cell(reference, at[index]) if index in at else None for index in requested],
        "test_table": _suite(table, "hidden"),
        "public_table": _suite(table, "public"),
        "case_table": [
            [_cell(cells, at[index]) if cells and index in at else False for index in requested]
            for cells in table.cells
        ],
        "case_inputs": [table.columns[at[index]].stdin if index in at else None for index in requested],
        "case_outputs": [
            [
                table.outputs[row][at[index]] if cells and index in at and cells[at[index]] in "PW" else None
                for index in requested
            ]
            for row, cells in enumerate(table.cells)
        ],
    }


def _suite(table: EvaluatedTable, suite: str) -> list[list[bool | None]]:
    chosen = [place for place, column in enumerate(table.columns) if column.suite == suite]
    return [[_cell(cells, place) if cells else False for place in chosen] for cells in table.cells]


def _cell(cells: str, place: int) -> bool | None:
    return None if cells[place] == UNKNOWN else cells[place] == PASSED
