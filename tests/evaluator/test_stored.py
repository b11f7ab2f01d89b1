"""Tables are read from disk one at a time, the latest of each problem, in the order of problems."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

from cure.json_lines import Lines
from evaluator.report.material.material import read_material
from evaluator.run.stored import read_tables
from evaluator.run.summary import summarise
from evaluator.run.tables import TestColumn
from evaluator.run.verdicts import case_of
from tests.evaluator.test_report import a_table, made_run


def test_the_latest_of_each_problem_in_order(tmp_path: Path) -> None:
    directory = made_run(tmp_path, [a_table(2), a_table(0), a_table(1)])
    lines = Lines(directory.tables)
    lines.append(a_table(0, name="again").to_record())
    lines.close()
    tables = read_tables(directory)
    assert [table.name for table in tables] == ["again", "sum-1", "sum-2"]
    assert [table.name for table in tables] == ["again", "sum-1", "sum-2"], "it can be gone through again"
    assert len(tables) == 3 and tables[-1].name == "sum-2" and [one.name for one in tables[1:]] == ["sum-1", "sum-2"]
    assert tables[0] == a_table(0, name="again")


def test_cells_without_a_verdict_can_be_left_out() -> None:
    table = a_table(cells=("SPPW", "WPSS", ""), reference="PPPS").without_lost_cells()
    assert (table.program_samples, table.cells, table.reference) == ((1, 2), ("WP", ""), "PP")
    assert [column.suite for column in table.columns] == ["hidden", "public"] and table.outputs == (("4", "4"), ())
    assert a_table().without_lost_cells() == a_table()


def test_no_table_yet(tmp_path: Path) -> None:
    tables = read_tables(made_run(tmp_path, []))
    assert len(tables) == 0 and list(tables) == []


def test_memory_does_not_grow_with_the_tables(tmp_path: Path) -> None:
    """40 tables of 400 kB, of which never more than a few are in memory."""
    large = tuple(TestColumn(suite, index, f"{index}" * 100_000, "1\n") for index, suite in enumerate(["hidden"] * 4))
    directory = made_run(tmp_path, [a_table(number, columns=large) for number in range(40)])
    metrics = summarise(directory)
    tracemalloc.start()
    try:
        case_of(directory)
        read_material(directory, metrics)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < directory.tables.stat().st_size / 4
