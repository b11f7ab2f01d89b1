"""`eval score`: the released evaluation's numbers over a file of stored tables.

The file is `{cases: [{name, config, problems}]}`, or `{problems, runs: [{config}]}` for several configurations of the
same problems, or a list of cases. A config has `scale_tuple_list`, `single_eval`, `max_test`, each with the release's
default; a problem has `n_code`, `n_case`, `n_test_total` and the boolean tables `test_table` (programs x hidden tests,
all of them) and `case_table` (programs x generated tests).

The result is a list, one entry per case or run, in order: `name`, `config`, `printed`, `counts`, `error`, `reason`.
Where the released code raises, `error` names its exception, what it never printed is null and `reason` says why.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from cure.case_file import expect, field, rows
from cure.errors import ProblemError
from cure.metrics.release import Settings, score
from cure.metrics.tables import ProblemTables, tables

Result = dict[str, Any]


def score_cases(content: object, path: str) -> list[Result]:
    """One result per case, in order; raises ProblemError for anything malformed."""
    if isinstance(content, list):
        content = {"cases": content}
    whole = expect(content, dict, path)
    if "cases" in whole:
        cases = rows(whole["cases"], f"{path}: 'cases'")
        return [_case(case, f"{path}: cases[{index}]") for index, case in enumerate(cases)]
    if "problems" not in whole or "runs" not in whole:
        raise ProblemError(f"{path}: has neither the list 'cases' nor the lists 'problems' and 'runs'")
    problems = _problems(whole, path)
    runs = rows(whole["runs"], f"{path}: 'runs'")
    return [_result(run, problems, f"{path}: runs[{index}]") for index, run in enumerate(runs)]


def _case(case: dict[str, Any], where: str) -> Result:
    return _result(case, _problems(case, where), where)


def _result(case: dict[str, Any], problems: list[ProblemTables], where: str) -> Result:
    settings = _settings(field(case, "config", dict, where), f"{where}: 'config'")
    scored = dataclasses.asdict(score(problems, settings))
    return {
        "name": expect(case.get("name", ""), str, f"{where}: 'name'"),
        "config": dataclasses.asdict(settings),
        "printed": scored["printed"],
        "counts": scored["counts"],
        "error": scored["error"],
        "reason": scored["reason"],
    }


def _settings(config: dict[str, Any], where: str) -> Settings:
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


def _problems(row: dict[str, Any], where: str) -> list[ProblemTables]:
    problems = rows(field(row, "problems", list, where), f"{where}: 'problems'")
    return [_problem(problem, f"{where}: problems[{index}]") for index, problem in enumerate(problems)]


def _problem(problem: dict[str, Any], where: str) -> ProblemTables:
    hidden = _table(problem, "test_table", where)
    generated = _table(problem, "case_table", where)
    sizes = [field(problem, name, int, where) for name in ("n_code", "n_test_total", "n_case")]
    if min(sizes) < 0:
        raise ProblemError(f"{where}: a size is negative")
    return tables(hidden, generated, sizes[0], sizes[1], sizes[2], where)


def _table(problem: dict[str, Any], name: str, where: str) -> list[list[Any]]:
    table = field(problem, name, list, where)
    return [expect(row, list, f"{where}: {name!r} row {index}") for index, row in enumerate(table)]
