"""Multi-perspective self-consistency (arXiv 2309.17272): specifications that really run, scores by agreement."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.consistency.graph import consistency
from cure.consistency.specifications import answers, asking, questions

SUM = """
def precondition(given):
    print("noise")
    return len(given.split()) == 2

def postcondition(given, printed):
    return int(printed) == sum(map(int, given.split()))
"""
PAIRS = [("1 2\n", "3\n"), ("1 2\n", "4\n"), ("1\n", "1\n"), ("1 2\n", "x"), ("2 2\n", "4")]


def asked(source: str) -> list[bool]:
    command = [sys.executable, "-c", asking(source)]
    done = subprocess.run(command, input=questions(PAIRS), capture_output=True, text=True, check=False)
    return answers(done.stdout, len(PAIRS))


def test_a_specification_holds_where_both_conditions_do_and_errors_count_as_no() -> None:
    assert asked(SUM) == [True, False, False, False, True]


@pytest.mark.parametrize("source", ["", "def precondition(given):\n    return True", "def precondition(:", "1 / 0"])
def test_what_is_no_specification_holds_for_nothing(source: str) -> None:
    assert asked(source) == [False] * len(PAIRS)


def test_pairs_that_a_stopped_program_did_not_come_to_count_as_no() -> None:
    assert answers("11", 4) == [True, True, False, False]


def weights(rows: list[list[float]], n: int, k: int) -> np.ndarray:
    """The symmetric matrix (n + 2k, n + 2k) of weights between n programs, k specifications and k tests.

    `rows` (n, 2k) are the weights of each program with the specifications, then with the tests; every specification
    supports every test.
    """
    size = n + 2 * k
    made = np.zeros((size, size))
    made[:n, n:] = rows
    made[n : n + k, n + k :] = 1
    return made + made.T


def test_a_program_that_specifications_and_tests_support_scores_more_than_one_that_tests_alone_support() -> None:
    scores = consistency(weights([[1, 1, 1, 1], [0, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], 4, 2), [4, 2, 2])
    assert scores[0] > scores[1] > scores[3] and scores[0] > scores[2]


def test_equal_vertices_score_equally_and_none_at_all_is_no_error() -> None:
    scores = consistency(weights([[1, 0, 1, 1], [1, 0, 1, 1]], 2, 2), [2, 2, 2])
    assert scores[0] == pytest.approx(scores[1])
    assert consistency(np.zeros((0, 0)), [0, 0, 0]).tolist() == []
    assert len(set(consistency(np.zeros((3, 3)), [3, 0, 0]))) == 1


@given(st.lists(st.lists(st.floats(0, 1), min_size=4, max_size=4), min_size=2, max_size=5), st.randoms())
def test_scores_do_not_depend_on_the_order_of_the_programs(rows: list[list[float]], random: object) -> None:
    order = list(range(len(rows)))
    random.shuffle(order)  # type: ignore[attr-defined]
    n = len(rows)
    straight = consistency(weights(rows, n, 2), [n, 2, 2])
    mixed = consistency(weights([rows[place] for place in order], n, 2), [n, 2, 2])
    assert np.isfinite(straight).all() and straight[order] == pytest.approx(mixed[:n], abs=1e-9)
