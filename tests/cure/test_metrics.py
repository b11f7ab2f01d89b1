"""The released evaluation's numbers."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cure.errors import ProblemError
from cure.metrics.release import Settings, score
from cure.metrics.tables import ProblemTables, tables


def table(hidden: list[list[int]], generated: list[list[int]]) -> ProblemTables:
    return ProblemTables(np.array(hidden, dtype=np.bool_), np.array(generated, dtype=np.bool_))


def stored(row: dict[str, Any]) -> ProblemTables:
    return tables(row["test_table"], row["case_table"], row["n_code"], row["n_test_total"], row["n_case"])


def check(problems: list[ProblemTables], config: dict[str, Any], expected: dict[str, Any]) -> None:
    pairs = tuple((n, m) for n, m in config["scale_tuple_list"])
    found = score(problems, Settings(pairs, config["single_eval"], config["max_test"]))
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
        check([stored(row) for row in case["problems"]], case["config"], case["expected"])


def test_release_metrics_equal_the_golden_file_of_real_tables(shared_data: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "real_humaneval_bon.json").read_text())
    problems = [stored(row) for row in golden["problems"]]
    for run in golden["runs"]:
        check(problems, run["config"], run["expected"])


PUBLISHED_FIGURE = table(
    [[1, 1, 1], [1, 1, 1], [1, 1, 1], [1, 1, 0], [1, 0, 0], [0, 0, 0]],
    [[1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0], [0, 1, 1, 0, 0, 0], [0, 0, 1, 0, 0, 1], [0] * 6],
)


def test_the_ratios_of_a_table_one_can_count_by_hand() -> None:
    found = score([PUBLISHED_FIGURE], Settings(((6, 6), (6, 0))))
    assert found.printed.code_acc == 3 / 6
    assert found.printed.code_accumulate_acc == 12 / 18
    assert found.printed.ut_acc == 3 / 6
    assert found.printed.ut_accumulate_acc == 12 / 18
    assert found.printed.p_01 == 1 - 6 / 9
    assert found.printed.p_00 == 1 / 9
    assert [best.acc for best in found.printed.bon] == [1.0, 1.0]
    assert (found.error, found.reason) == (None, None)


def test_best_of_n_ties_go_to_the_lowest_index() -> None:
    wrong_first = score([table([[0], [1]], [[1], [1]])], Settings(((2, 1),)))
    right_first = score([table([[1], [0]], [[1], [1]])], Settings(((2, 1),)))
    assert [found.printed.bon[0].acc for found in (wrong_first, right_first)] == [0.0, 1.0]


def test_a_problem_without_tests_leaves_every_release_metric() -> None:
    without = ProblemTables(np.ones((2, 1), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    with_tests = table([[1], [0]], [[1], [1]])
    assert score([without, with_tests], Settings()) == score([with_tests], Settings())


def test_where_the_release_raises_there_is_a_reason_instead() -> None:
    nothing = ProblemTables(np.ones((2, 1), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    found = score([nothing], Settings(((2, 2),)))
    assert found.error == "ZeroDivisionError: division by zero"
    assert found.reason
    assert found.printed.bon[0].acc is None
    no_hidden = ProblemTables(np.zeros((2, 0), dtype=np.bool_), np.zeros((2, 0), dtype=np.bool_))
    single = score([no_hidden], Settings((), single_eval=True))
    assert single.printed.code_acc is None
    assert single.reason


@pytest.mark.parametrize(
    ("hidden", "generated", "sizes", "message"),
    [
        ([[True]], [], (2, 1, 0), "p: 'test_table' has 1 rows, expected one for each of 2 programs"),
        ([[True], [True, False]], [], (2, 1, 0), "p: 'test_table' row 1 has 2 entries, expected 1"),
        ([[True]], [[1]], (1, 1, 1), "p: 'case_table' row 0 holds something else than true and false"),
    ],
)
def test_tables_of_the_wrong_size_are_refused(
    hidden: list[list[bool]], generated: list[list[bool]], sizes: tuple[int, int, int], message: str
) -> None:
    with pytest.raises(ProblemError) as error:
        tables(hidden, generated, *sizes, where="p")
    assert str(error.value) == message
