"""A model's word on the ranking."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.repository.source.places import Localised, Place
from agent.repository.source.symbols import Symbol
from agent.repository.source.votes import matching, with_votes

NAMES = ("shop/basket.py::Basket.add", "shop/basket.py::Basket.total", "shop/money.py::add", "shop/money.py::__init_")


def places(names: tuple[str, ...] = NAMES) -> tuple[Place, ...]:
    found = []
    for number, name in enumerate(names):
        path, _, qualified = name.partition("::")
        kind = "method" if "." in qualified else "function" if qualified else "module"
        found.append(Place(path, Symbol(kind, qualified, 1, 2), 1 / (2 + number)))  # type: ignore[arg-type]
    return tuple(found)


@pytest.mark.parametrize(
    ("written", "numbers"),
    [
        ("shop/basket.py::Basket.total", (1,)),
        ("1. `Basket.total`", (1,)),
        ("- **Basket.total()** - sums the prices", (1,)),
        ("basket.py: def total(self, prices)", (1,)),
        ("shop/basket.py: Basket::total", (1,)),
        ("BASKET.TOTAL", (1,)),
        ("total", (1,)),
        ("Shop.total", (1,)),
        ("add", (2,)),
        ("money.py::add", (2,)),
        ("Basket.add", (0,)),
        ("class Basket", ()),
        ("shop/money.py", (2, 3)),
        ("__init_", (3,)),
        ("", ()),
        ("nothing.py::add", ()),
        ("of all things", ()),
    ],
)
def test_names_are_matched_leniently(written: str, numbers: tuple[int, ...]) -> None:
    assert matching(written, places()) == numbers


def test_votes_bring_a_place_to_the_front_and_say_so() -> None:
    voted = with_votes(Localised("task", places()), [["Basket.total"]])
    assert voted.places[0].name == NAMES[1] and voted.places[0].reasons == ("the model named it",)
    assert [place.name for place in voted.places[1:]] == [NAMES[0], *NAMES[2:]]


def test_earlier_names_and_more_answers_count_more() -> None:
    voted = with_votes(Localised("task", places()), [["money.py::add", "Basket.total"], ["money.py::add"]], share=1.0)
    assert [place.name for place in voted.places[:2]] == [NAMES[2], NAMES[1]]


@pytest.mark.parametrize("answers", [[], [[]], [["unknown thing"], ["..."]]])
def test_nothing_that_fits_changes_nothing(answers: list[list[str]]) -> None:
    localised = Localised("task", places())
    assert with_votes(localised, answers) == localised


@given(st.lists(st.lists(st.text(max_size=40), max_size=4), max_size=3))
def test_any_answer_keeps_all_places(answers: list[list[str]]) -> None:
    voted = with_votes(Localised("task", places()), answers)
    assert sorted(place.name for place in voted.places) == sorted(NAMES)
