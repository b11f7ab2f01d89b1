"""Statements of micro problems: many wordings of each recipe."""

from __future__ import annotations

import random

from trainer.micro.operations import ENDS, OPERATIONS
from trainer.micro.recipes import Recipe

_EMPTY = " If no number is left, print 0."


def statement(recipe: Recipe, rng: random.Random) -> str:
    """A statement of `recipe` in plain English, its layout and wordings drawn from `rng`."""
    clauses = [rng.choice(OPERATIONS[operation.name].phrases).format(k=operation.k) for operation in recipe.operations]
    end = rng.choice(ENDS[recipe.end].phrases)
    text = rng.choice(_LAYOUTS)(clauses, end, rng)
    return text + _EMPTY if recipe.may_empty else text


def _sentence(clauses: list[str], end: str, rng: random.Random) -> str:
    opening = rng.choice(("Given one line of numbers", "Read the numbers of one line", "For the numbers on one line"))
    return f"{opening}, {', then '.join([*clauses, f'print {end}'])}."


def _numbered(clauses: list[str], end: str, rng: random.Random) -> str:
    opening = rng.choice(("Read one line of numbers.", "The input is one line of numbers."))
    parts = [*clauses, f"print {end}"]
    return " ".join([opening, *(f"({i}) {part}." for i, part in enumerate(parts, 1))])


def _result_first(clauses: list[str], end: str, rng: random.Random) -> str:
    opening = rng.choice(("Print", "Find and print"))
    if not clauses:
        return f"{opening} {end} of one line of numbers." if end != "what is left" else f"{opening} {end}."
    return f"{opening} {end} after these steps on one line of numbers: {'; '.join(clauses)}."


def _story(clauses: list[str], end: str, rng: random.Random) -> str:
    opening = rng.choice(("A line holds numbers.", "There is a line of numbers."))
    parts = [*clauses, f"print {end}"]
    words = ("First", "Next") if len(parts) > 2 else ("First",)
    sentences = [f"{word} {part}." for word, part in zip(words, parts[:-1], strict=False)]
    return " ".join([opening, *sentences, f"Finally {parts[-1]}."])


_LAYOUTS = (_sentence, _numbered, _result_first, _story)
