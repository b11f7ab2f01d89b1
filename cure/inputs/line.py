"""What the lines at one place of all inputs have in common: kinds of tokens, how many, what separates them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

Kind = Literal["integer", "number", "text"]
Tokens = tuple[str, ...]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")


@dataclass(frozen=True)
class Slot:
    """The tokens that stand at one place of all inputs, or in one list."""

    kind: Kind
    seen: Tokens
    """Distinct tokens, in the order of first appearance."""

    @cached_property
    def low(self) -> float:
        """Least number seen; 0 for text."""
        return min(map(float, self.seen), default=0.0) if self.kind != "text" else 0.0

    @cached_property
    def high(self) -> float:
        """Largest number seen; 0 for text."""
        return max(map(float, self.seen), default=0.0) if self.kind != "text" else 0.0

    @cached_property
    def alphabet(self) -> str:
        """Distinct characters seen, in the order of first appearance."""
        return "".join(dict.fromkeys("".join(self.seen)))


@dataclass(frozen=True, kw_only=True)
class LineForm:
    """What the lines at one place of all inputs have in common."""

    columns: tuple[Slot, ...]
    """One slot for each token of the line; for a list, a single slot for all of its tokens."""
    is_list: bool
    """Whether the number of tokens may vary."""
    lengths: tuple[int, ...]
    """Numbers of tokens seen, sorted, each once."""
    opening: str = ""
    closing: str = ""
    separator: str = " "
    """`opening` and `closing`: the brackets around the tokens, empty where there are none; `separator`: the text that
    separates two tokens."""

    def column(self, index: int) -> Slot:
        """The column of the token with this index."""
        return self.columns[0 if self.is_list else index]

    @property
    def is_text(self) -> bool:
        """Whether the line is one word, which may be empty."""
        return not self.is_list and len(self.columns) == 1 and self.columns[0].kind == "text"

    def split(self, text: str) -> Tokens | None:
        """The tokens of a line; None if the line is not of this form."""
        if not (text.startswith(self.opening) and text.endswith(self.closing)) or len(text) < len(self.opening) * 2:
            return None
        inner = text[len(self.opening) : len(text) - len(self.closing)]
        tokens = tokens_of(inner, self.separator)
        if not tokens and self.is_text:
            return ("",)
        if not self.is_list and len(tokens) != len(self.columns):
            return None
        return tokens if all(fits(token, self.column(at).kind) for at, token in enumerate(tokens)) else None

    def join(self, tokens: Sequence[str]) -> str:
        """The line with these tokens."""
        return self.opening + self.separator.join(tokens) + self.closing


def fits(token: str, kind: Kind) -> bool:
    """Whether the token is of the kind; every token is text, every integer a number."""
    if kind == "text":
        return True
    return bool((_INTEGER if kind == "integer" else _NUMBER).fullmatch(token))


def narrowest(tokens: Iterable[str]) -> Kind:
    """The narrowest kind that every token fits, of integer, number and text; text where there are no tokens."""
    each = list(tokens)
    if each and all(fits(token, "integer") for token in each):
        return "integer"
    return "number" if each and all(fits(token, "number") for token in each) else "text"


def tokens_of(text: str, separator: str) -> Tokens:
    """The tokens of a line without its brackets; among words every blank counts, so that a token may be empty."""
    if separator != " ":
        return tuple(text.split(separator)) if text else ()
    tokens = tuple(text.split())
    is_plain = " ".join(tokens) == text or all(fits(token, "number") for token in tokens)
    return tokens if is_plain else tuple(text.split(" "))
