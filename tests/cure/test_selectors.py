"""Published selectors: on small tables whose scores can be computed by hand, and, for many random orders of programs
and tests at once, compared with one call for each order.
"""

from __future__ import annotations

from functools import partial
from math import lgamma, sqrt

import numpy as np
import pytest
from hypothesis import given, settings

from cure.metrics.best_of_n import Sampling
from cure.metrics.judged import Judged
from cure.metrics.selectors import FAST, by_orders, chances_by_agreement, chances_by_calls
from cure.select import SELECTORS, selector
from cure.select.b4 import A, B
from cure.select.passes import passes_of
from tests.cure.tables import draw
from tests.cure.test_best_of_n import problems

BY_SCORES = [name for name, select in SELECTORS.items() if FAST.get(select) not in (None, chances_by_agreement)]


def scores(name: str, *rows: str, trusted: int = 0) -> dict[str, tuple[float, ...]]:
    """The scores of each candidate without the number of trusted tests passed."""
    return {ranked.candidate: ranked.score[1:] for ranked in selector(name)(draw(*rows, trusted=trusted)).ranked}


def test_codet_weighs_tests_by_the_root_of_the_programs_that_pass_the_same() -> None:
    found = scores("codet", "..a", "..b", ".b.", "...")
    assert found["c0"] == found["c1"] == (pytest.approx(sqrt(2) * 2),)
    assert found["c2"] == (2.0,) and found["c3"] == (3.0,)


def test_coderm_takes_the_largest_group_of_those_that_pass_most() -> None:
    assert selector("coderm")(draw("..a", ".b.", ".c.", "aaa", "aaa", "aaa")).best == "c1"


def test_mbr_ignores_expected_outputs_but_for_ties() -> None:
    assert selector("mbr")(draw("..", "xx", "xx")).best == "c1"
    assert selector("mbr")(draw("xx", "..")).best == "c1"


def test_mbr_counts_no_agreement_of_crashes() -> None:
    assert scores("mbr", "!!", "!!", ".a")["c2"] == (0.0, 1.0)


def test_b4_is_the_sum_of_four_log_betas() -> None:
    def log_beta(a: float, b: float) -> float:
        return lgamma(a) + lgamma(b) - lgamma(a + b)

    # c0 and c1 pass tests 0 and 1 of 3; c2, outside their set, passes test 0 and test 2.
    expected = log_beta(2 + A, 2) + log_beta(2 + A, 2) + log_beta(1 + 1, 1 + 1) + log_beta(1 + 1, B)
    assert scores("b4", "..a", "..b", ".b.")["c0"] == (pytest.approx(expected),)


def test_aces_is_the_definition_of_loo_auc_times_the_variance_of_the_pass_rate() -> None:
    rows = ["...a", "..a.", ".aaa", "b.b.", "bb.b"]
    passed = np.array([[mark == "." for mark in row] for row in rows])
    weights = []
    for test in range(4):
        others = passed.sum(axis=1) - passed[:, test]
        pairs = [(a, b) for a in others[passed[:, test]] for b in others[~passed[:, test]]]
        auc = np.mean([1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs])
        rate = passed[:, test].mean()
        weights.append(max(0.0, float(auc) - 0.5) * rate * (1 - rate))
    expected = passed @ np.array(weights)
    found = scores("aces", *rows)
    assert [found[f"c{row}"][0] for row in range(5)] == pytest.approx(expected.tolist())


def test_aces_gives_no_weight_to_a_test_that_contradicts_the_others() -> None:
    assert selector("aces")(draw("...a", "...a", "aaa.", "aaa.", "aaa.")).best == "c0"


def test_em_finds_the_tests_that_tell_programs_apart() -> None:
    # Tests 0 to 2 agree with each other, and test 3 almost; tests 4 to 6 contradict them, and agree less.
    assert selector("em")(draw("....aaa", "....a.a", "aaaa..a", "aaa....", "aaaa.a.")).best in ("c0", "c1")


@pytest.mark.parametrize("name", [name for name in SELECTORS if name != "max-pass"])
def test_trusted_tests_come_before_any_score(name: str) -> None:
    assert selector(name)(draw("a.....", "a.....", ".aaaaa", trusted=1)).best == "c2"


def test_outputs_that_pass_the_same_test_are_equal_and_an_input_counts_once() -> None:
    table = draw(".a", ".a", "x.")
    assert passes_of(table).outputs.tolist() == [[0, 0], [0, 0], [1, 1]]
    assert passes_of(table).agreement.tolist() == [0.5, 0.5, 0.0]


@pytest.mark.parametrize("name", BY_SCORES)
@given(problem=problems())
@settings(max_examples=8, deadline=None)
def test_scores_on_many_orders_are_those_of_calls(name: str, problem: Judged) -> None:
    select = SELECTORS[name]
    for public_first in (False, True):
        sampling = Sampling(orders=3, public_first=public_first)
        once = by_orders([problem], [2, 3], [1, 3], sampling, FAST[select])
        called = by_orders([problem], [2, 3], [1, 3], sampling, partial(chances_by_calls, select))
        assert once.values == pytest.approx(called.values)
