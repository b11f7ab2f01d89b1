"""Finds the shape of inputs: where lines repeat, what form each line has, which numbers count what follows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import product

from cure.inputs.line import Kind, LineForm, Slot, fits, narrowest, tokens_of
from cure.inputs.shape import Count, InputShape, Parsed, counted_pairs, lines_of

_BRACKETS = {"[": "]", "(": ")", "{": "}"}
_SEPARATORS = (", ", ",")
MOST_HEAD_LINES = 4
MOST_BLOCK_LINES = 4
LIST_LENGTH = 4
"""A line with at least this many tokens, all of one kind, is taken for a list even if its length never varies."""
CONFORMING = 0.8
"""The number of tokens in the lines at one place of the inputs counts as fixed if these lines have it in all trusted
inputs, and at least this share of them in all inputs."""


def shape_of(trusted: Sequence[str], others: Sequence[str] = ()) -> InputShape | None:
    """The shape of the inputs; None where there are no inputs, or where they have no shape in common.

    All `trusted` inputs have the shape; those of the `others` that do not have it are taken for malformed. Without
    trusted inputs, the shape is one that all of the others have.
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
            shape = InputShape(head=tuple(found[:head]), block=tuple(found[head:]), counts=tuple(counts))
            return _with_counts(shape, ["\n".join(each) + "\n" for each in certain])
    return None


def _layouts(inputs: Sequence[list[str]]) -> Iterator[tuple[int, int, tuple[int, int] | None]]:
    """Possible numbers of lines of the head and of the block, each with the line and column of the number that counts
    the blocks, or with None where no number counts them.
    """
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


def _line(certain: Sequence[str], lines: Sequence[str]) -> LineForm | None:
    """The form of the lines at one place of the inputs, found so that all of the `certain` lines, those of trusted
    inputs, have it; None without certain lines.
    """
    if not certain:
        return None
    opening, closing, separator = _punctuation(certain)
    cut = [text[len(opening) : len(text) - len(closing)] for text in lines if _is_in(text, opening, closing)]
    sure = [text[len(opening) : len(text) - len(closing)] for text in certain]
    kind = narrowest(token for text in sure for token in tokens_of(text, separator))
    rows = [tokens_of(text, separator) for text in cut]
    rows = [row for row in rows if kind == "text" or all(fits(token, kind) for token in row)]
    needed = {len(tokens_of(text, separator)) for text in sure}
    lengths = Counter(map(len, rows))
    (length, times) = lengths.most_common(1)[0] if lengths else (0, 0)
    is_fixed = needed == {length} and times >= CONFORMING * len(rows)
    columns = tuple(_column([row[at] for row in rows if len(row) == length]) for at in range(length))
    if is_fixed and (length < LIST_LENGTH or len({column.kind for column in columns}) > 1):
        return LineForm(
            columns=columns,
            is_list=False,
            lengths=(length,),
            opening=opening,
            closing=closing,
            separator=separator,
        )
    return LineForm(
        columns=(_column([token for row in rows for token in row], kind),),
        is_list=True,
        lengths=tuple(sorted(lengths)),
        opening=opening,
        closing=closing,
        separator=separator,
    )


def _column(tokens: Sequence[str], kind: Kind | None = None) -> Slot:
    return Slot(kind or narrowest(tokens), tuple(dict.fromkeys(tokens)))


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
    """What separates the tokens of all these lines: a comma, with or without a blank, between numbers; else a blank."""
    for separator in _SEPARATORS:
        parts = [line.split(separator) for line in lines if line]
        if any(len(tokens) > 1 for tokens in parts) and all(
            fits(token, "number") for tokens in parts for token in tokens
        ):
            return separator
    return " "


def _with_counts(shape: InputShape, texts: Sequence[str]) -> InputShape:
    """The shape with a `Count` for each number that in all these inputs counts the tokens or characters of a line."""
    inputs = [parsed for text in texts if (parsed := shape.parse(text)) is not None]
    found = list(shape.counts)
    for line, form in enumerate(shape.lines):
        for column in range(1 if form.is_list else len(form.columns)):
            if form.column(column).kind == "integer" and not any(
                (count.line, count.column) == (line, column) for count in found
            ):
                found += _count_at(shape, inputs, line, column)
    return InputShape(head=shape.head, block=shape.block, counts=tuple(found))


def _count_at(shape: InputShape, inputs: Sequence[Parsed], line: int, column: int) -> list[Count]:
    """The count that stands at this place, if there is one."""
    height = len(shape.head)
    ways: list[Count] = [
        Count(line=line, column=column, of=of, target=target, more=more)
        for more in (0, -1, 1)
        for target in range(line if shape.lines[line].is_list else line + 1, len(shape.lines))
        for of in ("tokens", "characters")
    ]
    for way in ways:
        pairs = [pair for parsed in inputs for pair in counted_pairs(way, parsed, height)]
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


def _is_one_text(line: LineForm) -> bool:
    return not line.is_list and len(line.columns) == 1 and line.columns[0].kind != "number"
