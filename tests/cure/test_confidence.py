import time
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.select import CONFIDENCES, confidence, validity_if_wrong, validity_of_tests
from cure.select.confidence import probabilities, shipped_weights
from cure.select.passes import passes_of
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
    one, many = (confidence(draw("......", *["abcdef"] * 7)), confidence(draw(*["......"] * 7, "abcdef")))
    assert many.of("c0") > one.of("c0")
    assert confidence(draw(*["........"] * 8, trusted=2)).of("c0") > 0.9


def test_one_program_without_tests_is_right_with_a_probability_below_one_half() -> None:
    assert confidence(draw("", trusted=0)).of("c0") < 0.5


def test_however_many_programs_and_tests_agree_some_doubt_stays() -> None:
    few, many = confidence(draw(*["." * 10] * 8, trusted=2)), confidence(draw(*["." * 130] * 64, trusted=2))
    assert few.of("c0") < many.of("c0") < 0.999


def test_public_examples_passed_by_all_raise_the_probability() -> None:
    assert confidence(draw("....", "....", trusted=2)).of("c0") > confidence(draw("....", "....")).of("c0")


def test_new_inputs_on_which_programs_agree_raise_the_probability_and_others_lower_it() -> None:
    plain = confidence(draw(*[".."] * 4, trusted=1)).of("c0")
    same = confidence(draw(*["..ab"] * 4, trusted=1, inputs=2)).of("c0")
    apart = confidence(draw("..ab", "..cd", "..ef", "..gh", trusted=1, inputs=2)).of("c0")
    assert same > plain > apart


def test_an_input_on_which_every_program_fails_is_no_evidence() -> None:
    assert confidence(draw("..!", "..!", trusted=1, inputs=1)) == confidence(draw("..", "..", trusted=1))


@given(ROWS, st.integers(0, 2), st.integers(0, 2))
def test_the_probabilities_of_a_table_are_those_of_its_arrays(rows: list[str], trusted: int, inputs: int) -> None:
    table = draw(*rows, trusted=trusted, inputs=inputs)
    if not all(any(table.known(name, test) for test in table.independent) for name in table.candidates):
        return  # confidence(table) leaves out programs of which nothing is known; the arrays hold them
    of_programs, none = probabilities(passes_of(table), shipped_weights())
    stated = confidence(table)
    assert [stated.of(name) for name in table.candidates] == pytest.approx(of_programs.tolist())
    assert stated.unsolved == pytest.approx(float(none))


def test_the_posterior_of_runs_recorded_before_the_logit_was_the_default_is_unchanged() -> None:
    table = draw("..a", "..a", "b..", trusted=1)
    stated = CONFIDENCES["posterior"](table)
    assert stated.of("c0") == pytest.approx(0.5696267424424373, abs=1e-12)
    assert CONFIDENCES["logit"](table) == confidence(table) != stated


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


def test_a_large_table_takes_less_than_five_seconds() -> None:
    rows = ["".join(".ab"[(i * j + j) % 3] for j in range(128)) for i in range(128)]
    start = time.process_time()
    confidence(draw(*rows))
    assert time.process_time() - start < 5
