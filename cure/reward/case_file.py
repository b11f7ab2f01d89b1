"""Files of tables to compute rewards of: `{cases: [{name, config, problems}]}`, or just the list of cases.

A config has the released code's switches, each with its default; unknown ones are left alone. A problem has
`all_case_bool_table` (programs x ground-truth tests, then generated tests; or null), `num_ground_truth_test`, and for
each role a prompt, the texts and their lengths in tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from cure.case_file import Kind, expect, field, read_json
from cure.errors import ProblemError
from cure.reward.release import Answers, Problem, Settings
from cure.reward.values import Booleans

_LONGEST = 2**31


@dataclass(frozen=True)
class Case:
    """Problems, and what the released code is told about them."""

    name: str
    settings: Settings
    problems: tuple[Problem, ...]


def load_cases(path: str) -> list[Case]:
    """The cases in the file; raises ProblemError with one line that names the place."""
    content = read_json(path)
    listed = field(content, "cases", list, path) if isinstance(content, dict) else expect(content, list, path)
    return [_case(row, f"{path}: cases[{index}]") for index, row in enumerate(listed)]


def _case(value: object, where: str) -> Case:
    row = expect(value, dict, where)
    config = field(row, "config", dict, where) if "config" in row else {}
    problems = enumerate(field(row, "problems", list, where))
    return Case(
        name=expect(row.get("name", ""), str, f"{where}: 'name'"),
        settings=_settings(config, f"{where}: 'config'"),
        problems=tuple(_problem(problem, f"{where}: problems[{index}]") for index, problem in problems),
    )


def _settings(config: Mapping[str, Any], where: str) -> Settings:
    default = Settings()
    known = {item.name: type(getattr(default, item.name)) for item in fields(Settings)}
    return Settings(**{name: field(config, name, kind, where) for name, kind in known.items() if name in config})


def _problem(value: object, where: str) -> Problem:
    row = expect(value, dict, where)
    codes, tests = (_answers(row, role, where) for role in ("code", "case"))
    ground_truth = field(row, "num_ground_truth_test", int, where)
    if ground_truth < 0:
        raise ProblemError(f"{where}: 'num_ground_truth_test' is {ground_truth}, expected at least 0")
    table = None
    if row.get("all_case_bool_table", ...) is not None:
        rows = field(row, "all_case_bool_table", list, where)
        shape = (len(codes.texts), ground_truth + len(tests.texts))
        table = _table(rows, shape, f"{where}: 'all_case_bool_table'")
    return Problem(table, ground_truth, codes, tests)


def _answers(row: Mapping[str, Any], role: str, where: str) -> Answers:
    prompt = field(row, f"{role}_generation_prompt", str, where)
    texts = _list(row, f"full_{role}_generation", str, where)
    lengths = _list(row, f"{role}_response_length", int, where)
    if len(lengths) != len(texts):
        raise ProblemError(
            f"{where}: '{role}_response_length' has {len(lengths)} entries, expected {len(texts)}, "
            f"one for each of 'full_{role}_generation'"
        )
    if not all(0 <= length < _LONGEST for length in lengths):
        raise ProblemError(f"{where}: '{role}_response_length' holds a length that is negative or too large")
    return Answers(prompt, tuple(texts), np.array(lengths, dtype=np.int64))


def _table(rows: list[Any], shape: tuple[int, int], where: str) -> Booleans:
    codes, columns = shape
    if len(rows) != codes:
        raise ProblemError(f"{where} has {len(rows)} rows, expected {codes}, one for each of 'full_code_generation'")
    for number, row in enumerate(rows):
        entries = expect(row, list, f"{where} row {number}")
        for entry in entries:
            expect(entry, bool, f"{where} row {number}: an entry")
        if len(entries) != columns:
            raise ProblemError(
                f"{where} row {number} has {len(entries)} entries, expected {columns}: "
                "the ground-truth tests, then one for each of 'full_case_generation'"
            )
    return np.array(rows, dtype=np.bool_).reshape(shape)


def _list(row: Mapping[str, Any], name: str, kind: type[Kind], where: str) -> list[Kind]:
    listed = enumerate(field(row, name, list, where))
    return [expect(entry, kind, f"{where}: {name!r}[{index}]") for index, entry in listed]
