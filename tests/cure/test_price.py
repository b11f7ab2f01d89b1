"""The notation of prices, the same for all commands."""

from __future__ import annotations

import pytest

from cure.price import Price, parse_price


@pytest.mark.parametrize("text", ["0.15/0.6", "0.15:0.6", " $0.15 / $.60 ", "15e-2/6e-1"])
def test_a_price_is_dollars_per_million_tokens_of_prompts_and_of_completions(text: str) -> None:
    assert parse_price(text) == Price(0.15, 0.6)
    assert parse_price(text).of(2_000_000, 500_000) == pytest.approx(0.6)


@pytest.mark.parametrize("text", ["", "1", "1/2/3", "1/2:3", "-1/2", "nan/1", "1/inf", "cheap", "a/b"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"is not PROMPT/COMPLETION, dollars per million tokens .* 0\.15/0\.60"):
        parse_price(text)
