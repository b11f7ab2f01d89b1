"""MBPP, its sanitised version, and MBPP+ as functional problems."""

from __future__ import annotations

import ast
import re

from evaluator.datasets.functional.asserts import assertions, oracle_of
from evaluator.datasets.functional.format import Format, Row
from evaluator.datasets.functional.function import FunctionProblem, Oracle
from evaluator.datasets.functional.humaneval import (
    LEAST_PLUS,
    calls_of_assertions,
    calls_of_json,
    is_mbpp,
    parameters,
    with_tolerance,
)
from evaluator.datasets.rows import list_of, text_of


def mbpp(row: Row, where: str) -> FunctionProblem:
    """The problem of one row of MBPP, which has `text` or `prompt`, `code` and `test_list`.

    Raises DatasetError, which begins with `where`, if a field is missing or of a wrong type.
    """
    code = text_of(row, "code", where).replace("\r\n", "\n")
    tests = [str(test) for test in list_of(row, "test_list", where)]
    imports = [str(line) for line in list_of(row, "test_imports", where)]
    if set_up := str(row.get("test_setup_code") or ""):
        imports.append(set_up)
    entry = _tested(code, tests)
    found = [item for test in tests for item in assertions(test, entry)]
    name = f"Mbpp/{row.get('task_id')}"
    calls, dropped = calls_of_assertions(name, found)
    return FunctionProblem(
        name=name,
        statement=text_of(row, "prompt" if "prompt" in row else "text", where).strip(),
        entry_point=entry,
        parameters=parameters(code, entry),
        reference="\n".join([*imports, code]),
        calls=calls,
        oracle=oracle_of(found),
        dropped=dropped,
    )


def mbpp_plus(row: Row, where: str) -> FunctionProblem:
    """The problem of one row of MBPP+; raises DatasetError if a field is missing or of a wrong type."""
    name, entry = text_of(row, "task_id", where), text_of(row, "entry_point", where)
    prompt, reference = text_of(row, "prompt", where), text_of(row, "canonical_solution", where)
    text = _docstring(prompt)
    shown = assertions("\n".join(line for line in text.split("\n") if line.startswith("assert")), entry)
    found = assertions(text_of(row, "assertion", where), entry)
    oracle = oracle_of(found + shown)
    # Whether the order of a result matters is seen in the asserts of the prompt, not in `assertion`.
    if any(item.oracle == Oracle("unordered") for item in shown):
        oracle = Oracle("unordered", oracle.tolerance)
    return FunctionProblem(
        name=name,
        statement=re.split(r"^assert\b", text, maxsplit=1, flags=re.MULTILINE)[0].strip(),
        entry_point=entry,
        parameters=parameters(reference, entry),
        reference=reference,
        prompt=prompt,
        calls=calls_of_json(row, found, where),
        oracle=with_tolerance(oracle, row.get("atol")),
        least_tests=LEAST_PLUS,
    )


MBPP = Format(lambda row: "test_list" in row and "base_input" not in row, mbpp)
MBPP_PLUS = Format(lambda row: "base_input" in row and is_mbpp(row), mbpp_plus)


def _docstring(prompt: str) -> str:
    try:
        text = ast.get_docstring(ast.parse(prompt))
    except SyntaxError:
        text = None
    return text if text is not None else prompt.strip().strip('"').strip()


def _tested(code: str, tests: list[str]) -> str:
    """The name of the function of the code that the first assertion calls; empty if there is none."""
    try:
        defined = {node.name for node in ast.walk(ast.parse(code)) if isinstance(node, ast.FunctionDef)}
        called = [node.func.id for test in tests[:1] for node in ast.walk(ast.parse(test)) if _is_call(node)]  # type: ignore[attr-defined]
    except SyntaxError:
        return ""
    return next((name for name in called if name in defined), "")


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
