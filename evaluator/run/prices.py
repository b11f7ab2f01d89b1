"""Prices of tokens, given by the user; none is built in, since prices change.

They are given either as `PROMPT/COMPLETION`, US dollars per million tokens of prompts and of completions, for every
model (`cure.price`), or as a TOML or JSON file that has a table for each model spec, and a table called `*` for all
other models:

    ["openai:gpt-4.1-mini"]
    input = 0.4
    output = 1.6
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from cure.case_file import Shape, checked
from cure.errors import ProblemError
from cure.price import Price, parse_price

EVERY = "*"
"""Key of the price for every model without a price of its own."""
NO_PRICES = "no prices were given (--price PROMPT/COMPLETION, or --prices FILE)"


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
    every = {} if price is None else {EVERY: _parsed(price)}
    return every | ({} if file is None else read_prices(file))


def _parsed(text: str) -> Price:
    try:
        return parse_price(text)
    except ValueError as error:
        raise ProblemError(f"--price: {error}") from error


def read_prices(path: Path) -> dict[str, Price]:
    """The price of each model of the file.

    Raises ProblemError where the file cannot be read or is no price table, or a price is wrong; the message for a wrong
    price names the model and the field.
    """
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
