"""From a task in words to places in code."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from agent.repository.source import build_index, estimate_tokens, localise, render
from tests.agent.repository.source.held import SHOP


def best(task: str, **options: object) -> str:
    return localise(build_index(SHOP), task, **options).places[0].name  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("task", "place"),
    [
        ("Discounts of regular customers are missing in what everything costs", "shop/basket.py::Basket.total"),
        ("Basket.add accepts negative counts", "shop/basket.py::Basket.add"),
        ("rounded() rounds half to even", "shop/money.py::rounded"),
        ('File "/home/me/shop/shop/basket.py", line 15, in add\nValueError', "shop/basket.py::Basket.add"),
        ("shop/money.py:14 prints too many digits", "shop/money.py::formatted"),
    ],
)
def test_the_best_place_is_what_the_task_says(task: str, place: str) -> None:
    assert best(task) == place


def test_places_say_why() -> None:
    place = localise(build_index(SHOP), "Basket.add accepts negative counts").places[0]
    assert 0.5 < place.score <= 1 and any("Basket.add" in reason for reason in place.reasons)


def test_a_task_without_any_known_word_is_no_reason() -> None:
    found = localise(build_index(SHOP), "zzz")
    assert found.places and not any(place.reasons for place in found.places)


def test_scores_are_shares_of_one() -> None:
    found = localise(build_index(SHOP), "the limit of a basket")
    assert sum(place.score for place in found.places) == pytest.approx(1)


def test_tests_that_fail_point_at_what_they_use() -> None:
    index = build_index(SHOP)
    failing = ["tests/test_basket.py::test_receipts_show_the_total"]
    plain, told = (localise(index, "It is wrong.", failing=each) for each in ((), failing))
    rank = [place.symbol.name for place in told.places].index("receipt")
    assert rank < [place.symbol.name for place in plain.places].index("receipt") and rank < 3


def test_the_map_shows_code_with_lines_then_signatures() -> None:
    index = build_index(SHOP)
    shown = render(index, localise(index, "Basket.add accepts negative counts"), 400)
    assert "# shop/basket.py::Basket.add, lines 13-17" in shown and "raise ValueError" in shown


@pytest.mark.parametrize("budget", [0, 10, 60, 150, 1500])
def test_the_map_keeps_its_budget(budget: int) -> None:
    index = build_index(SHOP)
    assert estimate_tokens(render(index, localise(index, "basket total"), budget)) <= budget


SCRIPT = """
from agent.repository.source import build_index, localise, render
from tests.agent.repository.source.held import SHOP
index = build_index(SHOP)
found = localise(index, "The receipt rounds the total of a basket: `rounded` gives too much")
print([(p.name, p.score, p.reasons) for p in found.places], render(index, found, 600))
"""


def test_every_hash_seed_gives_the_same_map() -> None:
    def run(seed: int) -> str:
        env = {**os.environ, "PYTHONHASHSEED": str(seed)}
        return subprocess.run(
            [sys.executable, "-c", SCRIPT], env=env, capture_output=True, text=True, check=True
        ).stdout

    assert len({run(seed) for seed in (0, 1, 2, 3)}) == 1
