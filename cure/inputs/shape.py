"""The shape that the inputs of a problem share: lines of a head, lines that repeat, and numbers that are counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from cure.inputs.line import LineForm, Tokens, fits

NO_COUNT = (0, -10)
"""A number and an amount that no `Count.more` makes equal: stands for a place without a number."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number that says how many of something follow."""

    line: int
    """Index, from 0, of the line the number stands in; lines of the repeated block follow those of the head."""
    column: int
    """Index, from 0, of the number among the tokens of its line."""
    of: Literal["tokens", "characters", "blocks"]
    target: int = 0
    """Index of the line whose tokens or characters are counted; unused where blocks are counted."""
    more: int = 0
    """What has to be added to the number to get the amount that it counts."""


@dataclass(frozen=True)
class Parsed:
    """One input, read by a shape: the tokens of each line."""

    head: tuple[Tokens, ...]
    blocks: tuple[tuple[Tokens, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class InputShape:
    """What all inputs of a problem have in common."""

    head: tuple[LineForm, ...]
    block: tuple[LineForm, ...] = ()
    """Lines that repeat to the end of the input; empty where nothing repeats."""
    counts: tuple[Count, ...] = ()

    @property
    def lines(self) -> tuple[LineForm, ...]:
        """Lines of the head, then lines of the block."""
        return self.head + self.block

    def is_count(self, line: int, column: int) -> bool:
        """Whether the token at this line and column is a count, which follows from the rest of the input."""
        return any((count.line, count.column) == (line, column) for count in self.counts)

    def parse(self, text: str) -> Parsed | None:
        """The input as tokens; None if it has another shape, or if a count in it is wrong."""
        parsed = self._split(text)
        if parsed is None or self._counted(parsed) != parsed:
            return None
        height = len(self.head)
        pairs = [
            (value + count.more, counted)
            for count in self.counts
            if count.of != "blocks"
            for value, counted in counted_pairs(count, parsed, height)
        ]
        return parsed if all(value == counted for value, counted in pairs) else None

    def render(self, parsed: Parsed) -> str:
        """The input with these tokens and right counts."""
        counted = self._counted(parsed)
        lines = [line.join(tokens) for line, tokens in zip(self.head, counted.head, strict=True)]
        for block in counted.blocks:
            lines += [line.join(tokens) for line, tokens in zip(self.block, block, strict=True)]
        return "\n".join(lines) + "\n"

    def _split(self, text: str) -> Parsed | None:
        lines = lines_of(text)
        height = len(self.head)
        if len(lines) < height or (not self.block and len(lines) > height):
            return None
        rest = lines[height:]
        if self.block and len(rest) % len(self.block):
            return None
        head = [line.split(each) for line, each in zip(self.head, lines, strict=False)]
        tail = [self.block[at % len(self.block)].split(each) for at, each in enumerate(rest)]
        if None in head or None in tail:
            return None
        flat = [tokens for tokens in tail if tokens is not None]
        step = len(self.block) or 1
        blocks = tuple(tuple(flat[at : at + step]) for at in range(0, len(flat), step))
        return Parsed(tuple(tokens for tokens in head if tokens is not None), blocks)

    def _counted(self, parsed: Parsed) -> Parsed:
        """The input with every count set to what it counts; a count of a line that is not there is left as it is."""
        height = len(self.head)
        head = [list(tokens) for tokens in parsed.head]
        blocks = [[list(tokens) for tokens in block] for block in parsed.blocks]
        for count in self.counts:
            groups = [(head, blocks)] if count.line < height else [(block, [block]) for block in blocks]
            at = count.line if count.line < height else count.line - height
            for lines, inside in groups:
                number = _counted_of(count, lines if count.target < height else None, inside, height)
                if number is not None and count.column < len(lines[at]):
                    lines[at][count.column] = str(number - count.more)
        return Parsed(
            tuple(tuple(tokens) for tokens in head),
            tuple(tuple(tuple(tokens) for tokens in block) for block in blocks),
        )


def lines_of(text: str) -> list[str]:
    """The lines of an input; an empty last line does not count."""
    return text.replace("\r\n", "\n").removesuffix("\n").split("\n")


def counted_pairs(count: Count, parsed: Parsed, height: int) -> list[tuple[int, int]]:
    """Each number at the count's place, with the amount of what it counts; NO_COUNT where there is no number.

    `height` is the number of lines of the head.
    """
    if count.line < height:
        groups = [(parsed.head, parsed.blocks)]
        at = count.line
    else:
        groups = [(block, (block,)) for block in parsed.blocks]
        at = count.line - height
    pairs = []
    for lines, blocks in groups:
        targets = [lines[count.target]] if count.target < height else [b[count.target - height] for b in blocks]
        for tokens in targets:
            if count.column >= len(lines[at]) or not fits(lines[at][count.column], "integer"):
                pairs.append(NO_COUNT)
            else:
                pairs.append((int(lines[at][count.column]), _amount(count, tokens)))
    return pairs


def _amount(count: Count, tokens: Sequence[str]) -> int:
    return len(tokens) if count.of == "tokens" else sum(map(len, tokens))


def _counted_of(
    count: Count, lines: Sequence[Sequence[str]] | None, blocks: Sequence[Sequence[Sequence[str]]], height: int
) -> int | None:
    """The number of tokens, characters or blocks that `count` counts; None where there is nothing to count."""
    if count.of == "blocks":
        return len(blocks)
    if count.target < height:
        return None if lines is None else _amount(count, lines[count.target])
    return _amount(count, blocks[0][count.target - height]) if blocks else None
