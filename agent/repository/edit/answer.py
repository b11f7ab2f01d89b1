"""The parts of an answer: blocks of code with what names their place, and blocks that say what replaces what."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from cure.extract.layout import laid_out, with_newlines
from cure.extract.thinking import without_thinking
from cure.fences import Fence, ends_with_fence, fence, without_closing, without_indent

_CLOSERS_TRIED = 12
_WORDS_ABOVE = 3
_CODE_START = re.compile(r"(?:import|from|def|class|async def|@\w|#)[ \w.(]")


@dataclass(frozen=True)
class Block:
    """Code out of an answer."""

    info: str
    """What follows the opening fence; empty without a fence."""
    above: tuple[str, ...]
    """The last lines of words above the block, nearest first; they may name its place."""
    lines: tuple[str, ...]
    closed: bool = True
    """False where the answer ends before the block does."""

    @property
    def text(self) -> str:
        """The code with a newline after each line."""
        return "".join(line + "\n" for line in self.lines)


@dataclass(frozen=True)
class Answer:
    """An answer without thinking, laid out so that fences begin lines."""

    text: str
    blocks: tuple[Block, ...]
    unfinished: bool
    """Whether the answer ends inside its thinking."""


def parsed(text: str) -> Answer:
    """The parts of an answer as a model wrote it."""
    # Lone surrogates, which no file can hold, become question marks.
    answer = without_thinking(text.encode(errors="replace").decode())
    plain = laid_out(with_newlines(answer.text))
    return Answer(plain, tuple(_blocks(plain.split("\n"))), answer.unfinished)


def parses(source: str) -> bool:
    """Whether the source is valid Python."""
    return error_in(source) is None


def error_in(source: str) -> SyntaxError | None:
    """Why the source is not valid Python; None where it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about invalid escapes concern other people's code
        try:
            ast.parse(source)
        except SyntaxError as error:
            return error
        except (ValueError, RecursionError, MemoryError) as error:
            return SyntaxError(str(error))
    return None


def _blocks(lines: list[str]) -> list[Block]:
    """All blocks in order. A block whose code itself has fences ends at the first fence at which the code is valid."""
    marks = [at for at, line in enumerate(lines) if fence(line)]
    if not marks:
        return _bare(lines)
    found = _unopened(lines, marks[0])
    at = marks[0] + 1 if found else 0
    begin = at
    while at < len(lines):
        opening = fence(lines[at])
        if opening is None or opening.info.endswith(opening.mark):
            at += 1
            continue
        block, following = _block(lines, at, opening, _above(lines[begin:at]))
        found.append(block)
        at = begin = following
    return [block for block in found if any(line.strip() for line in block.lines)]


def _block(lines: list[str], start: int, opening: Fence, above: tuple[str, ...]) -> tuple[Block, int]:
    """The block opened at line `start`, and the first line after it."""
    ends: list[tuple[Block, int]] = []
    for at in range(start + 1, len(lines)):
        mark = fence(lines[at])
        glued = mark is None and ends_with_fence(lines[at], opening)
        if not glued and not (mark and opening.closed_by(mark)):
            continue
        body = [*lines[start + 1 : at], *([without_closing(lines[at], opening)] if glued else [])]
        block = Block(opening.info, above, tuple(without_indent(body, opening.indent)))
        if parses(block.text):
            return block, at + 1
        if not glued:
            ends.append((block, at + 1))
        if len(ends) == _CLOSERS_TRIED:
            break
    if ends:
        return ends[0]
    body = without_indent(lines[start + 1 :], opening.indent)
    return Block(opening.info, above, tuple(body), closed=False), len(lines)


def _above(lines: Sequence[str]) -> tuple[str, ...]:
    """The last lines with words, nearest first."""
    return tuple([line.strip() for line in reversed(lines) if line.strip()][:_WORDS_ABOVE])


def _unopened(lines: list[str], mark: int) -> list[Block]:
    """The block before the first fence, if that closes a block whose opening fence is missing."""
    first = fence(lines[mark])
    return _bare(lines[:mark]) if first and first.bare and mark else []


def _bare(lines: list[str]) -> list[Block]:
    """The code in lines without a fence, if they are valid Python from the first line that looks like code up to the
    end or to a line after a blank one.
    """
    starts = [at for at, line in enumerate(lines) if _CODE_START.match(line.lstrip())]
    for start in starts[:3]:
        stops = [at for at in range(start + 1, len(lines)) if not lines[at].strip()]
        for stop in [len(lines), *reversed(stops)][:_CLOSERS_TRIED]:
            text = "\n".join(lines[start:stop])
            if _defines(text):
                return [Block("", _above(lines[:start]), tuple(lines[start:stop]))]
    return []


def _defines(text: str) -> bool:
    import textwrap

    source = textwrap.dedent(text) + "\n"
    return ("def " in source or "class " in source) and parses(source)
