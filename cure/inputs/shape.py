"""The shape that the inputs of a problem share: its lines, what stands in them, and which numbers are counts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Literal

Kind = Literal["integer", "number", "text"]
Tokens = tuple[str, ...]

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?")
_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_SEPARATORS = (", ", ",")
MOST_HEAD_LINES = 4
MOST_BLOCK_LINES = 4
LIST_LENGTH = 4
"""Tokens of one kind from which a line is taken for a list, even if all inputs have as many."""
CONFORMING = 0.8
"""Least share of the inputs that agree on a number of tokens for this number to be fixed."""


@dataclass(frozen=True)
class Column:
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
class Line:
    """What the lines at one place of all inputs have in common."""

    columns: tuple[Column, ...]
    """One per token; a single one for a list."""
    is_list: bool
    """Whether the number of tokens is free."""
    lengths: tuple[int, ...]
    """Numbers of tokens seen, sorted, each once."""
    opening: str = ""
    closing: str = ""
    separator: str = " "

    def column(self, index: int) -> Column:
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
        tokens = _tokens(inner, self.separator)
        if not tokens and self.is_text:
            return ("",)
        if not self.is_list and len(tokens) != len(self.columns):
            return None
        return tokens if all(fits(token, self.column(at).kind) for at, token in enumerate(tokens)) else None

    def join(self, tokens: Sequence[str]) -> str:
        """The line with these tokens."""
        return self.opening + self.separator.join(tokens) + self.closing


@dataclass(frozen=True, kw_only=True)
class Count:
    """A number that says how many of something follow."""

    line: int
    """Number of the line it stands in; those of the repeated block follow those of the head."""
    column: int
    of: Literal["tokens", "characters", "blocks"]
    target: int = 0
    """Line whose tokens or characters are counted."""
    more: int = 0
    """What is to be added to the number to get the count."""


@dataclass(frozen=True)
class Parsed:
    """One input, read by a shape."""

    head: tuple[Tokens, ...]
    blocks: tuple[tuple[Tokens, ...], ...] = ()


@dataclass(frozen=True, kw_only=True)
class Shape:
    """What all inputs of a problem have in common."""

    head: tuple[Line, ...]
    block: tuple[Line, ...] = ()
    """Lines that repeat to the end of the input; empty where nothing repeats."""
    counts: tuple[Count, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """Lines of the head, then lines of the block."""
        return self.head + self.block

    def is_count(self, line: int, column: int) -> bool:
        """Whether the token there is a count, which follows from the rest of the input."""
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
            for value, counted in _pairs(count, parsed, height)
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


def shape_of(trusted: Sequence[str], others: Sequence[str] = ()) -> Shape | None:
    """The shape of the inputs; None where they have none in common.

    The `trusted` inputs all have it; of the `others` those that do not are taken for malformed. Without trusted inputs
    the first kind of lines that most of the others have decides.
    """
    inputs = [lines_of(text) for text in dict.fromkeys([*trusted, *others])]
    if not inputs:
        return None
    certain = [lines_of(text) for text in dict.fromkeys(trusted)] or inputs
    for head, block, counted in _layouts(certain):
        fitting = [lines for lines in inputs if _fits_layout(lines, head, block, counted)]
        lines = [_line([each[at] for each in certain], [each[at] for each in fitting]) for at in range(head)]
        for at in range(block):
            rows = [[row for each in some for row in each[head + at :: block]] for some in (certain, fitting)]
            lines.append(_line(rows[0], rows[1]))
        if all(line is not None for line in lines):
            found = [line for line in lines if line is not None]
            counts = [Count(line=counted[0], column=counted[1], of="blocks")] if counted else []
            shape = Shape(head=tuple(found[:head]), block=tuple(found[head:]), counts=tuple(counts))
            return _with_counts(shape, ["\n".join(each) + "\n" for each in certain])
    return None


def lines_of(text: str) -> list[str]:
    """The lines of an input; an empty last line does not count."""
    return text.removesuffix("\n").replace("\r\n", "\n").split("\n")


def _layouts(inputs: Sequence[list[str]]) -> Iterator[tuple[int, int, tuple[int, int] | None]]:
    """Possible numbers of lines of the head and the block, with line and column of the number of blocks."""
    sizes = {len(lines) for lines in inputs}
    for head, block in product(range(1, MOST_HEAD_LINES + 1), range(1, MOST_BLOCK_LINES + 1)):
        if all(size >= head and (size - head) % block == 0 for size in sizes) and max(sizes) - head > block:
            for line in range(head):
                for column in range(min(len(lines[line].split()) for lines in inputs)):
                    if all(lines[line].split()[column] == str((len(lines) - head) // block) for lines in inputs):
                        yield head, block, (line, column)
    if len(sizes) == 1:
        yield sizes.pop(), 0, None
        return
    for head in range(min(min(sizes), MOST_HEAD_LINES) + 1):
        yield head, 1, None


def _fits_layout(lines: list[str], head: int, block: int, counted: tuple[int, int] | None) -> bool:
    if len(lines) < head or (not block and len(lines) != head) or (block and (len(lines) - head) % block):
        return False
    if counted is None:
        return True
    tokens = lines[counted[0]].split()
    return len(tokens) > counted[1] and tokens[counted[1]] == str((len(lines) - head) // block)


def _line(certain: Sequence[str], lines: Sequence[str]) -> Line | None:
    """The form of these lines, of which the `certain` ones all have it; None where nothing is there to see."""
    if not certain:
        return None
    opening, closing, separator = _punctuation(certain)
    cut = [text[len(opening) : len(text) - len(closing)] for text in lines if _is_in(text, opening, closing)]
    sure = [text[len(opening) : len(text) - len(closing)] for text in certain]
    kind = _kind(token for text in sure for token in _tokens(text, separator))
    rows = [_tokens(text, separator) for text in cut]
    rows = [row for row in rows if kind == "text" or all(fits(token, kind) for token in row)]
    needed = {len(_tokens(text, separator)) for text in sure}
    lengths = Counter(map(len, rows))
    (length, times) = lengths.most_common(1)[0] if lengths else (0, 0)
    is_fixed = needed == {length} and times >= CONFORMING * len(rows)
    columns = tuple(_column([row[at] for row in rows if len(row) == length]) for at in range(length))
    if is_fixed and (length < LIST_LENGTH or len({column.kind for column in columns}) > 1):
        return Line(
            columns=columns,
            is_list=False,
            lengths=(length,),
            opening=opening,
            closing=closing,
            separator=separator,
        )
    return Line(
        columns=(_column([token for row in rows for token in row], kind),),
        is_list=True,
        lengths=tuple(sorted(lengths)),
        opening=opening,
        closing=closing,
        separator=separator,
    )


def _column(tokens: Sequence[str], kind: Kind | None = None) -> Column:
    return Column(kind or _kind(tokens), tuple(dict.fromkeys(tokens)))


def _punctuation(lines: Sequence[str]) -> tuple[str, str, str]:
    """Brackets around the tokens of all these lines, and what separates the tokens."""
    for opening, closing in _BRACKETS.items():
        if all(_is_in(line, opening, closing) and line.count(opening) == line.count(closing) == 1 for line in lines):
            inner = [line[1:-1] for line in lines]
            return opening, closing, _separator(inner)
    return "", "", _separator(lines)


def _is_in(line: str, opening: str, closing: str) -> bool:
    return len(line) >= len(opening + closing) and line.startswith(opening) and line.endswith(closing)


def _separator(lines: Sequence[str]) -> str:
    """What separates numbers, or bracketed words, in all these lines: a comma with or without a blank, else a blank."""
    for separator in _SEPARATORS:
        parts = [line.split(separator) for line in lines if line]
        if any(len(tokens) > 1 for tokens in parts) and all(
            fits(token, "number") for tokens in parts for token in tokens
        ):
            return separator
    return " "


def _tokens(text: str, separator: str) -> Tokens:
    """The tokens of a line without its brackets; among words every blank counts, so that a token may be empty."""
    if separator != " ":
        return tuple(text.split(separator)) if text else ()
    tokens = tuple(text.split())
    return (
        tokens if " ".join(tokens) == text or all(fits(token, "number") for token in tokens) else tuple(text.split(" "))
    )


def _kind(tokens: Iterator[str] | Sequence[str]) -> Kind:
    """The narrowest kind of all these tokens."""
    each = list(tokens)
    if each and all(fits(token, "integer") for token in each):
        return "integer"
    return "number" if each and all(fits(token, "number") for token in each) else "text"


def fits(token: str, kind: Kind) -> bool:
    """Whether the token is of the kind; every token is text, every integer a number."""
    if kind == "text":
        return True
    return bool((_INTEGER if kind == "integer" else _NUMBER).fullmatch(token))


def _with_counts(shape: Shape, texts: Sequence[str]) -> Shape:
    """The shape with every number that is, in all these inputs, the count of a line's tokens or characters."""
    inputs = [parsed for text in texts if (parsed := shape.parse(text)) is not None]
    found = list(shape.counts)
    for line, form in enumerate(shape.lines):
        for column in range(1 if form.is_list else len(form.columns)):
            if form.column(column).kind == "integer" and not any(
                (count.line, count.column) == (line, column) for count in found
            ):
                found += _count_at(shape, inputs, line, column)
    return Shape(head=shape.head, block=shape.block, counts=tuple(found))


def _count_at(shape: Shape, inputs: Sequence[Parsed], line: int, column: int) -> list[Count]:
    """The count that stands at this place, if there is one."""
    height = len(shape.head)
    ways: list[Count] = [
        Count(line=line, column=column, of=of, target=target, more=more)
        for more in (0, -1, 1)
        for target in range(line if shape.lines[line].is_list else line + 1, len(shape.lines))
        for of in ("tokens", "characters")
    ]
    for way in ways:
        pairs = [pair for parsed in inputs for pair in _pairs(way, parsed, height)]
        values = {value for value, _ in pairs}
        enough = len(values) > 1 if way.more else bool(values - {0, 1})
        if way.of == "tokens" and way.target == line and way.more != 1:
            continue
        if way.of == "characters" and not _is_one_text(shape.lines[way.target]):
            continue
        if way.of == "tokens" and not shape.lines[way.target].is_list and (way.more or len(values) > 1):
            continue
        if enough and all(value + way.more == counted for value, counted in pairs):
            return [way]
    return []


def _is_one_text(line: Line) -> bool:
    return not line.is_list and len(line.columns) == 1 and line.columns[0].kind != "number"


def _pairs(count: Count, parsed: Parsed, height: int) -> list[tuple[int, int]]:
    """Each number at the count's place with what would be counted; (0, -1) where one of the two is missing."""
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
                pairs.append((0, -10))
            else:
                pairs.append((int(lines[at][count.column]), _amount(count, tokens)))
    return pairs


def _amount(count: Count, tokens: Sequence[str]) -> int:
    return len(tokens) if count.of == "tokens" else sum(map(len, tokens))


def _counted_of(
    count: Count, lines: Sequence[Sequence[str]] | None, blocks: Sequence[Sequence[Sequence[str]]], height: int
) -> int | None:
    """What the count counts; None where there is nothing to count."""
    if count.of == "blocks":
        return len(blocks)
    if count.target < height:
        return None if lines is None else _amount(count, lines[count.target])
    return _amount(count, blocks[0][count.target - height]) if blocks else None
