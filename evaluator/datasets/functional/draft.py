"""A functional problem under conversion to a row of CURE's JSON: results, their text, the converted solution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cure.table import Cell, ProgramTable
from evaluator.datasets.functional import wording
from evaluator.datasets.functional.codec import sort_entries
from evaluator.datasets.functional.forms import Form
from evaluator.datasets.functional.function import UNKNOWN, Dropped, FunctionProblem, LeftOut
from evaluator.datasets.functional.prepare import Case, Prepared, kind_of
from evaluator.datasets.functional.program import solution
from evaluator.datasets.functional.results import (
    UNREADABLE,
    agrees,
    comparison_of,
    confusable,
    entries_need_order,
    order_shows,
    output_forms,
    output_text,
    parsed,
)
from sandbox import Verdict

MEMORY_MB = 512
"""Memory limit of converted problems."""
_SORTED = "The entries of a dictionary come in ascending order of their keys."
_UNORDERED = {
    "unordered-tokens": "They may be printed in any order.",
    "unordered-lines": "The lines may be printed in any order, but for one with a number of lines.",
}


@dataclass(kw_only=True)
class Draft:
    """A functional problem under conversion."""

    prepared: Prepared
    dropped: list[Dropped]
    cases: list[Case] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    """The result of each case."""
    texts: list[str] = field(default_factory=list)
    """The expected output of each case."""
    outputs: Mapping[str, Form] = field(default_factory=dict)
    """Forms of results by the name of their type."""
    unordered: bool = False
    """Whether the order of the items of a result comes from a set."""
    sorted: bool = False
    """Whether the entries of dictionaries are printed in the order of their keys."""
    comparison: str = "tokens"
    program: str = ""
    """The converted reference solution; empty where the set has none."""

    @property
    def problem(self) -> FunctionProblem:
        """The functional problem."""
        return self.prepared.problem

    def drop(self, case: Case, reason: str, detail: str = "") -> None:
        """Record that the test of the case is left out."""
        self.dropped.append(
            Dropped(self.problem.name, case.call.where, reason, detail or repr(case.call.arguments)[:80])
        )

    def keep(self, chosen: Sequence[int]) -> None:
        """Keep only the cases with these indices; raises LeftOut where they are too few."""
        self.cases = [self.cases[at] for at in chosen]
        self.values = [self.values[at] for at in chosen]
        self.texts = [self.texts[at] for at in chosen] if self.texts else []
        if len(self.cases) < self.prepared.examples + self.prepared.least:
            since = self.dropped[len(self.prepared.dropped) :]
            recent = Counter(item.reason for item in since).most_common(1)
            reason = recent[0][0] if recent else "too few tests"
            raise LeftOut(f"too few tests are left, mostly because: {reason}", f"{len(self.cases)} tests")


def give_values(draft: Draft, results: ProgramTable | None) -> None:
    """Add results, their forms and texts, and the converted solution to the draft. Raises LeftOut where that fails.

    `results` has the rows `direct` and perhaps `backwards`; None where the set has no reference solution.
    """
    _read_results(draft, results)
    _write_results(draft)
    draft.comparison = comparison_of(draft.problem.oracle, draft.outputs, draft.values, draft.unordered)
    if draft.problem.reference:
        draft.program = solution(draft.problem, draft.prepared.inputs, draft.outputs, draft.sorted)


def _read_results(draft: Draft, results: ProgramTable | None) -> None:
    """Keep the cases whose result is a plain value, as stated, and does not depend on the order of a set."""
    problem = draft.problem
    kept: list[int] = []
    draft.cases = list(draft.prepared.cases)
    draft.values = [UNREADABLE] * len(draft.cases)
    for at, case in enumerate(draft.cases):
        value = case.call.expected if results is None else _result(draft, case, results.cells["direct", str(at)])
        if value is UNREADABLE:
            continue
        if not _as_stated(problem, case, value):
            draft.drop(case, "the reference solution does not give the stated result", repr(value)[:80])
            continue
        backwards = results.cells.get(("backwards", str(at))) if results is not None else None
        if backwards is not None and backwards.verdict is Verdict.OK:
            shows = order_shows(value, parsed(backwards.stdout))
            if shows is None:
                draft.drop(case, "what the reference solution gives depends on the order of a set", repr(value)[:80])
                continue
            draft.unordered = draft.unordered or shows
        draft.values[at] = value
        kept.append(at)
    draft.keep(kept)


def _write_results(draft: Draft) -> None:
    """Choose the forms of the results, and keep the cases whose result keeps its value and type as text."""
    draft.outputs = output_forms(draft.values)
    if any(entries_need_order(value, draft.outputs[type(value).__name__]) for value in draft.values):
        draft.sorted = True
        draft.values = [sort_entries(value) for value in draft.values]
    texts = {
        at: text for at, value in enumerate(draft.values) if (text := output_text(draft.outputs, value)) is not None
    }
    alike = confusable(texts, draft.values)
    lost: list[Any] = []
    for at, case in enumerate(draft.cases):
        if at not in texts:
            draft.drop(case, "the result does not survive as text", repr(draft.values[at])[:80])
            lost.append(draft.values[at])
        elif at in alike:
            draft.drop(case, "the result prints like one of another type", repr(draft.values[at])[:80])
    kept = [at for at in texts if at not in alike]
    if lost and len(kept) < draft.prepared.examples + draft.prepared.least:
        raise LeftOut(f"the result: {kind_of(lost)}", f"{len(kept)} of {len(draft.cases)} survive")
    draft.texts = [texts.get(at, "") for at in range(len(draft.cases))]
    draft.keep(kept)
    present = {type(value).__name__ for value in draft.values}
    draft.outputs = {name: form for name, form in draft.outputs.items() if name in present}


def _as_stated(problem: FunctionProblem, case: Case, value: Any) -> bool:
    stated = case.call.expected
    if not problem.reference or stated is UNKNOWN or problem.oracle.kind == "unordered":
        return True
    return agrees(value, stated, problem.oracle.tolerance)


def _result(draft: Draft, case: Case, cell: Cell) -> Any:
    if cell.verdict is not Verdict.OK:
        draft.drop(case, f"the reference solution ends with {cell.verdict}", cell.reason)
        return UNREADABLE
    value = parsed(cell.stdout)
    if value is UNREADABLE:
        draft.drop(case, "the result is not a plain value, or something is printed beside it", cell.stdout.strip()[:80])
    return value


def keep_confirmed(draft: Draft, printed: ProgramTable | None) -> None:
    """Keep the cases whose text the converted solution prints within half of the time limit. Raises LeftOut."""
    if printed is None:
        return
    kept: list[int] = []
    for at, case in enumerate(draft.cases):
        cell = printed.cells["solution", str(at)]
        if cell.verdict is not Verdict.OK:
            draft.drop(case, f"the converted solution ends with {cell.verdict}", cell.reason)
        elif cell.stdout != draft.texts[at]:
            draft.drop(case, "the converted solution prints something else", cell.stdout[:80])
        elif cell.cpu_s > draft.problem.time_limit_s / 2:
            draft.drop(case, "the reference solution needs more than half of the time limit", f"{cell.cpu_s:.2f} s")
        else:
            kept.append(at)
    draft.keep(kept)


def row_of(draft: Draft, kind: str, most_tests: int) -> dict[str, Any]:
    """The row of CURE's JSON; `kind` is the format of the source."""
    problem, examples = draft.problem, draft.prepared.examples
    tests = [(case.stdin, text) for case, text in zip(draft.cases, draft.texts, strict=True)]
    public, hidden = tests[:examples], tests[examples:][:most_tests]
    for case in draft.cases[examples + most_tests :]:
        draft.drop(case, "not needed: spare", "")
    remark = _SORTED if draft.sorted else _UNORDERED.get(draft.comparison, "")
    row: dict[str, Any] = {
        "name": problem.name,
        "question": wording.question(
            problem.statement, draft.prepared.names, draft.prepared.inputs, draft.outputs, public, remark
        ),
        "example_input": [given for given, _ in public],
        "example_output": [expected for _, expected in public],
        "test_input": [given for given, _ in hidden],
        "test_output": [expected for _, expected in hidden],
        "test_time_limit": problem.time_limit_s,
        "memory_limit_mb": MEMORY_MB,
        "source": kind,
        **problem.extra,
    }
    if draft.comparison != "tokens":
        row["comparison"] = draft.comparison
    if draft.program:
        row["reference_solution"] = draft.program
    return row
