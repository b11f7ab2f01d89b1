"""Passes and outputs of an execution table as arrays; what most selectors compute their scores from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from cure.select.ranking import Ranking, sort_by_score
from cure.table import AnyTable
from cure.table.compare import normalise
from sandbox import Verdict

Booleans = NDArray[np.bool_]
Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DECIMALS = 9
"""Scores are rounded to this many decimals, so that a sum is equal in whatever order it is added up."""


@dataclass(frozen=True, kw_only=True)
class Passes:
    """What the programs did. All arrays may have leading axes, which stand for tables of equal size."""

    passed: Booleans
    """(..., programs, generated tests): passed. Generated tests that repeat a trusted test's input are left out."""
    known: Booleans
    """(..., programs, generated tests): the program was run on the test, and the sandbox did not fail."""
    outputs: Ints
    """(..., programs, inputs): numbers of outputs, equal where the outputs are; -1 where the program did not end `ok`.
    Each distinct input of the table's compared columns has one place; inputs without a known output are the last."""
    answers: Ints
    """(..., programs, generated tests): the number in `outputs` of what the program printed on the test's input, also
    where several tests have one input."""
    trusted: Booleans
    """(..., programs, trusted tests): passed."""
    unjudged: int = 0
    """How many inputs, the last places of `outputs`, have no known output."""

    @cached_property
    def same_passes(self) -> Booleans:
        """(..., programs, programs): whether two programs pass the same tests, and their results are known on the same
        generated tests.
        """
        return _equal_rows(self.passed) & _equal_rows(self.known) & _equal_rows(self.trusted)

    @cached_property
    def same_behaviour(self) -> Booleans:
        """(..., programs, programs): whether two programs pass the same tests and print the same on every input."""
        return self.same_passes & _equal_rows(self.outputs)

    @cached_property
    def agreement(self) -> Floats:
        """(..., programs): share of the other programs that print the same, averaged over inputs, in 0..1.

        Inputs on which no program ended `ok` do not count.
        """
        return agreement_of(self.outputs)

    @cached_property
    def tests(self) -> Ints:
        """(..., 1): number of generated tests of which at least one execution is known."""
        return np.asarray(self.known.any(axis=-2).sum(axis=-1)[..., None])


Scores = Callable[[Passes], Sequence[NDArray[np.generic]]]
"""Gives the parts of the scores, each (..., programs), compared from the first to the last; larger is better."""


def agreement_of(outputs: Ints) -> Floats:
    """(..., programs): share of the other programs that print the same, averaged over inputs, in 0..1.

    `outputs` is (..., programs, inputs), as in `Passes`. Inputs on which no program ended `ok` do not count.
    """
    ended = outputs >= 0
    equal = (outputs[..., :, None, :] == outputs[..., None, :, :]) & ended[..., :, None, :]
    others = equal.sum(axis=(-2, -1)) - ended.sum(axis=-1)
    inputs = ended.any(axis=-2).sum(axis=-1)[..., None]
    return np.asarray(others / np.maximum(inputs * (outputs.shape[-2] - 1), 1))


def passes_of(table: AnyTable) -> Passes:
    """The arrays of a table. Outputs that pass the same test are equal, however they are written."""
    trusted, generated = table.names(trusted=True), table.names(trusted=False)
    inputs: dict[str, list[str]] = {}
    for name in sorted(table.compared, key=lambda name: not table.tests[name].judges):
        inputs.setdefault(table.tests[name].stimulus, []).append(name)
    rows = {candidate: row for row, candidate in enumerate(table.candidates)}
    columns = {test: column for column, test in enumerate([*generated, *trusted])}
    passed, known = np.zeros((2, len(rows), len(columns)), dtype=np.bool_)
    for (candidate, test), cell in table.cells.items():
        if test in columns and candidate in rows:
            passed[rows[candidate], columns[test]] = cell.passed
            known[rows[candidate], columns[test]] = cell.known
    outputs, places = _outputs(table, inputs), {stimulus: place for place, stimulus in enumerate(inputs)}
    return Passes(
        passed=passed[:, : len(generated)],
        known=known[:, : len(generated)],
        outputs=outputs,
        answers=outputs[:, [places[table.tests[name].stimulus] for name in generated]],
        trusted=passed[:, len(generated) :],
        unjudged=sum(not table.tests[names[0]].judges for names in inputs.values()),
    )


def rank_by(selector: str, names: tuple[str, ...], scores: Scores, table: AnyTable) -> Ranking:
    """Ranking by trusted tests passed, then by the scores; `names` has the meaning of each part of `scores`."""
    parts = compared(scores, passes_of(table)) if table.candidates else []
    rows = zip(*(part.tolist() for part in parts), strict=True)
    found = dict(zip(table.candidates, rows, strict=True))
    return sort_by_score(selector, ("trusted tests passed", *names), found)


def compared(scores: Scores, passes: Passes) -> list[Floats]:
    """Parts of the scores as they are compared, each (..., programs) and rounded to DECIMALS: trusted tests passed,
    then the parts that `scores` gives.
    """
    parts: list[NDArray[np.generic]] = [passes.trusted.sum(axis=-1), *scores(passes)]
    return [np.asarray(part.astype(np.float64).round(DECIMALS)) for part in parts]


def _equal_rows(matrix: NDArray[np.generic]) -> Booleans:
    if matrix.dtype == np.bool_:
        yes = matrix.astype(np.float32)
        no = 1 - yes
        equal = yes @ np.swapaxes(yes, -1, -2) + no @ np.swapaxes(no, -1, -2)
        return np.asarray(equal == matrix.shape[-1])
    return np.asarray((matrix[..., :, None, :] == matrix[..., None, :, :]).all(axis=-1))


def _outputs(table: AnyTable, inputs: Mapping[str, Sequence[str]]) -> Ints:
    """(programs, inputs) numbers of outputs, for inputs with the names of their tests; a program that passes a test of
    the input counts as having printed what the test expects.
    """
    numbers = np.full((len(table.candidates), len(inputs)), -1, dtype=np.int64)
    for column, names in enumerate(inputs.values()):
        known: dict[str, int] = {}
        for row, candidate in enumerate(table.candidates):
            printed = _printed(table, candidate, names)
            if printed is not None:
                numbers[row, column] = known.setdefault(printed, len(known))
    return numbers


def _printed(table: AnyTable, candidate: str, tests: Sequence[str]) -> str | None:
    """What the candidate printed on the input of the tests; None where no execution ended `ok`."""
    cells = [(test, cell) for test in tests if (cell := table.cells.get((candidate, test))) is not None]
    for test, cell in cells:
        expected = table.tests[test].expected
        if cell.passed and expected is not None:
            return normalise(expected)
    return next((normalise(cell.stdout) for _, cell in cells if cell.verdict is Verdict.OK), None)
