"""A functional problem under conversion to a row of CURE's JSON: results, their text, the converted solution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cure.table import Cell, ProgramTable
from evaluator.datasets.functional import wording
from evaluator.datasets.functional.codec import mark_literal, result_text, sort_entries
from evaluator.datasets.functional.function import UNKNOWN, Dropped, FunctionProblem, LeftOut
from evaluator.datasets.functional.prepare import Case, Prepared, is_literal, kind_of
from evaluator.datasets.functional.program import Encoding, function_main, literal_input, solution
from evaluator.datasets.functional.results import (
    UNREADABLE,
    agrees,
    comparison_of,
    confusable,
    entries_need_order,
    numbers_alike,
    order_shows,
    output_forms,
    output_text,
    parsed,
)
from sandbox import Verdict

MOST_DIGITS = 4300
"""Maximum number of digits of an integer that Python reads and prints by default."""
MEMORY_MB = 512
"""Memory limit of converted problems, in MB."""
_SORTED = "The entries of a dictionary come in ascending order of their keys."
_MANY_DIGITS = "Numbers may have more than 4,300 digits: call sys.set_int_max_str_digits(0) first."
_UNORDERED = {
    "unordered-tokens": "They may be printed in any order.",
    "unordered-lines": "The lines may be printed in any order, except a line that gives the number of entries.",
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
    function_tests: list[tuple[Case, Any]] = field(default_factory=list)
    """Cases that are tests of functions only, not of whole programs, with their results."""
    function_texts: list[str] = field(default_factory=list)
    """The expected output of each of `function_tests`."""
    unordered: bool = False
    """Whether the order of the items of some result depends on the iteration order of a set."""
    encoding: Encoding = field(default_factory=lambda: Encoding(inputs=(), outputs={}))
    comparison: str = "tokens"
    program: str = ""
    """The converted reference solution; empty where the set has none."""
    slowest_s: float = 0.0
    """CPU seconds of the reference solution's slowest test."""

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

    `results` has the reference solution's results in the row `direct` and, where its source makes sets, those with sets
    iterated in reverse in the row `backwards`; None where the data set has no reference solution.
    """
    _read_results(draft, results)
    _write_results(draft)
    outputs = draft.encoding.outputs
    draft.comparison = comparison_of(draft.problem.oracle, outputs, draft.values, draft.unordered)
    # Under these comparisons the strings of all kept results have single blanks only: see `comparison_of`.
    draft.encoding = replace(
        draft.encoding, single_blanks="str" in outputs and draft.comparison in ("tokens", "release")
    )
    _write_function_results(draft)
    if draft.problem.reference:
        draft.program = solution(draft.problem, draft.encoding)


def _read_results(draft: Draft, results: ProgramTable | None) -> None:
    """Keep the cases whose result is a plain value and agrees with the one that the test states, if any.

    A result may depend on the order of a set only in the order of its items.
    """
    problem = draft.problem
    kept: list[int] = []
    first_function = len(draft.prepared.cases)
    draft.cases = [*draft.prepared.cases, *draft.prepared.function_cases]
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
        if at < first_function:
            draft.values[at] = value
            kept.append(at)
        else:
            draft.function_tests.append((case, value))
    draft.keep(kept)


def _write_results(draft: Draft) -> None:
    """Choose the forms of the results, and keep the cases whose result keeps its value and type as text."""
    values, draft.values = draft.values, numbers_alike(draft.values)
    bools_as_integers = [*map(type, values)] != [*map(type, draft.values)]
    outputs = output_forms(draft.values)
    in_order = any(entries_need_order(value, outputs[type(value).__name__]) for value in draft.values)
    if in_order:
        draft.values = [sort_entries(value) for value in draft.values]
    texts = {at: text for at, value in enumerate(draft.values) if (text := output_text(outputs, value)) is not None}
    alike = confusable(texts, draft.values)
    kept = [at for at in texts if at not in alike]
    lost = [at for at in range(len(draft.cases)) if at not in kept]
    if lost and len(kept) < draft.prepared.examples + draft.prepared.least:
        reason = kind_of([draft.values[at] for at in lost])
        raise LeftOut(f"the result: {reason}", f"{len(kept)} of {len(draft.cases)} survive")
    for at in lost:
        case = draft.cases[at]
        arguments = case.call.arguments
        if is_literal(arguments):
            draft.function_tests.append((replace(case, stdin=literal_input(arguments)), draft.values[at]))
        else:
            draft.drop(case, "the result does not survive as text", repr(draft.values[at])[:80])
    draft.texts = [texts.get(at, "") for at in range(len(draft.cases))]
    draft.keep(kept)
    present = {type(value).__name__ for value in draft.values}
    outputs = {name: form for name, form in outputs.items() if name in present}
    draft.encoding = Encoding(
        inputs=draft.prepared.inputs,
        outputs=outputs,
        in_order=in_order,
        bools_as_integers=bools_as_integers,
        many_digits=any(len(word) > MOST_DIGITS for text in draft.texts for word in text.split()),
    )


def _write_function_results(draft: Draft) -> None:
    """Write the results of tests of functions alone, or drop these tests where the number of tests is limited."""
    encoding = draft.encoding
    if not draft.prepared.unlimited:
        draft.function_tests = []
    forms = dict(encoding.outputs)
    values = [sort_entries(value) if encoding.in_order else value for _, value in draft.function_tests]
    draft.function_texts = [
        mark_literal(forms, value, result_text(forms, value, encoding.single_blanks)) for value in values
    ]


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
    """Keep the cases whose expected output the converted solution prints; raises LeftOut where they are too few.

    `printed` has the row `solution` for tests of whole programs and the row `function` for tests of functions alone;
    its columns are the numbers of the tests. None keeps all cases.
    """
    if printed is None:
        return
    tests = [*zip(draft.cases, draft.texts, strict=True)]
    tests += [(case, text) for (case, _), text in zip(draft.function_tests, draft.function_texts, strict=True)]
    kept: list[int] = []
    for at, (case, text) in enumerate(tests):
        cell = printed.cells["solution" if at < len(draft.cases) else "function", str(at)]
        if cell.verdict is not Verdict.OK:
            draft.drop(case, f"the converted solution ends with {cell.verdict}", cell.reason)
        elif cell.stdout != text:
            draft.drop(case, "the converted solution prints something else", cell.stdout[:80])
        else:
            kept.append(at)
            draft.slowest_s = max(draft.slowest_s, cell.cpu_s)
    first_function = len(draft.cases)
    functions = [at - first_function for at in kept if at >= first_function]
    draft.function_tests = [draft.function_tests[at] for at in functions]
    draft.function_texts = [draft.function_texts[at] for at in functions]
    draft.keep([at for at in kept if at < first_function])


def row_of(draft: Draft, kind: str, most_tests: int | None) -> dict[str, Any]:
    """The row of CURE's JSON; `kind` is the format of the source.

    At most `most_tests` hidden tests are kept; None keeps all.
    """
    problem, examples = draft.problem, draft.prepared.examples
    tests = [(case.stdin, text) for case, text in zip(draft.cases, draft.texts, strict=True)]
    public, hidden = tests[:examples], tests[examples:][:most_tests]
    for case in draft.cases[examples + len(hidden) :]:
        draft.drop(case, "not needed: spare", "")
    encoding = draft.encoding
    remark = _SORTED if encoding.in_order else _UNORDERED.get(draft.comparison, "")
    if encoding.many_digits:
        remark = f"{remark} {_MANY_DIGITS}".strip()
    limit_s = problem.time_limit_s
    while draft.slowest_s > limit_s / 2:
        limit_s *= 2
    row: dict[str, Any] = {
        "name": problem.name,
        "question": wording.question(
            problem.statement, draft.prepared.names, encoding.inputs, encoding.outputs, public, remark
        ),
        "example_input": [given for given, _ in public],
        "example_output": [expected for _, expected in public],
        "test_input": [given for given, _ in hidden],
        "test_output": [expected for _, expected in hidden],
        "test_time_limit": limit_s,
        "memory_limit_mb": MEMORY_MB,
        "source": kind,
        "function": {
            "prompt": problem.prompt,
            "solution": problem.reference,
            "main": function_main(problem, encoding),
            "test_input": [case.stdin for case, _ in draft.function_tests],
            "test_output": draft.function_texts,
        },
        **problem.extra,
    }
    if draft.comparison != "tokens":
        row["comparison"] = draft.comparison
    if draft.program:
        row["reference_solution"] = draft.program
    return row
