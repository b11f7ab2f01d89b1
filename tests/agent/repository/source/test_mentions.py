"""What a task says about places."""

from __future__ import annotations

import pytest

from agent.repository.source.mentions import Line, find_mentions, same_file

TRACEBACK = """
Traceback (most recent call last):
  File "/home/me/app.py", line 3, in <module>
    main()
  File "/venv/lib/shop/basket.py", line 15, in add
    raise ValueError
ValueError: too many
"""


def test_frames_of_a_traceback_are_lines() -> None:
    assert find_mentions(TRACEBACK).lines == (Line("/home/me/app.py", 3), Line("/venv/lib/shop/basket.py", 15))


@pytest.mark.parametrize(
    "task", ["see shop/basket.py:15", "shop/basket.py, line 15", "shop/basket.py#L15", "shop\\basket.py line 15"]
)
def test_lines_are_written_in_many_ways(task: str) -> None:
    assert find_mentions(task).lines == (Line("shop/basket.py", 15),)


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("`total` and rounded() differ", ("total", "rounded")),
        ("Basket.add, shop.money and add_all", ("Basket.add", "shop.money", "add_all")),
        ("BasketItem fails, HTTPError too", ("BasketItem", "HTTPError")),
        ("Prices are wrong, e.g. in the basket.", ()),
    ],
)
def test_names_are_what_no_english_word_looks_like(task: str, names: tuple[str, ...]) -> None:
    assert find_mentions(task).names == names


@pytest.mark.parametrize(
    ("written", "files"),
    [
        ("basket.py", ["shop/basket.py"]),
        ("shop/basket.py", ["shop/basket.py"]),
        ("/venv/lib/shop/basket.py", ["shop/basket.py"]),
        ("./shop/money.py", ["shop/money.py"]),
        ("other/basket.py", []),
        ("__init__.py", ["a/__init__.py", "b/__init__.py"]),
        ("a/__init__.py", ["a/__init__.py"]),
    ],
)
def test_a_written_path_means_files_that_end_alike(written: str, files: list[str]) -> None:
    known = ["a/__init__.py", "b/__init__.py", "shop/basket.py", "shop/money.py"]
    assert list(same_file(written, known)) == files
