"""Reads raw records of LiveCodeBench: stdin/stdout problems as rows of CURE's JSON, all others as functional problems.

The private tests of a record are JSON, or base64 of zlib of a pickle of one JSON string. The string is read without
unpickling, which could run code.
"""

from __future__ import annotations

import ast
import base64
import binascii
import json
import re
import textwrap
import zlib
from typing import Any

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.functional.format import Format, Row
from evaluator.datasets.functional.function import Call, Dropped, FunctionProblem, Oracle
from evaluator.datasets.rows import text_of
from evaluator.datasets.sources.pickled import pickled_string

TIME_LIMIT_S = 8.0
_MOST_BYTES = 1 << 30
_KEPT = ("question_title", "platform", "question_id", "contest_id", "contest_date", "difficulty")
_TOLERANCE = 1e-5
"""Absolute tolerance of the contest sites where a result is a real number."""


def livecodebench(row: Row, where: str) -> FunctionProblem | dict[str, Any]:
    """The record as a functional problem, or as a finished row of CURE's JSON if it is stdin/stdout.

    Raises DatasetError, which begins with `where`, if a field is missing or malformed.
    """
    public = _tests(text_of(row, "public_test_cases", where), f"{where}: 'public_test_cases'")
    private = _tests(text_of(row, "private_test_cases", where), f"{where}: 'private_test_cases'")
    name = str(row.get("question_id") or row.get("question_title") or where)
    extra = {field: row[field] for field in _KEPT if row.get(field) is not None}
    if date := row.get("contest_date"):
        extra["date"] = str(date)[:10]
    if all(test["testtype"] == "stdin" for test in public + private):
        return _ready(name, text_of(row, "question_content", where), public, private, extra)
    return _functional(row, where, name, public, private, extra)


LIVECODEBENCH = Format(lambda row: "public_test_cases" in row, livecodebench)


def private_tests(text: str, where: str) -> str:
    """The JSON text of the private tests, unpacked if `text` is packed.

    Raises DatasetError, which begins with `where`, if `text` is neither JSON nor packed JSON.
    """
    if text.lstrip().startswith("["):
        return text
    try:
        packed = base64.b64decode(text, validate=True)
        inflater = zlib.decompressobj()
        data = inflater.decompress(packed, _MOST_BYTES)
        if not inflater.eof:
            raise ValueError("cut off, or larger than 1 GiB")
        return pickled_string(data)
    except (ValueError, zlib.error, binascii.Error) as error:
        raise DatasetError(f"{where}: neither JSON nor base64 of zlib of a pickled string: {error}") from error


def _tests(text: str, where: str) -> list[dict[str, str]]:
    try:
        tests = json.loads(private_tests(text, where))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DatasetError(f"{where}: not valid JSON ({error})") from error
    fields = ("input", "output", "testtype")
    if not isinstance(tests, list) or not all(
        isinstance(test, dict) and all(isinstance(test.get(field), str) for field in fields) for test in tests
    ):
        raise DatasetError(f"{where}: expected a list of objects with the texts input, output and testtype")
    return tests


def _ready(
    name: str,
    content: str,
    public: list[dict[str, str]],
    private: list[dict[str, str]],
    extra: dict[str, Any],
) -> dict[str, Any]:
    shown = {test["input"].strip() for test in public}
    hidden = [test for test in private if test["input"].strip() not in shown]
    return {
        "name": name,
        "question": content,
        "example_input": [_ended(test["input"]) for test in public],
        "example_output": [_ended(test["output"]) for test in public],
        "test_input": [_ended(test["input"]) for test in hidden],
        "test_output": [_ended(test["output"]) for test in hidden],
        "test_time_limit": TIME_LIMIT_S,
        "source": "livecodebench",
        **extra,
    }


def _ended(text: str) -> str:
    return text if text.endswith("\n") else f"{text}\n"


def _functional(
    row: Row,
    where: str,
    name: str,
    public: list[dict[str, str]],
    private: list[dict[str, str]],
    extra: dict[str, Any],
) -> FunctionProblem:
    starter = str(row.get("starter_code") or "")
    entry, parameters = _signature(row, starter, where)
    calls: list[Call] = []
    dropped: list[Dropped] = []
    for kind, tests in (("public", public), ("private", private)):
        for number, test in enumerate(tests):
            at = f"{kind} {number}"
            try:
                arguments = tuple(json.loads(line) for line in test["input"].split("\n") if line.strip())
                expected = json.loads(test["output"])
            except (json.JSONDecodeError, RecursionError) as error:
                dropped.append(Dropped(name, at, f"is not one JSON value a line: {error}", test["input"][:80]))
                continue
            calls.append(Call(at, arguments, expected, public=kind == "public"))
    return FunctionProblem(
        name=name,
        statement=without_examples(text_of(row, "question_content", where)),
        entry_point=entry,
        parameters=parameters,
        reference="",
        calls=tuple(calls),
        oracle=Oracle(tolerance=_TOLERANCE),
        time_limit_s=TIME_LIMIT_S,
        dropped=tuple(dropped),
        tuples_are_lists=True,
        extra=extra,
    )


def without_examples(text: str) -> str:
    """The statement without the lines `Input: ...` and `Output: ...` of its examples.

    The examples are added later in their converted form. Their explanations are kept.
    """
    text = re.sub(r"^[ \t]*\**Input:?\**:?[ \t].*\n+(?:[ \t]*\**Output:?\**:?[ \t].*(?:\n|$))?", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _signature(row: Row, starter: str, where: str) -> tuple[str, tuple[str, ...]]:
    """The function's name and its parameters without `self`."""
    try:
        metadata = json.loads(row.get("metadata") or "{}")
    except (json.JSONDecodeError, TypeError) as error:
        raise DatasetError(f"{where}: 'metadata' is not valid JSON ({error})") from error
    entry = str(metadata.get("func_name") or "") if isinstance(metadata, dict) else ""
    try:
        tree = ast.parse(textwrap.dedent(starter).rstrip() + "\n        pass\n")
    except SyntaxError:
        return entry, ()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name == (entry or node.name):
            return node.name, tuple(item.arg for item in node.args.args if item.arg != "self")
    return entry, ()
