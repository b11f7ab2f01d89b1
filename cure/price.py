"""What a model costs by the token."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

_MILLION = 1_000_000


@dataclass(frozen=True)
class Price:
    """US dollars per million tokens of prompts and of completions."""

    prompt: float
    completion: float

    def of(self, prompt_tokens: float, completion_tokens: float) -> float:
        """Dollars for these numbers of tokens."""
        return (self.prompt * prompt_tokens + self.completion * completion_tokens) / _MILLION


def parse_price(text: str) -> Price:
    """The price in a text such as `0.15/0.60`: prompts, then completions.

    `0.15:0.60`, an earlier notation, is read too. Raises ValueError for anything else.
    """
    parts = [part.strip().removeprefix("$") for part in re.split("[/:]", text)]
    try:
        numbers = [float(part) for part in parts]
    except ValueError:
        numbers = []
    if len(numbers) != 2 or not all(math.isfinite(number) and number >= 0 for number in numbers):
        raise ValueError(
            f"price {text!r} is not PROMPT/COMPLETION, dollars per million tokens of prompts and completions, as in "
            f"0.15/0.60"
        )
    return Price(*numbers)
