"""The parts of samples in a statement, in order: what is labelled as input or output, and blocks without a label.

`PartsReader` is a state machine over the statement's items: it keeps the heading level of the current example section
and the part to which lines are added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Literal

from cure.problem.statement.data import joined, may_be_prose, plain_input, plain_output
from cure.problem.statement.items import Block, Item, Line
from cure.problem.statement.labels import BOLD, PLAIN, TAGS, Label, split_at_output
from cure.problem.statement.tables import Table, rows_of, table_at


@dataclass(kw_only=True)
class SamplePart:
    """Input or output of a sample, or a block or table without a label."""

    role: Literal["input", "output", "unknown"]
    number: int
    """Number of the line with the label, or of the block's opening line."""
    certain: bool
    """Whether the label, or the example section that the part stands in, says that this is a sample."""
    sample: bool
    """Whether the label's own words say that this is a sample, such as "Sample Input"."""
    example: int
    """Number, counted from 1, of the example heading that the part stands under; 0 where there is none."""
    blocks: list[Block] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    """Text below the label, outside of blocks; the data after the label's colon comes first."""
    inline: bool = False
    """Whether data follows the label's colon."""
    spoken: bool = False
    """Whether the label is a sentence, such as "If the input is:"."""

    @property
    def text(self) -> str:
        """The data in the first block; without blocks, the data in the lines."""
        if self.blocks:
            return self.blocks[0].text
        lines = [_without_code_marks(line) for line in self.lines]
        return joined(plain_input(lines) if self.role == "input" else plain_output(lines)[0])

    @property
    def is_cut(self) -> bool:
        """Whether the data of an output is followed by a line that is no sentence, so that data may be missing."""
        behind = [] if self.blocks or self.role != "output" else plain_output(self.lines)[1]
        return bool(behind) and not may_be_prose(behind[0])

    @property
    def has_data(self) -> bool:
        """Whether there is any data after or below the label."""
        return bool(self.blocks) or any(line.strip() for line in self.lines)

    @property
    def at(self) -> int:
        """Number of the line that messages point at."""
        return self.blocks[0].number if self.blocks else self.number


class PartsReader:
    """Reads items, one after the other, into parts; with `in_example`, the items stand below an example heading."""

    def __init__(self, *, in_example: bool = False) -> None:
        self._parts: list[SamplePart] = []
        self.headings: list[int] = []
        """Numbers of the lines that announce examples."""
        self._section = BOLD if in_example else 0
        self._example = int(in_example)
        self._nothing_yet = False
        self._siblings = False
        self._explaining = False
        self._open: SamplePart | None = None

    def read(self, items: Sequence[Item]) -> list[SamplePart]:
        """The parts in the items."""
        at = 0
        while at < len(items):
            item = items[at]
            at += 1
            if isinstance(item, Block):
                self._block(item)
            elif table := table_at(item.text):
                at += self._table(table, item, items[at:])
            elif item.label:
                self._label(item.label, item.number)
            elif item.level:
                self._leave(item.level)
            elif self._open is not None:
                self._open.lines.append(item.text)
        return self._parts

    def _add(self, role: Literal["input", "output", "unknown"], number: int, *, sample: bool = False) -> SamplePart:
        part = SamplePart(
            role=role,
            number=number,
            certain=sample or self._section > 0,
            sample=sample,
            example=self._example,
        )
        self._parts.append(part)
        self._nothing_yet = self._nothing_yet and role == "unknown"
        return part

    def _block(self, block: Block) -> None:
        tag = block.info.lower().split()[0].strip("{.}") if block.info else ""
        role = TAGS.get(tag)
        if self._open is not None and (role is None or (role == self._open.role and not self._open.blocks)):
            self._open.blocks.append(block)
        else:
            part = self._add(role or "unknown", block.number)
            part.blocks.append(block)
            part.certain = part.certain and not self._explaining

    def _table(self, table: Table, header: Line, below: Sequence[Item]) -> int:
        """Add the samples of a table; returns how many lines below the header belong to the table."""
        if self._parts and self._parts[-1] is self._open and not self._open.has_data:
            self._parts.pop()  # the table's heading
        self._open = None
        texts = [line.text for line in takewhile(_is_text, below) if isinstance(line, Line)]
        rows, height = rows_of(table, texts)
        for row in rows:
            for role, text in zip(("input", "output"), row, strict=True):
                part = self._add("input" if role == "input" else "output", header.number, sample=table.sample)
                part.blocks.append(Block(tuple(text.splitlines()), header.number))
        if not rows:
            self._add("unknown", header.number, sample=table.sample)
        return height

    def _label(self, label: Label, number: int) -> None:
        self._explaining = label.role == "explanation" or (self._explaining and label.role in ("input", "output"))
        if label.sample:
            self._explaining = False
        if self._explaining and not self._section and label.role != "explanation":
            self._open = None  # an explanation may repeat the labels of the sample that it explains
        elif label.role == "example":
            self._open = None
            self._section = min(self._section or PLAIN, label.level)
            self._example += 1
            self.headings.append(number)
            self._nothing_yet, self._siblings = True, False
        elif label.role in ("explanation", "other"):
            self._leave(0 if label.role == "other" and label.level >= BOLD else label.level)
        else:
            self._open = None
            if label.level < BOLD and label.level <= self._section and not (label.sample or self._siblings):
                self._siblings = self._nothing_yet
                if not self._siblings:
                    self._section = 0
            self._open = self._add("input" if label.role == "input" else "output", number, sample=label.sample)
            self._open.spoken = label.spoken
            given, expected = split_at_output(label.rest) if label.role == "input" else (label.rest, "")
            if given:
                self._open.lines.append(given)
                self._open.inline = True
            if expected:
                self._open = self._add("output", number, sample=label.sample)
                self._open.lines.append(expected)
                self._open.inline = True

    def _leave(self, level: int) -> None:
        """End the open part at a heading of this level.

        The example section ends too, unless this heading is subordinate to the heading of the section.
        """
        self._open = None
        if level < BOLD and level <= self._section:
            self._section, self._siblings = 0, False


def _is_text(item: Item) -> bool:
    return isinstance(item, Line) and not item.label and not item.level and not table_at(item.text)


def _without_code_marks(line: str) -> str:
    text = line.strip()
    inside = text[1:-1]
    return inside if len(text) > 2 and text[0] == text[-1] == "`" and "`" not in inside else line
