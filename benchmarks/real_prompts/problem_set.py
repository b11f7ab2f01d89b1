"""The fixed set of real problems on which prompts are compared, and a second set on which they are tuned.

Rule of the fixed set, in the order of the files:

* HumanEval+ in stdin/stdout form: every fifth problem from the first on, the first 28;
* MBPP+ in stdin/stdout form: every fifteenth problem from the first on, the first 20;
* Kattis: of the problems that come with right and wrong programs, those whose statement has at most 2,500 characters
  and that keep at least five hidden tests, the first 8;
* APPS: of the problems that come with programs, one of them labelled right, those whose statement has at most 2,500
  characters and that keep at least five hidden tests, the first 8.

The tuning set shares no problem with the fixed set: HumanEval+ every fifth from the third on, the first 16, and MBPP+
every fifteenth from the eighth on, the first 8.

A problem of Kattis or APPS gets its first program labelled right as its reference solution. All other programs are left
out, and so are hidden tests of more than 20,000 characters, which make executions long.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

from cure.problem import Problem
from cure.problem.row import problem_from_row

_LONGEST_TEST = 20_000  # characters
_FEWEST_TESTS = 5
_LABELS = ("accepted_here", "is_solved")

Row = dict[str, Any]


def fixed_set(data: Path) -> list[Row]:
    """Rows in CURE's schema, 64 of them, of the data sets under `data`; the first 32 are every second of each set."""
    rows = [
        *_rows(data, "stdio-he-mbpp/humaneval_plus_stdio")[::5][:28],
        *_rows(data, "stdio-he-mbpp/mbpp_plus_stdio")[::15][:20],
        *_short(_rows(data, "kattis/kattis_discrimination"), 2_500)[:8],
        *_short(_rows(data, "apps/apps_stdio"), 2_500)[:8],
    ]
    return rows[::2] + rows[1::2]


def tuning_set(data: Path) -> list[Row]:
    """Rows in CURE's schema, 24 of them, none of which is in the fixed set."""
    return [
        *_rows(data, "stdio-he-mbpp/humaneval_plus_stdio")[2::5][:16],
        *_rows(data, "stdio-he-mbpp/mbpp_plus_stdio")[7::15][:8],
    ]


def problems_of(rows: list[Row]) -> list[Problem]:
    """The problems of these rows."""
    return [problem_from_row(row, f"problem {number}", str(number)) for number, row in enumerate(rows)]


def _short(rows: list[Row], longest: int) -> list[Row]:
    return [
        row
        for row in rows
        if row["reference_solution"] and len(row["question"]) <= longest and len(row["test_input"]) >= _FEWEST_TESTS
    ]


def _rows(data: Path, name: str) -> list[Row]:
    with gzip.open(data / f"{name}.json.gz", "rt", encoding="utf-8") as file:
        return [_row(row) for row in json.load(file)]


def _row(row: Row) -> Row:
    """The row with a reference solution, without programs and long hidden tests."""
    right = (item["code"] for item in row.get("submissions", ()) if any(item.get(label) for label in _LABELS))
    tests = [
        pair for pair in zip(row["test_input"], row["test_output"], strict=True) if max(map(len, pair)) <= _LONGEST_TEST
    ]
    kept = ("task_id", "question", "difficulty", "test_time_limit", "example_input", "example_output")
    return {
        **{field: row[field] for field in kept if field in row},
        "test_input": [given for given, _ in tests],
        "test_output": [expected for _, expected in tests],
        "reference_solution": row.get("reference_solution") or next(right, ""),
    }
