"""Files held in memory, and a small package to look into."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent

from agent.repository.files import blob_name


@dataclass(frozen=True)
class Held:
    """Files held in memory."""

    contents: dict[str, bytes]

    @property
    def paths(self) -> list[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return blob_name(self.contents[path])


def held(**texts: str) -> Held:
    """Files named `a/b.py` by the argument `a__b`, with dedented texts."""
    return Held({f"{name.replace('__', '/')}.py": dedent(text).lstrip("\n").encode() for name, text in texts.items()})


SHOP = held(
    shop__money='''
    """Amounts of money."""
    from decimal import Decimal

    PLACES = 2


    def rounded(amount: Decimal) -> Decimal:
        """The amount in whole cents."""
        return round(amount, PLACES)


    def formatted(amount: Decimal, currency: str = "EUR") -> str:
        """An amount as customers read it, such as 12.50 EUR."""
        return f"{rounded(amount)} {currency}"
    ''',
    shop__basket='''
    """What a customer is about to buy."""
    from shop.money import formatted, rounded


    class Basket:
        """Articles and how many of each."""

        limit = 100

        def __init__(self) -> None:
            self.articles: dict[str, int] = {}

        def add(self, article: str, count: int = 1) -> None:
            """Puts an article in. Raises ValueError beyond the limit."""
            if count > self.limit:
                raise ValueError("too many articles in the basket")
            self.articles[article] = self.articles.get(article, 0) + count

        def total(self, prices: dict[str, int]) -> int:
            """What everything costs, discounts for regular customers included."""
            return sum(prices[name] * count for name, count in self.articles.items())


    def receipt(basket: Basket, prices: dict[str, int]) -> str:
        """The text on the receipt."""
        return formatted(rounded(basket.total(prices)))
    ''',
    tests__test_basket="""
    import pytest

    from shop.basket import Basket, receipt


    def test_a_basket_has_a_limit() -> None:
        with pytest.raises(ValueError):
            Basket().add("apple", 101)


    def test_receipts_show_the_total() -> None:
        basket = Basket()
        basket.add("apple", 2)
        assert receipt(basket, {"apple": 3}) == "6 EUR"
    """,
)
"""A package of two modules with a file of tests."""
