"""One row of CURE's JSON, checked field by field."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from typing import Any, TypeGuard

from cure.errors import ProblemError
from cure.problem import Problem, Submission, TestOrigin, UnitTest

_NAMES = ("name", "id", "task_id")
_TESTS = ("example_input", "example_output", "test_input", "test_output")
_TEXTS = ("comparison", "checker", "reference_solution")
_KNOWN = frozenset(
    {"name", "question", "test_time_limit", "memory_limit_mb", "submissions", "difficulty", "date", *_TESTS, *_TEXTS}
)
_SOURCES = ("code", "program", "source")
_LABELS = ("correct", "accepted_here", "is_solved")
_OTHER_WORDS_FOR_QUESTION = ("problem", "statement", "prompt", "description", "task", "text")

_MOST = {"test_time_limit": (3600, "seconds"), "memory_limit_mb": (1_048_576, "megabytes")}
"""The largest limit a row may set, and its unit: beyond an hour or a terabyte it is a mistake."""

_TYPES = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def problem_from_row(row: object, where: str, default_name: str) -> Problem:
    """The problem a row describes; raises ProblemError beginning with `where` and naming the field."""
    if not isinstance(row, dict):
        raise ProblemError(f"{where}: is {_type(row)}, expected an object with the field 'question'")
    question = row.get("question")
    if "question" not in row:
        raise ProblemError(f"{where}: the required field 'question' is missing{_hint('question', row)}")
    if not _is_text(question):
        raise ProblemError(f"{where}: 'question' is {_type(question)}, expected text")
    if not question.strip():
        raise ProblemError(f"{where}: 'question' is empty; a problem needs a statement")
    return Problem(
        question=question,
        examples=_tests(row, "example", "public", where),
        hidden=_tests(row, "test", "hidden", where),
        time_limit_s=_positive(row, "test_time_limit", 1.0, where),
        memory_mb=int(_positive(row, "memory_limit_mb", 256, where)),
        name=_name(row, where) or default_name,
        comparison=_text(row, "comparison", where),
        checker=_text(row, "checker", where),
        reference=_text(row, "reference_solution", where),
        submissions=_submissions(row, where),
        difficulty=_word(row, "difficulty", where),
        date=(_word(row, "date", where) or _word(row, "contest_date", where))[:10],
        extra={key: value for key, value in row.items() if key not in _KNOWN},
    )


def _tests(row: Mapping[str, Any], kind: str, origin: TestOrigin, where: str) -> tuple[UnitTest, ...]:
    inputs, outputs = _texts(row, f"{kind}_input", where), _texts(row, f"{kind}_output", where)
    if len(inputs) != len(outputs):
        missing = next((field for field in (f"{kind}_input", f"{kind}_output") if field not in row), None)
        reason = f"; '{missing}' is missing{_hint(missing, row)}" if missing else ""
        raise ProblemError(
            f"{where}: '{kind}_input' has {_count(len(inputs))} and '{kind}_output' has {_count(len(outputs))}, "
            f"expected as many{reason}"
        )
    return tuple(UnitTest(given, expected, origin) for given, expected in zip(inputs, outputs, strict=True))


def _texts(row: Mapping[str, Any], field: str, where: str) -> list[str]:
    value = row.get(field)
    if value is None:
        return []
    if not isinstance(value, list):
        raise ProblemError(f"{where}: '{field}' is {_type(value)}, expected a list of texts")
    for index, item in enumerate(value):
        if not _is_text(item):
            raise ProblemError(f"{where}: '{field}'[{index}] is {_type(item)}, expected text")
    return value


def _text(row: Mapping[str, Any], field: str, where: str) -> str:
    """The field's text; empty where the row has none."""
    value = row.get(field)
    if value is None:
        return ""
    if not _is_text(value):
        raise ProblemError(f"{where}: '{field}' is {_type(value)}, expected text")
    return value


def _word(row: Mapping[str, Any], field: str, where: str) -> str:
    """The field's text; a number (a rating, a year) is written out."""
    value = row.get(field)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else _text(row, field, where)


def _submissions(row: Mapping[str, Any], where: str) -> tuple[Submission, ...]:
    """The programs that the row brings: a list of programs, or of objects with a program and what is known of it."""
    value = row.get("submissions")
    if value is None:
        return ()
    if not isinstance(value, list):
        raise ProblemError(f"{where}: 'submissions' is {_type(value)}, expected a list of programs")
    return tuple(_submission(item, f"{where}: 'submissions'[{index}]") for index, item in enumerate(value))


def _submission(item: object, where: str) -> Submission:
    if isinstance(item, str):
        return Submission(_text({"code": item}, "code", where))
    if not isinstance(item, dict):
        raise ProblemError(f"{where} is {_type(item)}, expected a program or an object with the field 'code'")
    field = next((name for name in _SOURCES if name in item), None)
    if field is None:
        raise ProblemError(f"{where}: the required field 'code' is missing")
    label = next((item[name] for name in _LABELS if isinstance(item.get(name), bool)), None)
    name = " ".join(str(item[part]) for part in ("name", "model", "index") if part in item)
    return Submission(_text(item, field, where), label, name, {key: item[key] for key in item if key != field})


def _positive(row: Mapping[str, Any], field: str, default: float, where: str) -> float:
    value = row.get(field)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ProblemError(f"{where}: '{field}' is {_type(value)}, expected a number")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number) or number <= 0 or (field == "memory_limit_mb" and number < 1):
        raise ProblemError(f"{where}: '{field}' is {str(value)[:40]}, expected a positive number")
    most, unit = _MOST[field]
    if number > most:
        raise ProblemError(f"{where}: '{field}' is {str(value)[:40]}, expected at most {most} {unit}")
    return number


def _name(row: Mapping[str, Any], where: str) -> str:
    for field in _NAMES:
        value = row.get(field)
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, int | str):
            if field == "name":
                raise ProblemError(f"{where}: 'name' is {_type(value)}, expected text")
            continue
        return str(value)
    return ""


def _is_text(value: object) -> TypeGuard[str]:
    """Whether it is a string that can be written as UTF-8: JSON can hold half of a surrogate pair."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _type(value: object) -> str:
    if isinstance(value, str) and not _is_text(value):
        return "text with half a surrogate pair"
    return _TYPES.get(type(value), type(value).__name__)


def _count(number: int) -> str:
    return "1 text" if number == 1 else f"{number} texts"


def _hint(field: str, row: Mapping[str, Any]) -> str:
    """Which unknown field of the row may have been meant."""
    unknown = [key for key in row if key not in _KNOWN]
    if field == "question":
        for key in unknown:
            if key.lower() in _OTHER_WORDS_FOR_QUESTION:
                return f"; it has {key!r}: did you mean 'question'?"
    nearest = difflib.get_close_matches(field, unknown, n=1)
    return f"; it has {nearest[0]!r}: did you mean {field!r}?" if nearest else ""
