import time
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.select import confidence, validity_if_wrong, validity_of_tests
from cure.table import ExecutionTable
from tests.cure.tables import draw

ROWS = st.lists(st.text(alphabet=".ab!?", min_size=5, max_size=5), min_size=1, max_size=6)


def test_without_candidates_nothing_is_right() -> None:
    assert confidence(ExecutionTable()).unsolved == pytest.approx(1.0)


@given(ROWS, st.integers(0, 2))
def test_probabilities_are_a_distribution_over_behaviours_and_none(rows: list[str], trusted: int) -> None:
    posterior = confidence(draw(*rows, trusted=trusted))
    assert sum(h.probability for h in posterior.hypotheses) == pytest.approx(1.0)
    assert all(0.0 <= h.probability <= 1.0 for h in posterior.hypotheses)


@given(ROWS)
def test_a_candidate_that_fails_a_trusted_test_cannot_be_right(rows: list[str]) -> None:
    table = draw(*rows, trusted=1)
    posterior = confidence(table)
    assert all(posterior.of(name) == 0.0 for name in table.candidates if not table.passes(name, "t0"))


@given(ROWS, st.permutations(range(5)))
def test_the_order_of_tests_does_not_matter(rows: list[str], columns: list[int]) -> None:
    shuffled = ["".join(row[j] for j in columns) for row in rows]
    before, after = confidence(draw(*rows)), confidence(draw(*shuffled))
    assert [before.of(f"c{i}") for i in range(len(rows))] == pytest.approx(
        [after.of(f"c{i}") for i in range(len(rows))]
    )


def test_many_programs_that_agree_and_pass_are_surer_than_one() -> None:
    one, many = confidence(draw("......", "aaaaaa")), confidence(draw(*["........"] * 8, "aaaaaaaa"))
    assert many.of("c0") > one.of("c0") > 0.5
    assert many.of("c0") > 0.9


def test_one_program_without_tests_is_no_more_than_a_coin() -> None:
    assert confidence(draw("", trusted=0)).of("c0") == pytest.approx(0.5, abs=0.15)


def test_a_program_that_passes_nothing_is_doubted() -> None:
    assert confidence(draw("abcdef")).of("c0") < 0.5


def test_validity_is_one_for_trusted_tests_and_follows_the_probable_programs() -> None:
    table = draw("...a", "...a", "...a", "..b.", trusted=1)
    validity = validity_of_tests(table, confidence(table))
    assert validity["t0"] == 1.0
    assert validity["t1"] > 0.85
    assert validity["t3"] < 0.4


def test_the_terms_of_two_hypotheses_add_up_to_their_log_odds() -> None:
    posterior = confidence(draw("..a", "..a", "b..", trusted=1))
    first, second = posterior.hypotheses[:2]
    assert log(first.probability / second.probability) == pytest.approx(
        sum(first.terms.values()) - sum(second.terms.values())
    )


def test_if_the_best_is_wrong_the_tests_it_fails_gain() -> None:
    table = draw("..a", "..a", "bb.", trusted=0)
    posterior = confidence(table)
    before, after = validity_of_tests(table, posterior), validity_if_wrong(table, posterior, "c0")
    assert after["t2"] > before["t2"]
    assert after["t0"] < before["t0"]


def test_executions_on_which_the_sandbox_failed_are_no_evidence() -> None:
    posterior = confidence(draw(*["???"] * 6, "...", "..."))
    assert posterior.of("c6") > 0.5
    assert posterior.of("c0") == 0.0


def test_a_large_table_is_read_in_a_moment() -> None:
    rows = ["".join(".ab"[(i * j + j) % 3] for j in range(128)) for i in range(128)]
    start = time.process_time()
    confidence(draw(*rows))
    assert time.process_time() - start < 5
