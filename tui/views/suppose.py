"""Ranks the candidates of a run anew, as if some tests were not there, expected something else, or were added.

Only recorded outputs are used: nothing is executed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from agent.repository.judged import judged
from agent.runs.state import RunState
from agent.solve.reading import AnyReading, read
from agent.solve.recorded import BEFORE
from agent.solve.weighing import by_weight
from cure.problem import UnitTest
from cure.select import CONFIDENCES, selector
from cure.table import AnyTable, Cell, Column, ExecutionTable
from cure.table.compare import Comparison
from sandbox import Verdict


@dataclass(frozen=True)
class Supposition:
    """What is supposed about the tests of a run; without any field, the run as it is."""

    without: frozenset[str] = frozenset()
    """Names of tests that are left out."""
    tests: Mapping[str, UnitTest] = field(default_factory=dict)
    """Tests by name: those of a name that the table has replace it, the others are added."""

    def toggled(self, name: str) -> Supposition:
        """This supposition with the test left out, or no longer left out."""
        return replace(self, without=self.without ^ {name})

    def with_test(self, name: str, test: UnitTest) -> Supposition:
        """This supposition with the test added or replaced, and not left out."""
        return Supposition(self.without - {name}, {**self.tests, name: test})


@dataclass(frozen=True, kw_only=True)
class Supposed:
    """The reading of a run under a supposition."""

    reading: AnyReading
    unexecuted: tuple[str, ...] = ()
    """Names of tests that count for nothing, since no program has a recorded output on their input."""
    undecided: tuple[str, ...] = ()
    """Names of tests that count for nothing, since a checker program would have to judge recorded outputs."""


def suppose(state: RunState, table: AnyTable, supposition: Supposition, equal: Comparison | None) -> Supposed:
    """The reading of the table under the supposition, by the selector and the rule of confidence of the run.

    `equal` says whether an output is the expected one; None where a checker decides. Raises ProblemError for a run
    whose selector this version does not have.
    """
    settings = BEFORE | (state.started.settings if state.started else {})
    changed = changed_table(table, supposition, equal)
    known = {name for (_, name), cell in changed.cells.items() if cell.known}
    recorded = _by_input(table)
    unknown = [name for name in supposition.tests if name in changed.tests and name not in known]
    by = judged(changed) if state.is_repository else changed
    select, rule = selector(str(settings.get("selector", "outvoted"))), CONFIDENCES[str(settings["confidence"])]
    reading = read(by, lambda each: by_weight(select(each), state.weighed), rule)
    return Supposed(
        reading=reading,
        unexecuted=tuple(name for name in unknown if supposition.tests[name].stdin not in recorded),
        undecided=tuple(name for name in unknown if supposition.tests[name].stdin in recorded),
    )


def changed_table(table: AnyTable, supposition: Supposition, equal: Comparison | None) -> AnyTable:
    """The table under the supposition; the cells of changed and added tests come from recorded outputs."""
    recorded = _by_input(table)
    tests: dict[str, Column] = {**table.tests, **supposition.tests}
    tests = {name: test for name, test in tests.items() if name not in supposition.without}
    cells = {
        place: cell for place, cell in table.cells.items() if place[1] in tests and place[1] not in supposition.tests
    }
    for name, test in supposition.tests.items():
        if name in tests and equal is not None:
            for candidate, cell in recorded.get(test.stdin, {}).items():
                right = cell.verdict is Verdict.OK and equal(cell.stdout, test.expected)
                cells[candidate, name] = replace(cell, passed=right)
    return ExecutionTable(table.candidates, tests, cells)


def _by_input(table: AnyTable) -> dict[str, dict[str, Cell]]:
    """By input and candidate, a recorded execution, one that says something if there is one."""
    found: dict[str, dict[str, Cell]] = {}
    for (candidate, name), cell in table.cells.items():
        if (test := table.tests.get(name)) is not None:
            known = found.setdefault(test.stimulus, {})
            if candidate not in known or not known[candidate].known:
                known[candidate] = cell
    return found
