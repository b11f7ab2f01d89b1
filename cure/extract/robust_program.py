"""Finds the program in a coder's answer: a fenced block, or the text itself, that compiles."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass

from cure.extract.result import Extracted, Note, Reason
from cure.fences import Fence, ends_with_fence, fence, without_closing, without_indent

PYTHON = frozenset({"python", "python3", "py", "py3", "pypy", "pypy3"})

_MARKS_LOOKED_AT = 400  # fence lines counted from the end; an answer has a handful
_CLOSERS_TRIED = 6  # how many later fence lines may close a block whose text itself contains fences
_PROGRAM_START = re.compile(r"(?:import|from|def|class) ")
_WORD = re.compile(r"[A-Za-z0-9+#_.{}-]+")


@dataclass(frozen=True, kw_only=True)
class _Block:
    source: str
    python: bool = False
    """Whether the language tag says Python."""
    other: bool = False
    """Whether the language tag says another language."""
    closed: bool
    tree: ast.Module | None
    """The syntax tree; None where the source does not compile."""
    notes: tuple[Note, ...] = ()

    @property
    def is_program(self) -> bool:
        """Whether it compiles, and is tagged Python or does something: a block without a tag may be sample output."""
        return bool(self.source) and self.tree is not None and (self.python or _calls_something(self.tree))


class _Parser:
    """Parses sources, eight times the answer's length in all at most, so that every answer takes linear time."""

    def __init__(self, length: int) -> None:
        self.left = 8 * length + 10_000

    def __call__(self, source: str) -> ast.Module | None:
        """The syntax tree; None for text that does not compile, and for every text once the limit is reached."""
        self.left -= len(source)
        if self.left < 0:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about invalid escapes concern the model's program
            try:
                return ast.parse(source)
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                return None


def extract_program(text: str) -> Extracted[str]:
    """The last complete fenced block that is a program, else the next best, or the reason why there is none.

    The order: complete Python blocks that compile, unclosed ones that compile, the text itself if it is a program, the
    last block although it does not compile. Thinking and carriage returns have been removed from `text`.
    """
    parse = _Parser(len(text))
    blocks = _blocks(text, parse)
    candidates = [block for block in blocks if block.source and not block.other]
    programs = [block for block in candidates if block.is_program]
    for chosen in (
        *reversed([block for block in programs if block.closed]),
        *reversed(programs),
        _bare_program(text, parse) if not blocks else None,
        *reversed([block for block in candidates if block.python]),
        *reversed(candidates),
    ):
        if chosen is not None:
            return _found(chosen, last=not candidates or chosen is candidates[-1])
    if not blocks:
        return Extracted(None, Reason.NO_CODE)
    return Extracted(None, Reason.OTHER_LANGUAGE if all(block.other for block in blocks) else Reason.EMPTY_CODE)


def _found(block: _Block, last: bool) -> Extracted[str]:
    notes = block.notes
    if "```" in block.source:
        notes += (Note.FENCE_INSIDE,)
    if block.tree is None:
        notes += (Note.DOES_NOT_COMPILE,)
    if not block.closed and Note.NO_FENCE not in notes:
        notes += (Note.UNCLOSED_FENCE,)
    if not last:
        notes += (Note.EARLIER_BLOCK,)
    return Extracted(block.source, notes=notes, section=block.source)


def _blocks(text: str, parse: _Parser) -> list[_Block]:
    """All fenced blocks in order; a block includes fences inside it where it compiles only with them."""
    lines = text.split("\n")
    marks = [number for number, line in enumerate(lines) if "```" in line or "~~~" in line][-_MARKS_LOOKED_AT:]
    blocks: list[_Block] = []
    index = 0
    while index < len(marks):
        opening = fence(lines[marks[index]])
        if opening is None:
            index += 1
        elif opening.info.endswith(opening.mark):
            blocks.append(_one_line_block(opening, parse))
            index += 1
        else:
            block, index = _block_from(lines, marks, index, opening, parse)
            blocks.append(block)
    return blocks


def _block_from(lines: list[str], marks: list[int], index: int, opening: Fence, parse: _Parser) -> tuple[_Block, int]:
    """The block opened at `marks[index]`, and the index of the next mark to read."""
    start = marks[index] + 1
    other = bool(opening.info) and opening.language not in PYTHON
    fallback: tuple[_Block, int] | None = None
    tried = 0
    for at in range(index + 1, len(marks)):
        line = lines[marks[at]]
        closing = fence(line)
        if closing is None and not ends_with_fence(line, opening):
            continue
        body = lines[start : marks[at]]
        if closing is None:
            body = [*body, without_closing(line, opening)]
        closed = closing is None or opening.closed_by(closing)
        following = at + 1 if closed else at
        block = _block(opening, body, closed, parse)
        if block.tree is not None and block.source:
            return block, following
        if fallback is None and closing is not None:
            fallback = block, following
        tried += 1
        if tried == _CLOSERS_TRIED or (other and fallback):
            break
    if fallback is not None and (other or tried == _CLOSERS_TRIED):
        return fallback
    to_the_end = _block(opening, lines[start:], False, parse)
    if fallback is None or to_the_end.tree is not None:
        return to_the_end, len(marks)
    return fallback


def _block(opening: Fence, body: list[str], closed: bool, parse: _Parser) -> _Block:
    """The block of these lines, with the kind that the language tag of `opening` says."""
    python = opening.language in PYTHON
    other = bool(opening.info) and not python
    notes: tuple[Note, ...] = (Note.FENCE_VARIANT,) if opening.variant else ()
    if opening.info != "python":
        notes += (Note.LANGUAGE_TAG,)
    body = without_indent(body, opening.indent)
    if other and not _WORD.fullmatch(opening.info):  # the program begins on the fence's own line
        source, tree, mended = _cleaned("\n".join([opening.info, *body]), parse)
        if tree is not None:
            return _Block(source=source, closed=closed, tree=tree, notes=notes + mended)
    if other:
        return _Block(source="\n".join(body).strip(), other=True, closed=closed, tree=None)
    source, tree, mended = _cleaned("\n".join(body), parse)
    return _Block(source=source, python=python, closed=closed, tree=tree, notes=notes + mended)


def _one_line_block(opening: Fence, parse: _Parser) -> _Block:
    """The block that opens and closes on the line of `opening`."""
    content = opening.info[: -len(opening.mark)]
    python = opening.language in PYTHON
    if python:
        content = content[len(opening.language) :]
    source, tree, notes = _cleaned(content, parse)
    return _Block(
        source=source,
        python=python,
        other=not python and tree is None,
        closed=True,
        tree=tree,
        notes=(Note.LANGUAGE_TAG, *notes),
    )


def _cleaned(source: str, parse: _Parser) -> tuple[str, ast.Module | None, tuple[Note, ...]]:
    """The source without blank edges, its syntax tree, and notes on what was mended so that it compiles."""
    first, _, rest = source.strip("\n").partition("\n")
    notes: tuple[Note, ...] = ()
    if first.strip().lower() in PYTHON and rest.strip():
        source, notes = rest, (Note.LANGUAGE_TAG,)
    plain = source.strip("\n").rstrip()
    if not plain:
        return "", None, notes
    if tree := parse(plain + "\n"):
        return plain, tree, notes
    if plain[0].isspace() and (tree := parse(dedented := textwrap.dedent(plain).strip())):
        return dedented, tree, (*notes, Note.DEDENTED)
    if "\n" not in plain and "\\n" in plain and (tree := parse(unescaped := plain.replace("\\n", "\n").strip())):
        return unescaped, tree, (*notes, Note.ESCAPED_NEWLINES)
    return plain, None, notes


def _bare_program(text: str, parse: _Parser) -> _Block | None:
    """The block of the text, or of its end from the first import or definition on, if that is a program."""
    lines = text.split("\n")
    starts = [0, *[number for number, line in enumerate(lines) if _PROGRAM_START.match(line)][:1]]
    for start in starts:
        source, tree, notes = _cleaned("\n".join(lines[start:]), parse)
        if tree is not None and _calls_something(tree):
            return _Block(source=source, closed=False, tree=tree, notes=(*notes, Note.NO_FENCE))
    return None


def _calls_something(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.Call) for node in ast.walk(tree))
