"""Prices of tokens, given by the user; none is built in, since prices change.

They are given either as `IN:OUT`, US dollars per million prompt tokens and completion tokens, for every model, or as a
TOML or JSON file that has a table for each model spec, and a table called `*` for all other models:

    ["openai:gpt-4.1-mini"]
    input = 0.4
    output = 1.6
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cure.case_file import Shape, checked
from cure.errors import ProblemError

EVERY = "*"
"""Key of the price for every model without a price of its own."""
NO_PRICES = "no prices were given (--price IN:OUT, or --prices FILE)"


@dataclass(frozen=True)
class Price:
    """US dollars per million prompt tokens (`input`) and completion tokens (`output`)."""

    input: float
    output: float

    def of(self, prompt_tokens: int, completion_tokens: int) -> float:
        """The price of these numbers of tokens, in US dollars."""
        return (self.input * prompt_tokens + self.output * completion_tokens) / 1_000_000


Dollars = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class PriceRow(Shape):
    """The price of a model in a file."""

    input: Dollars
    output: Dollars


Prices = Mapping[str, Price]
"""Prices by model spec."""


def price_of(prices: Prices, model: str) -> Price | None:
    """The price of the model; None where no price was given for it."""
    return prices.get(model) or prices.get(EVERY)


def given_prices(price: str | None, file: Path | None) -> Prices | None:
    """The prices of `--price` and `--prices`; None where neither is given.

    A price in the file takes precedence over `--price`. Raises ProblemError for a wrong price or an unreadable file.
    """
    if price is None and file is None:
        return None
    every = {} if price is None else {EVERY: parse_price(price)}
    return every | ({} if file is None else read_prices(file))


def parse_price(text: str) -> Price:
    """The price written as IN:OUT. Raises ProblemError for any other text."""
    parts = text.split(":")
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ProblemError(f"--price {text}: expected IN:OUT, US dollars per million tokens, such as 0.4:1.6")
    return Price(*numbers)


def read_prices(path: Path) -> dict[str, Price]:
    """The price of each model of the file. Raises ProblemError naming the model and field that is wrong."""
    try:
        text = path.read_text(encoding="utf-8")
        given = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except OSError as error:
        raise ProblemError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError) as error:  # the parse errors of JSON and TOML derive from ValueError
        raise ProblemError(f"{path}: is not a price table: {error}") from error
    if not isinstance(given, Mapping) or not given:
        raise ProblemError(f"{path}: is not a price table; expected a table for each model with input and output")
    rows = {str(model): checked(entry, PriceRow, f"{path}: {model}") for model, entry in given.items()}
    return {model: Price(row.input, row.output) for model, row in rows.items()}
