"""HumanEval and HumanEval+ as functional problems."""

from __future__ import annotations

import ast
import re
from typing import Any

from evaluator.datasets.functional.asserts import Assertion, assertions, oracle_of, retyped
from evaluator.datasets.functional.format import Format, Row
from evaluator.datasets.functional.function import UNKNOWN, Call, Dropped, FunctionProblem, Oracle
from evaluator.datasets.rows import list_of, text_of

LEAST_PLUS = 8
"""Least number of hidden tests of a converted EvalPlus problem: CURE scores programs with that many."""

_JUDGED = ("HumanEval/32",)
"""Problems for which several results are right (any zero of a polynomial), although HumanEval+ Mini does not say so."""


def humaneval(row: Row, where: str) -> FunctionProblem:
    """The problem of one row of HumanEval, or of HumanEval+ where it has `base_input`.

    Raises DatasetError, which begins with `where`, if a field is missing or of a wrong type.
    """
    name, entry = text_of(row, "task_id", where), text_of(row, "entry_point", where)
    prompt, solution = text_of(row, "prompt", where), text_of(row, "canonical_solution", where)
    reference = prompt + solution
    plus = "base_input" in row
    tested = not plus or row.get("test") is not None  # HumanEval+ Mini has no assertions
    found = assertions(text_of(row, "test", where), "candidate") if tested else []
    oracle = Oracle("other") if name in _JUDGED else oracle_of(found) if tested else Oracle()
    calls, dropped = (calls_of_json(row, found, where), ()) if plus else calls_of_assertions(name, found)
    return FunctionProblem(
        name=name,
        statement=statement(prompt, entry),
        entry_point=entry,
        parameters=parameters(reference, entry),
        reference=reference,
        calls=calls,
        prompt=prompt,
        oracle=with_tolerance(oracle, row.get("atol")),
        least_tests=LEAST_PLUS if plus else 1,
        dropped=dropped,
    )


HUMANEVAL = Format(lambda row: "canonical_solution" in row and "test" in row and "base_input" not in row, humaneval)
HUMANEVAL_PLUS = Format(lambda row: "base_input" in row and not is_mbpp(row), humaneval)


def is_mbpp(row: Row) -> bool:
    """Whether a row of EvalPlus is one of MBPP+."""
    return str(row.get("task_id")).startswith("Mbpp")


def calls_of_assertions(name: str, found: list[Assertion]) -> tuple[tuple[Call, ...], tuple[Dropped, ...]]:
    """The calls in assertions, and the assertions left out because their arguments are computed."""
    calls: list[Call] = []
    dropped: list[Dropped] = []
    truth = oracle_of(found).kind == "truth"
    for number, item in enumerate(found):
        if item.arguments is None:
            dropped.append(
                Dropped(name, f"assert {number}", "the arguments are computed, not literal", item.text[:200])
            )
        else:
            bare = item.oracle == Oracle("truth") and not truth  # states only the truth value of the result
            calls.append(Call(f"assert {number}", item.arguments, UNKNOWN if bare else item.expected, public=True))
    return tuple(calls), tuple(dropped)


def calls_of_json(row: Row, found: list[Assertion], where: str) -> tuple[Call, ...]:
    """The calls of a problem of EvalPlus. Lists become tuples or sets like the arguments in the assertions `found`."""
    literal = [item.arguments for item in found if item.arguments is not None]
    calls: list[Call] = []
    for kind, public in (("base", True), ("plus", False)):
        for number, arguments in enumerate(list_of(row, f"{kind}_input", where)):
            models = [[values[at] for values in literal if at < len(values)] for at in range(len(arguments))]
            made = tuple(retyped(value, model) for value, model in zip(arguments, models, strict=True))
            calls.append(Call(f"{kind} {number}", made, public=public))
    return tuple(calls)


def with_tolerance(oracle: Oracle, atol: Any) -> Oracle:
    """The oracle with the row's absolute tolerance `atol`, where this is a positive number."""
    tolerance = float(atol) if isinstance(atol, int | float) and atol > 0 else None
    return Oracle(oracle.kind, tolerance if tolerance is not None else oracle.tolerance)


def parameters(source: str, entry: str) -> tuple[str, ...]:
    """The names of the function's parameters; empty if the source does not define it."""
    node = _definition(source, entry)
    return tuple(item.arg for item in node.args.posonlyargs + node.args.args) if node else ()


def statement(prompt: str, entry: str) -> str:
    """The docstring of the function to write, without doctests, and the definitions that are given with it."""
    node = _definition(prompt + "\n    pass\n", entry)
    text = (ast.get_docstring(node) if node else None) or prompt
    text = without_doctests(text).strip()
    before = "\n".join(prompt.split("\n")[: node.lineno - 1]) if node else ""
    if "def " in before:
        text = f"These definitions are given:\n\n```python\n{before.strip()}\n```\n\n{text}"
    return text


def without_doctests(text: str) -> str:
    """The text without `>>>` lines and their output; the examples follow the statement in stdin/stdout form."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if line.lstrip().startswith(">>>"):
            inside = True
        elif not line.strip():
            inside = False
        if not inside:
            kept.append(line)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept))


def _definition(source: str, entry: str) -> ast.FunctionDef | None:
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    found = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == entry]
    return found[-1] if found else None
