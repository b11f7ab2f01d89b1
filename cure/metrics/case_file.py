"""Files of stored tables: `{cases: [{name, config, problems}]}`, `{problems, runs: [{config}]}`, or a list of cases.

A config has `scale_tuple_list`, `single_eval`, `max_test`, each with the release's default, and may name the `data`
(sha256) and the `checker`. A problem has `n_code`, `n_case`, `n_test_total` and the tables `test_table` (programs x
hidden tests, all of them) and `case_table` (programs x generated tests), of true and false, or null where the sandbox
failed. What else may be known of a problem (docs/metrics.md has the list): `name`, or `task_ids` beside the problems;
`requested_tests`; `code_extracted` and `case_extracted`; `case_reference`; `public_table`; `case_inputs`;
`case_outputs`; `pool`. With `case_extracted` the columns of `case_table` are all requested tests.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from cure.case_file import expect, field, rows
from cure.errors import ProblemError
from cure.metrics.release import Settings
from cure.metrics.tables import Booleans, ProblemTables, tables
from cure.metrics.verdicts import Outputs, Pool, ProblemVerdicts, verdicts
from cure.table.compare import normalise

Row = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """Problems, and what is asked of them."""

    name: str
    settings: Settings
    problems: tuple[ProblemVerdicts, ...]
    tables: tuple[ProblemTables, ...]
    """What the released code gets to see: extracted tests only, and a failed sandbox as a failed test."""
    unknown: str
    """Where the first cell is that the sandbox failed on; empty when all are known."""
    data: str | None
    checker: str | None


def load_cases(content: object, path: str) -> list[Case]:
    """The cases, in order; raises ProblemError for anything malformed, beginning with the place."""
    if isinstance(content, list):
        content = {"cases": content}
    whole = expect(content, dict, path)
    if "cases" in whole:
        cases = rows(whole["cases"], f"{path}: 'cases'")
        return [_case(case, _problems(case, where), where) for case, where in _places(cases, f"{path}: cases")]
    if "problems" not in whole or "runs" not in whole:
        raise ProblemError(f"{path}: has neither the list 'cases' nor the lists 'problems' and 'runs'")
    problems = _problems(whole, path)
    runs = rows(whole["runs"], f"{path}: 'runs'")
    return [_case(run, problems, where) for run, where in _places(runs, f"{path}: runs")]


def case_of(name: str, config: Row, problems: Iterable[Row], where: str) -> Case:
    """One case of problems that come one by one: of each only what the metrics need stays in memory."""
    known = [_problem(row, f"#{index}", f"{where}: problems[{index}]") for index, row in enumerate(problems)]
    return _case({"name": name, "config": config}, known, where)


_Problem = tuple[ProblemVerdicts, ProblemTables, str]
"""A problem for both modes, and where its first unknown cell is."""


def _places(listed: list[Row], where: str) -> Iterator[tuple[Row, str]]:
    return ((row, f"{where}[{index}]") for index, row in enumerate(listed))


def _case(row: Row, problems: list[_Problem], where: str) -> Case:
    config = field(row, "config", dict, where)
    return Case(
        name=expect(row.get("name", ""), str, f"{where}: 'name'"),
        settings=_settings(config, f"{where}: 'config'"),
        problems=tuple(known for known, _, _ in problems),
        tables=tuple(table for _, table, _ in problems),
        unknown=next((place for _, _, place in problems if place), ""),
        data=_text(config, "data", f"{where}: 'config'"),
        checker=_text(config, "checker", f"{where}: 'config'"),
    )


def _text(row: Row, name: str, where: str) -> str | None:
    return None if row.get(name) is None else field(row, name, str, where)


def _settings(config: Row, where: str) -> Settings:
    default = Settings()
    pairs = default.scale_tuple_list
    if "scale_tuple_list" in config:
        listed = field(config, "scale_tuple_list", list, where)
        pairs = tuple(_pair(pair, f"{where}: 'scale_tuple_list'[{index}]") for index, pair in enumerate(listed))
    max_test = expect(config.get("max_test", default.max_test), int, f"{where}: 'max_test'")
    if max_test < 1:
        raise ProblemError(f"{where}: 'max_test' is {max_test}, expected at least 1")
    single = expect(config.get("single_eval", default.single_eval), bool, f"{where}: 'single_eval'")
    return Settings(pairs, single, max_test)


def _pair(value: object, where: str) -> tuple[int, int]:
    pair = [expect(number, int, where) for number in expect(value, list, where)]
    if len(pair) != 2 or pair[0] < 1 or pair[1] < 0:
        raise ProblemError(f"{where} is {pair}, expected [n, m] with n at least 1 and m at least 0")
    return pair[0], pair[1]


def _problems(row: Row, where: str) -> list[_Problem]:
    problems = rows(field(row, "problems", list, where), f"{where}: 'problems'")
    names = expect(row.get("task_ids", []), list, f"{where}: 'task_ids'")
    if "task_ids" in row and len(names) != len(problems):
        raise ProblemError(f"{where}: 'task_ids' has {len(names)} entries, expected one for each of {len(problems)}")
    return [
        _problem(problem, str(names[index]) if names else f"#{index}", f"{where}: problems[{index}]")
        for index, problem in enumerate(problems)
    ]


def _problem(row: Row, name: str, where: str) -> _Problem:
    programs, hidden, tests = (field(row, key, int, where) for key in ("n_code", "n_test_total", "n_case"))
    if min(programs, hidden, tests) < 0:
        raise ProblemError(f"{where}: a size is negative")
    hidden_rows, hidden_place = _table(row, "test_table", where)
    case_rows, case_place = _table(row, "case_table", where)
    hidden_known, generated_known = _known(hidden_rows), _known(case_rows)
    whole = tables(_cells(hidden_rows), _cells(case_rows), programs, hidden, tests, where)
    extracted = _flags(row, "case_extracted", tests, where)
    requested = None if row.get("requested_tests") is None else field(row, "requested_tests", int, where)
    problem = verdicts(
        whole.hidden,
        whole.generated,
        name=_text(row, "name", where) or name,
        hidden_known=np.array(hidden_known, dtype=np.bool_).reshape(whole.hidden.shape),
        generated_known=np.array(generated_known, dtype=np.bool_).reshape(whole.generated.shape),
        extracted_programs=_flags(row, "code_extracted", programs, where),
        extracted_tests=extracted,
        requested=_requested(requested, tests, extracted is not None, where),
        reference=_truths(row, tests, where),
        public=_public(row, programs, where),
        inputs=_inputs(row, tests, where),
        outputs=_outputs(row, programs, tests, where),
        pool=_pool(row, tests, where),
    )
    seen = whole.generated if extracted is None else whole.generated[:, np.array(extracted, dtype=np.bool_)]
    return problem, ProblemTables(whole.hidden, seen), hidden_place or case_place


def _requested(requested: int | None, tests: int, placed: bool, where: str) -> int | None:
    if requested is not None and (requested < tests or (placed and requested != tests)):
        raise ProblemError(f"{where}: 'requested_tests' is {requested}, but 'case_table' has {tests} tests")
    return requested


def _table(row: Row, name: str, where: str) -> tuple[list[list[Any]], str]:
    """The rows, and where the first null is."""
    table = field(row, name, list, where)
    listed = [expect(entries, list, f"{where}: {name!r} row {index}") for index, entries in enumerate(table)]
    nulls = (f"{where}: {name!r} row {index}" for index, entries in enumerate(listed) if None in entries)
    return listed, next(nulls, "")


def _cells(listed: list[list[Any]]) -> list[list[Any]]:
    return [[False if entry is None else entry for entry in entries] for entries in listed]


def _known(listed: list[list[Any]]) -> list[list[bool]]:
    return [[entry is not None for entry in entries] for entries in listed]


def _flags(row: Row, name: str, size: int, where: str) -> list[bool] | None:
    if row.get(name) is None:
        return None
    listed = field(row, name, list, where)
    flags = [expect(entry, bool, f"{where}: {name!r}[{index}]") for index, entry in enumerate(listed)]
    _sized(flags, size, f"{where}: {name!r}")
    return flags


def _truths(row: Row, tests: int, where: str) -> list[bool | None] | None:
    if row.get("case_reference") is None:
        return None
    listed = field(row, "case_reference", list, where)
    _sized(listed, tests, f"{where}: 'case_reference'")
    places = enumerate(listed)
    return [None if entry is None else expect(entry, bool, f"{where}: 'case_reference'[{at}]") for at, entry in places]


def _inputs(row: Row, tests: int, where: str) -> list[int | None] | None:
    """Numbers that are equal where inputs are: the texts may be large, and nothing looks at them."""
    if row.get("case_inputs") is None:
        return None
    listed = field(row, "case_inputs", list, where)
    _sized(listed, tests, f"{where}: 'case_inputs'")
    seen: dict[str, int] = {}
    texts = [None if text is None else expect(text, str, f"{where}: 'case_inputs'[{at}]")
             for at, text in enumerate(listed)]  # fmt: skip
    return [None if text is None else seen.setdefault(text, len(seen)) for text in texts]


def _public(row: Row, programs: int, where: str) -> Booleans | None:
    if row.get("public_table") is None:
        return None
    listed, _ = _table(row, "public_table", where)
    width = len(listed[0]) if listed else 0
    return tables(_cells(listed), [[]] * programs, programs, width, 0, where).hidden


def _outputs(row: Row, programs: int, tests: int, where: str) -> Outputs | None:
    """Numbers that are equal where outputs are, compared as the agreement of programs compares them."""
    if row.get("case_outputs") is None:
        return None
    listed, _ = _table(row, "case_outputs", where)
    _sized(listed, programs, f"{where}: 'case_outputs'")
    seen: dict[str, int] = {}
    numbers = np.full((programs, tests), -1, dtype=np.int64)
    for program, entries in enumerate(listed):
        _sized(entries, tests, f"{where}: 'case_outputs' row {program}")
        for test, text in enumerate(entries):
            if text is not None:
                shown = normalise(expect(text, str, f"{where}: 'case_outputs' row {program}: an entry"))
                numbers[program, test] = seen.setdefault(shown, len(seen))
    return numbers


def _pool(row: Row, tests: int, where: str) -> Pool | None:
    """Labelled programs: `{right: [true, ...], case_table}`."""
    if row.get("pool") is None:
        return None
    pool, place = field(row, "pool", dict, where), f"{where}: 'pool'"
    right = field(pool, "right", list, place)
    labels = _flags(pool, "right", len(right), place)
    listed, unknown = _table(pool, "case_table", place)
    if unknown:
        raise ProblemError(f"{unknown} holds null, expected true or false")
    generated = tables([[]] * len(right), listed, len(right), 0, tests, place).generated
    return Pool(np.array(labels, dtype=np.bool_), generated)


def _sized(listed: list[Any], size: int, where: str) -> None:
    if len(listed) != size:
        raise ProblemError(f"{where} has {len(listed)} entries, expected {size}")
