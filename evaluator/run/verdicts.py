"""Turns the tables of a run into verdicts for the metrics; generated tests keep the index of their sample."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cure.metrics.case import ScoredCase
from cure.metrics.release import ReleaseOptions
from cure.metrics.verdicts import ProblemVerdicts, numbered, output_numbers, verdicts
from cure.table.compare import normalise
from evaluator.run.settings import Settings
from evaluator.run.tables import LETTERS, PASSED, UNKNOWN, EvaluatedTable
from sandbox import Verdict

_PRINTED = (PASSED, LETTERS[Verdict.OK])
"""Letters of cells whose program ended `ok`: only their outputs are compared."""


def case_of(name: str, settings: Settings, tables: Iterable[EvaluatedTable]) -> ScoredCase:
    """The scored case of a run. Tables are taken one by one, and only their verdicts stay in memory."""
    n, m = settings.sample_counts
    return ScoredCase(
        problems=tuple(verdicts_of(table) for table in tables),
        options=ReleaseOptions(((n, m),) if n else (), single_eval=m == 0, max_test=settings.max_test),
        name=name,
        data=settings.data_sha256,
        checker=settings.comparison,
    )


def verdicts_of(table: EvaluatedTable) -> ProblemVerdicts:
    """The verdicts of one problem; inputs and outputs are numbers, equal for equal texts."""
    programs, columns, requested = len(table.cells), len(table.columns), table.requested_tests
    letters = np.array([list(row or " " * columns) for row in table.cells], dtype="U1").reshape(programs, columns)
    passed, known = letters == PASSED, letters != UNKNOWN
    hidden, public = (
        [place for place, column in enumerate(table.columns) if column.suite == suite] for suite in ("hidden", "public")
    )
    place_of = {
        column.index: place
        for place, column in enumerate(table.columns)
        if column.suite == "generated" and column.index < requested
    }
    tests, places = list(place_of), list(place_of.values())
    generated, generated_known = np.zeros((programs, requested), dtype=np.bool_), np.ones((programs, requested), bool)
    generated[:, tests], generated_known[:, tests] = passed[:, places], known[:, places]
    requests = [place_of.get(index) for index in range(requested)]
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
    """Whether the reference solution passes the test in this column; None where that is not known."""
    return None if place is None or reference[place] == UNKNOWN else reference[place] == PASSED
