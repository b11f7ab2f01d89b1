"""One test, and what one candidate did on it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from agent.runs.state import RunState
from cure.problem import UnlabelledInput
from cure.select.validity import BELIEVABLE
from cure.table import AnyTable, Cell
from sandbox import Verdict
from tui.views.lines import DiffLine, merged_lines
from tui.views.plain import one_line, shown_lines


@dataclass(frozen=True, kw_only=True)
class TestView:
    """A test with the candidate's execution on it."""

    __test__: ClassVar = False
    name: str = ""
    candidate: str | None = None
    worth: str = ""
    """Where the test comes from and how far it is believed, in words."""
    stimulus_name: str = "input"
    stimulus: Sequence[str] = ()
    expected: Sequence[str] | None = None
    """None where no output is expected."""
    actual: Sequence[str] | None = None
    """What the candidate printed; None where it was not run on the test."""
    verdict: str = ""
    """How the execution ended, in words."""
    passed: bool | None = None
    """None where it is not known."""
    diff: Sequence[DiffLine] = ()
    """Expected lines (`-`) and printed ones (`+`); empty for a passed test."""
    stderr: Sequence[str] = ()
    cost: str = ""
    text: str = ""
    """Input, expected and actual output as one text, as it is copied."""


def test_view(state: RunState, table: AnyTable, candidate: str | None, name: str | None) -> TestView:
    """The view of the test and of the candidate's execution on it; empty where there is no such test."""
    test = table.tests.get(name) if name is not None else None
    if name is None or test is None:
        return TestView()
    cell = table.cells.get((candidate, name)) if candidate is not None else None
    expected = None if test.expected is None else shown_lines(test.expected)
    actual = None if cell is None else shown_lines(cell.stdout)
    failed = cell is not None and not cell.passed and cell.verdict is Verdict.OK and expected is not None
    return TestView(
        name=name,
        candidate=candidate,
        worth=worth_words(state, table, name),
        stimulus_name="tests" if state.is_repository else "input",
        stimulus=shown_lines(test.stimulus),
        expected=expected,
        actual=actual,
        verdict="not executed yet" if cell is None else verdict_words(cell, judges=test.judges),
        passed=cell.passed if cell is not None and cell.known and test.judges else None,
        diff=merged_lines(expected or [], actual or []) if failed else (),
        stderr=shown_lines(cell.stderr_tail) if cell is not None and cell.stderr_tail.strip() else (),
        cost="" if cell is None else f"{cell.cpu_s:.2f} s of CPU, {cell.peak_memory_kb / 1024:.0f} MB",
        text=_text(test.stimulus, test.expected, cell),
    )


def worth_words(state: RunState, table: AnyTable, name: str) -> str:
    """Where the test comes from and how far it is believed."""
    test = table.tests[name]
    if isinstance(test, UnlabelledInput):
        malformed = ", malformed: no program runs to its end on it" if name in table.malformed else ""
        return f"new input{f' ({one_line(test.how)})' if test.how else ''}, its right output is unknown{malformed}"
    if test.trusted:
        return "public example, trusted" if test.origin == "public" else f"{test.origin} test, trusted"
    if name not in table.independent:
        return "generated, repeats a public example's input: no evidence"
    validity = state.ranking.validity.get(name) if state.ranking else None
    if validity is None:
        return "generated, not weighed yet"
    believed = "believed" if validity >= BELIEVABLE else "not believed"
    killed = _killed(state, name)
    return f"generated, right with probability {validity:.2f}: {believed}{killed}"


def _killed(state: RunState, name: str) -> str:
    if state.audited is None:
        return ""
    tried = [mutant for mutant in state.audited.mutants if mutant.apart and name in (*mutant.passed, *mutant.failed)]
    return f"; kills {sum(name in mutant.failed for mutant in tried)} of {len(tried)} mutants" if tried else ""


def verdict_words(cell: Cell, *, judges: bool) -> str:
    """How the execution ended."""
    if cell.passed:
        return "passed"
    if cell.verdict is Verdict.OK:
        return "wrong output" if judges else "ran to its end"
    words = str(cell.verdict).replace("_", " ")
    return f"{words}: {one_line(cell.reason)}" if cell.reason else words


def _text(stimulus: str, expected: str | None, cell: Cell | None) -> str:
    parts = [("input", stimulus), ("expected", expected), ("actual", None if cell is None else cell.stdout)]
    return "\n".join(f"{name}:\n{text}" for name, text in parts if text is not None)
