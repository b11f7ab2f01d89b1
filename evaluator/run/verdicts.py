"""Turns the tables of a run into verdicts for the metrics. Samples without an answer have no row or column."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cure.metrics.case import ScoredCase
from cure.metrics.release import ReleaseOptions
from cure.metrics.verdicts import ProblemVerdicts, numbered, output_numbers, verdicts
from cure.table.compare import normalise
from evaluator.run.directory import RunDirectory
from evaluator.run.missing import coverage_of
from evaluator.run.stored import read_tables, tables_in
from evaluator.run.tables import LETTERS, PASSED, UNKNOWN, EvaluatedTable
from sandbox import Verdict

_PRINTED = (PASSED, LETTERS[Verdict.OK])
"""Letters of cells whose program ended `ok`: only their outputs are compared."""


def case_of(directory: RunDirectory) -> ScoredCase:
    """The scored case of a run. Tables are read one by one, and only their verdicts stay in memory."""
    settings, tables = directory.read_settings(), read_tables(directory)
    n, m = settings.sample_counts
    return ScoredCase(
        problems=tuple(verdicts_of(table) for table in tables),
        options=ReleaseOptions(((n, m),) if n else (), single_eval=m == 0, max_test=settings.max_test),
        name=directory.path.name,
        missing=coverage_of(directory, settings, tables).missing,
        data=settings.data_sha256,
        checker=settings.comparison,
        by_all_hidden=True,
    )


def case_in(path: Path) -> ScoredCase:
    """The scored case of a file of tables (`tables_in`); every hidden test counts, and no answer is missing."""
    tables = [*tables_in(path)]
    n, m, hidden = 1, 0, 1
    for table in tables:
        n, m = max(n, len(table.cells)), max(m, table.requested_tests)
        hidden = max(hidden, sum(column.suite == "hidden" for column in table.columns))
    comparisons = {table.comparison for table in tables}
    return ScoredCase(
        problems=tuple(verdicts_of(table) for table in tables),
        options=ReleaseOptions(((n, m),), single_eval=m == 0, max_test=hidden),
        name=path.name.removesuffix(".gz").removesuffix(".jsonl"),
        checker=comparisons.pop() if len(comparisons) == 1 else None,
    )


def verdicts_of(table: EvaluatedTable) -> ProblemVerdicts:
    """The verdicts of one problem; each text of an input or output is replaced by a number, equal for equal texts."""
    programs, columns, requested = len(table.cells), len(table.columns), len(table.test_samples)
    letters = np.array([list(row or " " * columns) for row in table.cells], dtype="U1").reshape(programs, columns)
    passed, known = letters == PASSED, letters != UNKNOWN
    hidden, public = (
        [place for place, column in enumerate(table.columns) if column.suite == suite] for suite in ("hidden", "public")
    )
    place_of = {column.index: place for place, column in enumerate(table.columns) if column.suite == "generated"}
    requests = [place_of.get(index) for index in table.test_samples]
    tests = [at for at, place in enumerate(requests) if place is not None]
    places = [place for place in requests if place is not None]
    generated, generated_known = np.zeros((programs, requested), dtype=np.bool_), np.ones((programs, requested), bool)
    generated[:, tests], generated_known[:, tests] = passed[:, places], known[:, places]
    inputs = [None if place is None else table.columns[place].stdin for place in requests]
    examples = {normalise(table.columns[place].stdin) for place in public}
    outputs = [
        None if place is None or letters[row, place] not in _PRINTED else table.outputs[row][place]
        for row in range(programs)
        for place in requests
    ]
    return verdicts(
        passed[:, hidden],
        generated,
        name=table.name,
        hidden_known=known[:, hidden],
        generated_known=generated_known,
        extracted_programs=[program is not None for program in table.programs],
        extracted_tests=[place is not None for place in requests],
        reference=None if table.reference is None else [_truth(table.reference, place) for place in requests],
        public=passed[:, public],
        inputs=numbered(inputs),
        outputs=output_numbers(outputs, programs, requested),
        repeated=None if not public else [text is not None and normalise(text) in examples for text in inputs],
    )


def _truth(reference: str, place: int | None) -> bool | None:
    """Whether the reference solution passes the test in this column; None where the outcome is not known."""
    return None if place is None or reference[place] == UNKNOWN else reference[place] == PASSED
