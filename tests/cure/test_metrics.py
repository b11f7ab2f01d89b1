"""The metrics of CURE's released evaluation, compared with golden files and with counts by hand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cure.errors import ProblemError
from cure.metrics.case_file import load_cases
from cure.metrics.release import ReleaseOptions, score
from cure.metrics.verdicts import ProblemVerdicts, verdicts


def table(hidden: list[list[int]], generated: list[list[int]]) -> ProblemVerdicts:
    return verdicts(np.array(hidden, dtype=np.bool_), np.array(generated, dtype=np.bool_))


def stored(rows: list[dict[str, Any]]) -> Sequence[ProblemVerdicts]:
    return load_cases([{"config": {}, "problems": rows}], "golden")[0].problems


def check(problems: Sequence[ProblemVerdicts], config: dict[str, Any], expected: dict[str, Any]) -> None:
    pairs = tuple((n, m) for n, m in config["scale_tuple_list"])
    found = score(problems, ReleaseOptions(pairs, config["single_eval"], config["max_test"]))
    assert json.loads(json.dumps(asdict(found.counts))) == expected["counts"]
    assert found.error == expected["error"]
    if expected["error"]:
        assert found.reason
        assert all(best.acc is None and best.accumulate_acc is None for best in found.printed.bon)
    else:
        assert json.loads(json.dumps(asdict(found.printed))) == expected["printed"]


def test_release_metrics_equal_the_golden_file(shared_data: Path) -> None:
    cases = json.loads((shared_data / "cure-golden" / "metrics.json").read_text())["cases"]
    assert len(cases) == 35
    for case in cases:
        check(stored(case["problems"]), case["config"], case["expected"])


def test_release_metrics_equal_the_golden_file_of_real_tables(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "real_humaneval_bon.json").read_text())
    problems = stored(golden["problems"])
    for run in golden["runs"]:
        check(problems, run["config"], run["expected"])


PUBLISHED_FIGURE = table(
    [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]],
    [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0] * 6],
)
"""Figure 3 of the CURE paper (arXiv 2506.03136): six programs on three hidden and six generated tests."""


def test_the_ratios_of_a_table_one_can_count_by_hand() -> None:
    found = score([PUBLISHED_FIGURE], ReleaseOptions(((6, 6), (6, 0))))
    assert found.printed.code_acc == 3 / 6
    assert found.printed.code_accumulate_acc == 12 / 18
    assert found.printed.ut_acc == 3 / 6
    assert found.printed.ut_accumulate_acc == 12 / 18
    assert found.printed.p_01 == 1 - 6 / 9
    assert found.printed.p_00 == 1 / 9
    assert [best.acc for best in found.printed.bon] == [1.0, 1.0]
    assert (found.error, found.reason) == (None, None)


def test_best_of_n_ties_go_to_the_lowest_index() -> None:
    wrong_first = score([table([[0], [1]], [[1], [1]])], ReleaseOptions(((2, 1),)))
    right_first = score([table([[1], [0]], [[1], [1]])], ReleaseOptions(((2, 1),)))
    assert [found.printed.bon[0].acc for found in (wrong_first, right_first)] == [0.0, 1.0]


def test_a_problem_without_tests_leaves_every_release_metric() -> None:
    without = verdicts(np.ones((2, 1), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    with_tests = table([[1], [0]], [[1], [1]])
    assert score([without, with_tests], ReleaseOptions()) == score([with_tests], ReleaseOptions())


def test_where_the_release_raises_there_is_a_reason_instead() -> None:
    nothing = verdicts(np.ones((2, 1), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    found = score([nothing], ReleaseOptions(((2, 2),)))
    assert found.error == "ZeroDivisionError: division by zero"
    assert found.reason
    assert found.printed.bon[0].acc is None
    no_hidden = verdicts(np.zeros((2, 0), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    single = score([no_hidden], ReleaseOptions((), single_eval=True))
    assert single.printed.code_acc is None
    assert single.reason


def problem_row(**changes: Any) -> dict[str, Any]:
    row = {"n_code": 1, "n_test_total": 1, "n_case": 0, "test_table": [[True]], "case_table": []}
    return row | changes


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (problem_row(n_code=2), "'test_table' has 1 rows, expected one for each of 2 programs"),
        (problem_row(test_table=[[True, False]]), "'test_table' row 0 has 2 entries, expected 1"),
        (problem_row(case_table=[[True]]), "'case_table' row 0 has 1 entries, expected 0"),
        (problem_row(n_case=1, case_table=[[1]]), "case_table[0][0] is a whole number, expected true or false"),
        (problem_row(n_case=-1), "'n_case' is -1, expected at least 0"),
        (problem_row(code_extracted=[]), "'code_extracted' has 0 entries, expected 1"),
        (problem_row(public_table=[[True], [True]]), "'public_table' has 2 rows, expected one for each of 1 programs"),
        (problem_row(case_outputs=[["1"]]), "'case_outputs' row 0 has 1 entries, expected 0"),
        (problem_row(requested_tests=1, case_extracted=[]), "'requested_tests' is 1, but 'case_table' has 0 tests"),
        (problem_row(pool={"right": [True]}), "'pool': the field 'case_table' is missing"),
        (
            problem_row(pool={"right": [True], "case_table": [[None]]}),
            "'pool': case_table[0][0] is null, expected true or false",
        ),
        (
            problem_row(pool={"right": [True], "case_table": [[True]]}),
            "'pool': 'case_table' row 0 has 1 entries, expected 0",
        ),
    ],
)
def test_a_problem_whose_parts_do_not_fit_is_refused(row: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        load_cases([{"config": {}, "problems": [problem_row(), row]}], "p.json")
    assert str(error.value) == f"p.json: cases[0]: problems[1]: {message}"
