"""Instructions to write a function that generates inputs."""

from __future__ import annotations

_WORDS = """Here is a programming problem. Do not solve it. Write a Python 3 function `generate(seed)` that returns \
one complete standard input for a program that solves it, as a string.

Every input must be valid: in exactly the form the problem describes, within all its limits, with counts that fit. Use \
`random.Random(seed)`, so that different seeds give different inputs. Keep inputs small, at most about ten elements, \
and let small seeds give corner cases: the smallest sizes, equal values, extreme values, sorted and reversed order.

# Problem

{problem}

Answer with the function alone, in one block that starts with ```python and ends with ```."""


def generator_words(statement: str) -> str:
    """Instructions to write a function `generate(seed)` for the problem with this statement."""
    return _WORDS.format(problem=statement)
