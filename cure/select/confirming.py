"""How many more samples would verify an answer if all of them agreed with it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping

from cure.select.answer import verified
from cure.select.confidence import confidence
from cure.select.stopping import NOTHING, Drawn
from cure.table import AnyTable, Cell, Column, ExecutionTable, Row


def confirming(table: AnyTable, answer: str, confident: float, most: Drawn) -> Drawn:
    """The fewest further samples, programs before tests, that would verify the answer; `NOTHING` where even the number
    of samples in `most` would not.

    A program that agrees with the answer is taken to do what the answer does on every test. A test that agrees is taken
    to be like the first generated test that the answer passes; without such a test, only programs are counted. Programs
    come first since they are the better evidence: on tables of CodeGen-16B further programs verify more right answers
    than further tests do, and fewer wrong ones.
    """
    passed = [name for name in table.names(trusted=False) if table.passes(answer, name)][:1]
    steps = [Drawn(programs=count, tests=0) for count in range(1, most.programs + 1)]
    if passed:
        steps += [Drawn(programs=most.programs, tests=count) for count in range(1, most.tests + 1)]

    def would_verify(step: Drawn) -> bool:
        agreeing = _with_copies(table, answer, passed, step)
        return verified(agreeing, answer, confidence(agreeing), confident)

    place = bisect_left(steps, True, key=would_verify)
    return steps[place] if place < len(steps) else NOTHING


def _with_copies(table: AnyTable, answer: str, passed: list[str], copies: Drawn) -> AnyTable:
    """The table with copies of the answer and of the tests named in `passed`."""
    rows = {f"{answer}+{number}": answer for number in range(copies.programs)}
    columns = {f"{name}+{number}": name for name in passed for number in range(copies.tests)}
    row_of = {**{name: name for name in table.candidates}, **rows}
    column_of = {**{name: name for name in table.tests}, **columns}
    candidates: Mapping[str, Row] = {name: table.candidates[source] for name, source in row_of.items()}
    tests: Mapping[str, Column] = {name: table.tests[source] for name, source in column_of.items()}
    cells: dict[tuple[str, str], Cell] = {
        (row, column): table.cells[row_of[row], column_of[column]]
        for row in candidates
        for column in tests
        if (row_of[row], column_of[column]) in table.cells
    }
    return ExecutionTable(candidates, tests, cells)
