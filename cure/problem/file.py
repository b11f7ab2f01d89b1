"""Reads problems from files: CURE's JSON, JSONL and Parquet with the same fields, statements, and problem packages.
Every file but Parquet and zip may be gzipped (`.json.gz`).

A row, the JSON object of one problem, has `question` and optionally `example_input`, `example_output`, `test_input`,
`test_output` (lists of texts), `test_time_limit` (seconds), `memory_limit_mb`, and a name (`name`, else `id` or
`task_id`). How outputs are judged: `comparison` (a name) or `checker` (a program); for measuring only:
`reference_solution`, `submissions`, `difficulty`, `date`. Unknown fields are kept. A row may also be a problem in the
JSON of competitive-companion (`cure.problem.companion`).

A Markdown or text file is one problem: the statement as it stands, named by its first heading, with the samples that
`cure.problem.statement` finds in it. A directory or a zip file is a package of Polygon or of the ICPC
(`cure.problem.packages`).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.case_file import parsed_json, plain_name, read_text
from cure.errors import ProblemError
from cure.problem import Problem
from cure.problem.companion import is_companion, problem_from_companion
from cure.problem.packages import is_package, read_package
from cure.problem.row import problem_from_row, submission_row
from cure.problem.statement import Statement, read_statement

_JSON_LINES = (".jsonl", ".ndjson")


@dataclass(frozen=True)
class ProblemFile:
    """The problems of a file."""

    problems: list[Problem]
    notes: tuple[str, ...] = ()
    """Remarks for the user on how the file was read, a line each, such as samples that could not be read."""
    unused: tuple[str, ...] = ()
    """The notes about text that looks like a sample but was not read as a test."""


def load_problems(path: str, text: str | None = None) -> list[Problem]:
    """The problems in the file `path`, or in `text` when it is given; `-` is standard input.

    Raises ProblemError as `read_problem_file` does.
    """
    return read_problem_file(path, text).problems


def read_problem_file(path: str, text: str | None = None) -> ProblemFile:
    """The problems in the file `path`, or in `text` when it is given; `-` is standard input.

    Raises ProblemError, for a file that cannot be read and for a malformed problem, with one line that names file, row
    and field. Problems of a list are counted from 0, as for `--index`; lines of JSONL are counted from 1.
    """
    source = "standard input" if path == "-" else path
    suffix = Path(plain_name(path)).suffix.lower()
    if text is None and path != "-" and is_package(path):
        package = read_package(path)
        return ProblemFile([package.problem], package.notes)
    if suffix == ".parquet" and text is None:
        return _from_rows(source, _parquet_rows(path))
    if text is None:
        text = read_text(path)
    if not text.strip():
        raise ProblemError(f"{source}: is empty; expected a problem as JSON, JSONL, Markdown or text")
    if suffix in _JSON_LINES:
        return _from_rows(source, _json_lines(source, text))
    if suffix == ".json" or (suffix not in (".md", ".markdown", ".txt") and _looks_like_json(text)):
        return _from_rows(source, _json_rows(source, text))
    statement = read_statement(text, source, "stdin" if path == "-" else Path(plain_name(path)).stem)
    return ProblemFile([statement.problem], statement.notes, statement.unused)


def pick(problems: Sequence[Problem], index: int | None) -> Problem:
    """The problem with this index, counted from 0; the only problem if the index is None.

    Raises ProblemError for an index out of range, and for None where there are several problems.
    """
    if index is None:
        if len(problems) == 1:
            return problems[0]
        raise ProblemError(f"the file holds {len(problems)} problems; choose one with --index 0 to {len(problems) - 1}")
    if not 0 <= index < len(problems):
        known = "only problem 0" if len(problems) == 1 else f"problems 0 to {len(problems) - 1}"
        raise ProblemError(f"--index {index}: the file holds {known}")
    return problems[index]


def to_record(problem: Problem) -> dict[str, Any]:
    """The problem as a row of CURE's JSON, unknown fields included.

    Reading the row again gives an equal problem, if it came from such a row. Of any other problem, names and labels of
    submissions are then also in `Submission.extra`, and the origins of tests are not kept.
    """
    return {
        **problem.extra,
        "name": problem.name,
        "question": problem.question,
        "example_input": [test.stdin for test in problem.examples],
        "example_output": [test.expected for test in problem.examples],
        "test_input": [test.stdin for test in problem.hidden],
        "test_output": [test.expected for test in problem.hidden],
        "test_time_limit": problem.time_limit_s,
        "memory_limit_mb": problem.memory_mb,
        **{field: value for field, value in _optional_fields(problem).items() if value},
    }


def _optional_fields(problem: Problem) -> dict[str, Any]:
    return {
        "comparison": problem.comparison,
        "checker": problem.checker,
        "reference_solution": problem.reference,
        "submissions": [submission_row(submission) for submission in problem.submissions],
        "difficulty": problem.difficulty,
        "date": problem.date,
    }


def _looks_like_json(text: str) -> bool:
    start = text.lstrip()
    return start.startswith("{") or (start.startswith("[") and start[1:].lstrip()[:1] in ("{", "]"))


def _json_rows(source: str, text: str) -> list[tuple[str, object]]:
    try:
        value = parsed_json(text, source)
    except ProblemError as error:
        several = isinstance(error.__cause__, json.JSONDecodeError) and error.__cause__.msg == "Extra data"
        if several and text.lstrip().startswith("{") and "\n" in text.strip():
            return _json_lines(source, text)
        raise
    if isinstance(value, dict):
        return [(source, value)]
    if not isinstance(value, list):
        raise ProblemError(f"{source}: expected a problem or a list of problems, found {json.dumps(value)[:40]}")
    if not value:
        raise ProblemError(f"{source}: the list holds no problem")
    return [(f"{source}: problem {index}", row) for index, row in enumerate(value)]


def _json_lines(source: str, text: str) -> list[tuple[str, object]]:
    written = ((number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    return [(f"{source}: line {number}", parsed_json(line, source, number)) for number, line in written]


def _parquet_rows(path: str) -> list[tuple[str, object]]:
    try:
        import pyarrow.parquet  # type: ignore[import-not-found, import-untyped, unused-ignore]  # optional, untyped
    except ImportError:
        raise ProblemError(
            f"{path}: reading Parquet needs pyarrow (pip install pyarrow), or convert it to JSON"
        ) from None
    try:
        rows: list[object] = pyarrow.parquet.read_table(path).to_pylist()
    except (OSError, ValueError) as error:  # pyarrow's own errors derive from these
        raise ProblemError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    if not rows:
        raise ProblemError(f"{path}: holds no problem")
    return [(f"{path}: problem {index}", row) for index, row in enumerate(rows)]


def _from_rows(source: str, rows: Sequence[tuple[str, object]]) -> ProblemFile:
    stem = "stdin" if source == "standard input" else Path(plain_name(source)).stem
    read: list[Statement] = []
    for index, (where, row) in enumerate(rows):
        name = stem if len(rows) == 1 else f"{stem}/{index}"
        if is_companion(row):
            read.append(problem_from_companion(row, where, name))
        else:
            read.append(Statement(problem_from_row(row, where, name)))
    return ProblemFile(
        [statement.problem for statement in read], tuple(note for statement in read for note in statement.notes)
    )
