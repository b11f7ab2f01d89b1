"""Instructions of the strategy `mpsc` that ask for a specification: a pre- and a post-condition (arXiv 2309.17272)."""

from __future__ import annotations

_WORDS = """Here is a programming problem. Do not solve it. Write its specification as two Python 3 functions:

`precondition(given)` returns True if the text `given` is a valid standard input for the problem, else False.
`postcondition(given, printed)` returns True if the text `printed` is a right standard output for the valid input \
`given`, else False. Check as much of what the problem asks as you can.

Both functions parse the texts themselves and must not read or print anything.

# Problem

{problem}

Answer with the two functions alone, in one block that starts with ```python and ends with ```."""


def specification_words(statement: str) -> str:
    """Instructions to write a pre- and a post-condition for the problem with this statement."""
    return _WORDS.format(problem=statement)
