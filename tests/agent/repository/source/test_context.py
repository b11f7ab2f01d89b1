"""What a rewrite of a symbol has to see."""

from __future__ import annotations

import pytest

from agent.repository.source import build_index, estimate_tokens
from agent.repository.source.context import Surroundings, context
from tests.agent.repository.source.held import SHOP, held


def around(name: str, path: str = "shop/basket.py") -> Surroundings:
    return context(build_index(SHOP), path, name)


def test_imports_and_the_class_around_a_method() -> None:
    found = around("Basket.add")
    assert found.imports == "from shop.money import formatted, rounded"
    assert found.siblings.split("\n") == [
        "class Basket:",
        "    limit = 100",
        "    def __init__(self) -> None: ...",
        "    def total(self, prices: dict[str, int]) -> int: ...",
    ]


def test_callers_with_the_line_that_calls() -> None:
    (caller,) = around("Basket.total").callers
    assert (caller.path, caller.name, caller.line) == ("shop/basket.py", "receipt", 26)
    assert caller.code == "return formatted(rounded(basket.total(prices)))"


def test_constants_that_are_used() -> None:
    found = around("rounded", "shop/money.py")
    assert found.constants == "PLACES = 2" and "def formatted(" in found.siblings
    assert {caller.name for caller in found.callers} == {"formatted", "receipt"}


def test_tests_that_use_it() -> None:
    assert [test.id for test in around("receipt").tests] == ["tests/test_basket.py::test_receipts_show_the_total"]
    assert "receipt(basket" in around("receipt").tests[0].source
    assert {test.id.rpartition("::")[2] for test in around("Basket.add").tests} == {
        "test_a_basket_has_a_limit",
        "test_receipts_show_the_total",
    }


@pytest.mark.parametrize("budget", [0, 5, 30, 80, 1000])
def test_the_text_keeps_its_budget(budget: int) -> None:
    assert estimate_tokens(around("Basket.add").text(budget)) <= budget


def test_imports_over_several_lines_are_whole() -> None:
    files = held(a="import os\nfrom b import (\n    c,\n    d,\n)\n\ndef f(): return c\n", b="c = d = 1\n")
    assert context(build_index(files), "a.py", "f").imports == "import os\nfrom b import (\n    c,\n    d,\n)"


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(KeyError):
        around("Basket.gone")
    with pytest.raises(KeyError):
        around("Basket.add", "gone.py")
