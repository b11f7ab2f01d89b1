"""Functional problems into CURE's rows: prepare, ask the reference solution, write, and run what was written.

Nothing of a set is run in this process. The expected outputs are what the converted reference solution printed in the
sandbox for the converted inputs; they are kept where they are the text of the result that the function returned when it
was called directly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cure.problem import Problem, UnitTest
from cure.table import Cell, Judging, ProgramTable, judging_of
from evaluator.datasets.execution import EmptyTable, ProgressBars
from evaluator.datasets.functional import wording
from evaluator.datasets.functional.codec import sort_entries
from evaluator.datasets.functional.forms import Form
from evaluator.datasets.functional.function import UNKNOWN, Dropped, FunctionProblem, LeftOut
from evaluator.datasets.functional.prepare import Case, Prepared, kind_of, prepare
from evaluator.datasets.functional.program import probe, solution, uses_sets
from evaluator.datasets.functional.registry import FORMATS, format_of
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
from evaluator.datasets.rows import read_rows
from sandbox import Sandbox, Verdict

MOST_TESTS = 24
_SORTED = "The entries of a dictionary come in ascending order of their keys."
_UNORDERED = {
    "unordered-tokens": "They may be printed in any order.",
    "unordered-lines": "The lines may be printed in any order, but for one with a number of lines.",
}
_MEMORY_MB = 512


@dataclass(frozen=True)
class Conversion:
    """What became of a set."""

    format: str
    problems: int
    rows: list[dict[str, Any]]
    dropped: list[Dropped]

    def summary(self) -> dict[str, Any]:
        """Counts, and the reasons with how often each."""
        left_out = [item for item in self.dropped if not item.test]
        tests = [item for item in self.dropped if item.test and not item.reason.startswith("not needed")]
        return {
            "format": self.format,
            "problems": self.problems,
            "converted": len(self.rows),
            "left_out": len(left_out),
            "tests": sum(len(row["test_input"]) for row in self.rows),
            "examples": sum(len(row["example_input"]) for row in self.rows),
            "tests_left_out": len(tests),
            "comparisons": dict(Counter(row.get("comparison", "tokens") for row in self.rows)),
            "test_reasons": dict(Counter(item.reason for item in tests).most_common()),
            "problems_left_out": [
                {"problem": item.problem, "reason": item.reason, "detail": item.detail} for item in left_out
            ],
        }


@dataclass
class _Draft:
    """A problem on its way."""

    prepared: Prepared
    dropped: list[Dropped]
    cases: list[Case] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    outputs: Mapping[str, Form] = field(default_factory=dict)
    unordered: bool = False
    sorted: bool = False
    """Whether the entries of dictionaries are printed in the order of their keys."""
    comparison: str = "tokens"
    program: str = ""

    @property
    def problem(self) -> FunctionProblem:
        return self.prepared.problem

    def drop(self, case: Case, reason: str, detail: str = "") -> None:
        self.dropped.append(
            Dropped(self.problem.name, case.call.where, reason, detail or repr(case.call.arguments)[:80])
        )

    def keep(self, chosen: Sequence[int]) -> None:
        """Go on with these cases only; raises LeftOut when they are too few."""
        self.cases = [self.cases[at] for at in chosen]
        self.values = [self.values[at] for at in chosen]
        self.texts = [self.texts[at] for at in chosen] if self.texts else []
        if len(self.cases) < self.prepared.examples + self.prepared.least:
            since = self.dropped[len(self.prepared.dropped) :]
            recent = Counter(item.reason for item in since).most_common(1)
            reason = recent[0][0] if recent else "too few tests"
            raise LeftOut(f"too few tests are left; of most: {reason}", f"{len(self.cases)} tests")


def read_functions(path: Path, chosen: str = "auto") -> tuple[str, list[FunctionProblem | dict[str, Any]]]:
    """The format and the problems of a file: functional ones, and rows that are stdin/stdout already."""
    rows = read_rows(path)
    kind = format_of(rows, path) if chosen == "auto" else chosen
    return kind, [FORMATS[kind].read(row, f"{path}: row {number}") for number, row in enumerate(rows)]


async def convert(
    path: Path,
    sandbox: Sandbox,
    *,
    chosen: str = "auto",
    most_tests: int = MOST_TESTS,
    limit: int | None = None,
    bars: ProgressBars | None = None,
) -> Conversion:
    """The rows of the set in `path`, and everything that was left out with its reason."""
    bars = bars or ProgressBars(quiet=True)
    kind, found = read_functions(path, chosen)
    found = found[:limit]
    rows: dict[str, dict[str, Any]] = {}
    drafts: dict[str, _Draft] = {}
    dropped: list[Dropped] = []
    order: list[str] = []
    for number, item in bars.track("reading arguments", list(enumerate(found))):
        key = f"{number}"
        order.append(key)
        if not isinstance(item, FunctionProblem):
            rows[key] = item
            continue
        try:
            prepared = prepare(item, most_tests)
        except LeftOut as reason:
            dropped.append(Dropped(item.name, "", reason.reason, reason.detail))
            continue
        drafts[key] = _Draft(prepared, list(prepared.dropped))
    results = await _probed(drafts, sandbox, bars)
    drafts = _each(drafts, lambda key, draft: _with_values(draft, results.get(key)), dropped)
    printed = await _run_solutions(drafts, sandbox, bars)
    drafts = _each(drafts, lambda key, draft: _confirmed(draft, printed.get(key)), dropped)
    for key, draft in drafts.items():
        rows[key] = _row(draft, kind, most_tests)
        dropped += draft.dropped
    return Conversion(kind, len(found), [rows[key] for key in order if key in rows], dropped)


def _each(drafts: dict[str, _Draft], step: Any, dropped: list[Dropped]) -> dict[str, _Draft]:
    """The drafts that the step did not leave out."""
    kept: dict[str, _Draft] = {}
    for key, draft in drafts.items():
        try:
            step(key, draft)
        except LeftOut as reason:
            dropped.append(Dropped(draft.problem.name, "", reason.reason, reason.detail))
        else:
            kept[key] = draft
    return kept


def _judging(problem: FunctionProblem, give_up_after: int | None = None) -> Judging:
    limits = Problem(problem.statement, time_limit_s=problem.time_limit_s, memory_mb=_MEMORY_MB)
    return judging_of(limits, give_up_after=give_up_after)


async def _probed(drafts: Mapping[str, _Draft], sandbox: Sandbox, bars: ProgressBars) -> dict[str, ProgramTable]:
    """What direct calls of the functions give (`direct`), and the calls with the sets in another order (`backwards`).

    The tests of a table are the cases of the draft, by number.
    """
    tables: dict[str, EmptyTable] = {}
    for key, draft in drafts.items():
        problem, cases = draft.problem, draft.prepared.cases
        if not problem.reference:
            continue
        arguments = [case.call.arguments for case in cases]
        programs = {"direct": probe(problem, arguments)}
        if uses_sets(problem.reference):
            programs["backwards"] = probe(problem, arguments, backwards=True)
        numbers = {str(at): UnitTest(str(at), "") for at in range(len(cases))}
        tables[key] = EmptyTable(programs, numbers, _judging(problem, give_up_after=4))
    filled = await bars.filled("calling the functions", sandbox, list(tables.values()))
    return dict(zip(tables, filled, strict=True))


def _with_values(draft: _Draft, results: ProgramTable | None) -> None:
    """Give the draft its results, their forms, and its program."""
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
    draft.comparison = comparison_of(problem.oracle, draft.outputs, draft.values, draft.unordered)
    if problem.reference:
        draft.program = solution(problem, draft.prepared.inputs, draft.outputs, draft.sorted)


def _as_stated(problem: FunctionProblem, case: Case, value: Any) -> bool:
    stated = case.call.expected
    if not problem.reference or stated is UNKNOWN or problem.oracle.kind == "unordered":
        return True
    return agrees(value, stated, problem.oracle.tolerance)


def _result(draft: _Draft, case: Case, cell: Cell) -> Any:
    if cell.verdict is not Verdict.OK:
        draft.drop(case, f"the reference solution ends with {cell.verdict}", cell.reason)
        return UNREADABLE
    value = parsed(cell.stdout)
    if value is UNREADABLE:
        draft.drop(case, "the result is not a plain value, or something is printed beside it", cell.stdout.strip()[:80])
    return value


async def _run_solutions(drafts: Mapping[str, _Draft], sandbox: Sandbox, bars: ProgressBars) -> dict[str, ProgramTable]:
    """What the converted reference solutions do; the tests of a table are the cases of the draft, by number."""
    tables = {
        key: EmptyTable(
            {"solution": draft.program},
            {str(at): UnitTest(case.stdin, draft.texts[at]) for at, case in enumerate(draft.cases)},
            _judging(draft.problem),
        )
        for key, draft in drafts.items()
        if draft.program
    }
    filled = await bars.filled("running the converted solutions", sandbox, list(tables.values()))
    return dict(zip(tables, filled, strict=True))


def _confirmed(draft: _Draft, printed: ProgramTable | None) -> None:
    """Keep the cases whose text the program printed, well within the time limit."""
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


def _row(draft: _Draft, kind: str, most_tests: int) -> dict[str, Any]:
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
        "memory_limit_mb": _MEMORY_MB,
        "source": kind,
        **problem.extra,
    }
    if draft.comparison != "tokens":
        row["comparison"] = draft.comparison
    if draft.program:
        row["reference_solution"] = draft.program
    return row
