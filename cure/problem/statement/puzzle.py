"""Finds the public example of a puzzle in the form of Advent of Code.

The example's input is a block after words such as "For example"; its expected output is the answer: emphasised code in
the text below the block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

from cure.problem.statement.data import is_plain_data
from cure.problem.statement.items import Block, Item

_LEADS = re.compile(r"for example\b|\bexample\b.*:\s*$|^suppose\b.*:\s*$", re.IGNORECASE)
_ANSWER = re.compile(
    r"(?:\*\*?|_)`([^`\n]{1,200})`(?:\*\*?|_)|`(?:\*\*?)([^`*\n]{1,200})(?:\*\*?)`"
    r"|<code><em>([^<\n]{1,200})</em></code>|<em><code>([^<\n]{1,200})</code></em>"
)
_MENTION = re.compile(r"\b(?:sample|example) (?:in|out)put\b|<t[hd]>\s*(?:in|out)put", re.IGNORECASE)
_LONGEST = 20_000  # characters of a line that are looked at


@dataclass(frozen=True)
class Puzzle:
    """The public example of a puzzle: an input and the expected output."""

    given: str
    expected: str
    number: int
    """Number of the line with the answer."""


def puzzle_sample(items: Sequence[Item]) -> Puzzle | None:
    """The last block after words that introduce an example, with the last emphasised answer below that block.

    None where there is no such block, or no answer below the last one.
    """
    leads = False
    block: Block | None = None
    answer: tuple[str, int] | None = None
    for item in items:
        if isinstance(item, Block):
            if leads:
                block, answer, leads = item, None, False
            continue
        text = item.text[:_LONGEST]
        if text.strip():
            leads = bool(_LEADS.search(text))
        if block and (found := list(_ANSWER.finditer(text))):
            answer = next(filter(None, found[-1].groups())), item.number
    if block is None or answer is None:
        return None
    return Puzzle(block.text, f"{answer[0].strip()}\n", answer[1])


def announcements(items: Sequence[Item]) -> list[int]:
    """Numbers of the lines that mention a sample input or output, or introduce an example and are followed by data."""
    texts = [item for item in items if not isinstance(item, Block) and item.text.strip()]
    return [
        line.number
        for line, below in zip_longest(texts, texts[1:])
        if _MENTION.search(line.text[:_LONGEST])
        or (below and _LEADS.search(line.text[:_LONGEST]) and is_plain_data([below.text]))
    ]
