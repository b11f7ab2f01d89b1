"""How many further samples are worth their price, the least gain in P(right) that a sample must bring."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cure.select import confidence, verified
from cure.select.confirming import confirming
from cure.select.stopping import NOTHING, Drawn, gain, worth
from tests.cure.tables import draw

CHANCES = st.floats(0, 1)
COUNTS = st.integers(0, 64)
PRICES = st.floats(0.001, 0.2)
MOST = Drawn(programs=5, tests=5)
ALL = Drawn(programs=10**6, tests=10**6)


def test_without_an_answer_programs_are_drawn_and_tests_are_not() -> None:
    more = worth(None, 1.0, Drawn(programs=3, tests=3), MOST, 0.01)
    assert (more.programs, more.tests) == (5, 0)


def test_tests_are_drawn_where_another_behaviour_may_be_right() -> None:
    alone = worth(0.6, 0.4, Drawn(programs=3, tests=3), MOST, 0.01)
    tied = worth(0.5, 0.1, Drawn(programs=3, tests=3), MOST, 0.01)
    assert alone.tests == 0 < tied.tests


def test_a_sure_answer_needs_nothing_more() -> None:
    assert not worth(0.99, 0.01, Drawn(programs=3, tests=3), MOST, 0.01)


def test_a_price_of_zero_is_always_paid() -> None:
    more = worth(1.0, 0.0, Drawn(programs=3, tests=2), MOST, 0)
    assert more == MOST


@given(CHANCES, CHANCES, COUNTS, COUNTS, PRICES)
def test_exactly_the_samples_that_gain_their_price_are_drawn(
    answer: float, rest: float, programs: int, tests: int, price: float
) -> None:
    unsolved = (1 - answer) * rest
    more = worth(answer, unsolved, Drawn(programs=programs, tests=tests), ALL, price)
    for chance, drawn, count in (
        (1 - answer, programs, more.programs),
        (max(0.0, 1 - answer - unsolved), tests, more.tests),
    ):
        assert count == 0 or gain(chance, drawn + count - 1) >= price - 1e-9
        assert gain(chance, drawn + count) <= price + 1e-9


@given(CHANCES, COUNTS, PRICES, PRICES)
def test_a_higher_price_or_a_surer_answer_draws_no_more(answer: float, drawn: int, price: float, dearer: float) -> None:
    low, high = sorted((price, dearer))
    before = Drawn(programs=drawn, tests=drawn)
    assert worth(answer, 0.0, before, ALL, high).programs <= worth(answer, 0.0, before, ALL, low).programs
    assert worth(answer, 0.0, before, ALL, low).programs <= worth(answer / 2, 0.0, before, ALL, low).programs


def test_the_fewest_programs_that_would_verify_an_answer_if_they_agreed_are_named() -> None:
    table, one_less, agreeing = (draw("...", "...", "aab", *["..."] * more, trusted=2) for more in (0, 2, 3))
    confident = (confidence(one_less).of("c0") + confidence(agreeing).of("c0")) / 2
    assert confirming(table, "c0", confident, Drawn(programs=13, tests=5)) == Drawn(programs=3, tests=0)
    assert verified(agreeing, "c0", confidence(agreeing), confident)
    assert not verified(one_less, "c0", confidence(one_less), confident)


def test_nothing_is_drawn_where_even_all_samples_allowed_would_not_verify_the_answer() -> None:
    assert not confirming(draw("...", "aab", trusted=2), "c0", 0.999, MOST)
    assert not confirming(draw("...", "aab", trusted=2), "c0", 0.9, NOTHING)
