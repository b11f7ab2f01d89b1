"""Finds the program in a coder's answer: a fenced block, or the text itself, that compiles."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

from cure.extract.mends import begins_prose, mended_sources, programs_in_json
from cure.extract.purpose import Purpose, purpose_of
from cure.extract.result import Extracted, Note, Reason
from cure.fences import Fence, ends_with_fence, fence, without_closing, without_indent

_PYTHON = re.compile(r"i?py(?:thon|py|con)?\d?(?:\.\d+)*|python-repl|tool_code|\S*\.py")
_GLUED = re.compile(r"python3?(?=\w)", re.IGNORECASE)

_MARKS_LOOKED_AT = 400  # fence lines counted from the end; an answer has a handful
_CLOSERS_TRIED = 6  # how many later fence lines may close a block whose text itself contains fences
_ENDS_TRIED = 8  # how many paragraphs may follow a program without a fence
_PROGRAM_START = re.compile(r"(?:import|from|def|class) ")
_CODE_LINE = re.compile(r"(?:(?:import|from|def|class|for|while|if|try|with) ?|print\(|[A-Za-z_][\w, ]{0,60}=)")
_WORD = re.compile(r"[A-Za-z0-9+#_.{}-]+")


@dataclass(frozen=True, kw_only=True)
class _Block:
    source: str
    python: bool = False
    """Whether the block is taken for Python: by its language tag or, in spite of it, by what the source does."""
    other: bool = False
    """Whether the block is taken for another language, by its tag or because a block of one line does not compile."""
    closed: bool
    purpose: Purpose | None
    """What the source does; None where the source does not compile."""
    notes: tuple[Note, ...] = ()

    @property
    def is_program(self) -> bool:
        """Whether the source compiles, and is tagged Python or calls something: other blocks may be sample output."""
        return self.purpose is not None and (self.python or self.purpose.calls)


class _Parser:
    """Parses sources up to a total length linear in the length of the answer, so that time stays linear, too."""

    def __init__(self, length: int) -> None:
        self.left = 8 * length + 10_000
        self.error_line = 0
        """Number of the line, from 1, at which the last source does not compile; 0 where that is not known."""

    def __call__(self, source: str) -> Purpose | None:
        """What the program does; None for text that does not compile, and for every text once the limit is reached."""
        self.left -= len(source)
        self.error_line = 0
        if self.left < 0:
            return None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # warnings about invalid escapes concern the model's program
            try:
                return purpose_of(ast.parse(source))
            except SyntaxError as error:
                self.error_line = error.lineno or 0
                return None
            except (ValueError, RecursionError, MemoryError):
                return None


def extract_program(text: str) -> Extracted[str]:
    """The program of an answer, or the reason why there is none. `text` is the answer without thinking, laid out by
    `cure.extract.layout`.

    In order of preference: the block that `_rank` puts first among those that compile, alone or joined with earlier
    definitions; the text before the first fence, or the indented part of that text, if that is a program; the last
    program in a JSON object; the last block tagged Python, although it does not compile; the last block without a tag.
    """
    lines = text.split("\n")
    parse = _Parser(len(text))
    blocks = _blocks(lines, parse)
    candidates = [block for block in blocks if block.source and not block.other]
    programs = [block for block in candidates if block.is_program]
    if programs:
        joined = _joined(programs, parse)
        ranks = {id(block): _rank(block, programs[:at]) for at, block in enumerate(programs)}
        chosen = max(reversed(programs), key=lambda block: ranks[id(block)])
        if joined is not None and _rank(joined, []) > ranks[id(chosen)]:
            chosen = joined
        return _found(chosen, last=chosen in (candidates[-1], joined))
    before = next((number for number, line in enumerate(lines) if fence(line)), len(lines))
    if bare := _bare_program(lines[:before], _Parser(len(text))) or _indented_program(lines[:before]):
        return _found(bare, last=True)
    if any(in_json := [_of_json(value) for value in programs_in_json(text)]):
        return next(filter(None, reversed(in_json)))
    if candidates:
        tagged = [block for block in candidates if block.python]
        return _found((tagged or candidates)[-1], last=not tagged or tagged[-1] is candidates[-1])
    if blocks and not blocks[-1].closed and not blocks[-1].source:
        return Extracted(None, Reason.CUT)
    if not blocks:
        return Extracted(None, Reason.CUT if text.endswith((":", "：")) else Reason.NO_CODE)
    return Extracted(None, Reason.OTHER_LANGUAGE if all(block.other for block in blocks) else Reason.EMPTY_CODE)


def _of_json(value: str) -> Extracted[str] | None:
    """The program in a text of a JSON answer: a text with fences, or the program itself. None without a program."""
    if "```" in value:
        found = extract_program(value)
        return None if found.failed or Note.DOES_NOT_COMPILE in found.notes else found
    source, does, notes = _cleaned(value, _Parser(len(value)))
    return Extracted(source, notes=(*notes, Note.NO_FENCE), section=value) if does is not None and does.calls else None


def _rank(block: _Block, before: Sequence[_Block]) -> tuple[bool, ...]:
    """How well the block fits as the answer, compared from left to right; of equal blocks the last is the answer.

    Each entry says whether the block meets one criterion: calls or defines something; neither repeats part of an
    earlier block nor uses a name that only an earlier block defines, as example calls do; reads input; writes output;
    uses no undefined name; calls something when run, beyond definitions; has a closed fence.
    """
    does = block.purpose
    assert does is not None, "only programs are ranked"
    borrows = any(
        (other.purpose is not None and does.lacks & other.purpose.defines)
        or (block.source in other.source and block.source != other.source)
        for other in before
    )
    acts = does.calls or does.has_definitions
    return (acts, not borrows, does.reads, does.writes, not does.lacks, does.runs, block.closed)


def _joined(programs: Sequence[_Block], parse: _Parser) -> _Block | None:
    """The last program, preceded by the earlier blocks that define names it lacks. None where no earlier block does;
    where such a block also calls something when run, since the last program is then an example of its use; and where
    the joined source does not compile or reads no input.
    """
    parts, needed = [programs[-1]], _lacks(programs[-1])
    for block in reversed(programs[:-1]):
        if block.purpose is not None and needed & block.purpose.defines:
            if block.purpose.runs:
                return None
            parts.insert(0, block)
            needed = (needed - block.purpose.defines) | block.purpose.lacks
    source = "\n\n".join(part.source for part in parts)
    found = parse(source) if len(parts) > 1 else None
    if found is None or not found.reads:
        return None
    return _Block(source=source, python=True, closed=parts[-1].closed, purpose=found, notes=(Note.JOINED_BLOCKS,))


def _lacks(block: _Block) -> frozenset[str]:
    return block.purpose.lacks if block.purpose is not None else frozenset()


def _found(block: _Block, last: bool) -> Extracted[str]:
    notes = block.notes
    if "```" in block.source:
        notes += (Note.FENCE_INSIDE,)
    if block.purpose is None:
        notes += (Note.DOES_NOT_COMPILE,)
    if not block.closed and Note.NO_FENCE not in notes:
        notes += (Note.UNCLOSED_FENCE,)
    if not last:
        notes += (Note.EARLIER_BLOCK,)
    return Extracted(block.source, notes=notes, section=block.source)


def _blocks(lines: list[str], parse: _Parser) -> list[_Block]:
    """All fenced blocks in order; a block's text includes inner fences where only the text with these fences compiles.
    A program before a closing fence without an opening fence is the first block.
    """
    marks = [number for number, line in enumerate(lines) if "```" in line or "~~~" in line][-_MARKS_LOOKED_AT:]
    blocks: list[_Block] = []
    index = 0
    if marks and (unopened := _unopened(lines, marks[0])):
        blocks, index = [unopened], 1
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


def _unopened(lines: list[str], mark: int) -> _Block | None:
    """The program before line `mark`, the first with a fence, if that fence closes a block; None without a program."""
    first = fence(lines[mark])
    if not (first.bare if first else lines[mark].endswith("```")):
        return None
    before = lines[:mark] if first else [*lines[:mark], lines[mark].removesuffix("```")]
    found = _bare_program(before, _Parser(sum(map(len, before))))
    return found and replace(found, closed=True, notes=(*found.notes, Note.UNOPENED_FENCE))


def _block_from(lines: list[str], marks: list[int], index: int, opening: Fence, parse: _Parser) -> tuple[_Block, int]:
    """The block opened on line `marks[index]`, and the next index to read; `marks` are numbers of lines with fences."""
    start = marks[index] + 1
    other = bool(opening.info) and not _PYTHON.fullmatch(opening.language)
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
        if block.purpose is not None and block.source:
            return block, following
        if fallback is None and closing is not None:
            fallback = block, following
        tried += 1
        if tried == _CLOSERS_TRIED or (other and fallback):
            break
    if fallback is not None and (other or tried == _CLOSERS_TRIED):
        return fallback
    to_the_end = _block(opening, lines[start:], False, parse)
    if fallback is None or to_the_end.purpose is not None:
        return to_the_end, len(marks)
    return fallback


def _block(opening: Fence, body: list[str], closed: bool, parse: _Parser) -> _Block:
    """The block of these lines; the language tag of `opening` says what it holds, unless the source says otherwise."""
    python = bool(_PYTHON.fullmatch(opening.language))
    other = bool(opening.info) and not python
    notes: tuple[Note, ...] = (Note.FENCE_VARIANT,) if opening.variant else ()
    if opening.info != "python":
        notes += (Note.LANGUAGE_TAG,)
    body = without_indent(body, opening.indent)
    if other and not _WORD.fullmatch(opening.info):  # the program begins on the fence's own line
        firsts = dict.fromkeys((opening.info, _GLUED.sub("", opening.info, count=1)))
        found = [_cleaned("\n".join([first, *body]), parse) for first in firsts]
        compiling = [each for each in found if each[1] is not None]
        if compiling:
            source, does, mended = min(compiling, key=lambda each: len(each[1].lacks) if each[1] else 0)
            return _Block(source=source, closed=closed, purpose=does, notes=notes + mended)
    if other:
        source, does, mended = _cleaned("\n".join(body), parse)
        # A Python program, whatever the tag says.
        if does is not None and does.reads and does.writes and not does.lacks:
            return _Block(source=source, python=True, closed=closed, purpose=does, notes=notes + mended)
        return _Block(source="\n".join(body).strip(), other=True, closed=closed, purpose=None)
    source, does, mended = _cleaned("\n".join(body), parse)
    behind_tag = opening.info[len(opening.language) :].strip() if python else ""
    if behind_tag and (does is None or does.lacks):  # the program may begin on the line of the tag
        whole, better, more = _cleaned("\n".join([behind_tag, *body]), parse)
        if better is not None and (does is None or better.lacks < does.lacks):
            source, does, mended = whole, better, more
    return _Block(source=source, python=python, closed=closed, purpose=does, notes=notes + mended)


def _one_line_block(opening: Fence, parse: _Parser) -> _Block:
    """The block that opens and closes on the line of `opening`."""
    content = opening.info[: -len(opening.mark)]
    python = bool(_PYTHON.fullmatch(opening.language))
    if python:
        content = content[len(opening.language) :]
    source, does, notes = _cleaned(content, parse)
    return _Block(
        source=source,
        python=python,
        other=not python and does is None,
        closed=True,
        purpose=does,
        notes=(Note.LANGUAGE_TAG, *notes),
    )


def _cleaned(source: str, parse: _Parser) -> tuple[str, Purpose | None, tuple[Note, ...]]:
    """The source without blank edges, its purpose, and notes on what was mended so that the source compiles."""
    first, _, rest = source.strip("\n").partition("\n")
    notes: tuple[Note, ...] = ()
    if _PYTHON.fullmatch(first.strip().lower()) and rest.strip():
        source, notes = rest, (Note.LANGUAGE_TAG,)
    plain = source.strip("\n").rstrip()
    if not plain:
        return "", None, notes
    if does := parse(plain + "\n"):
        return plain, does, notes
    error_line = parse.error_line
    if plain[0].isspace() and (does := parse(dedented := textwrap.dedent(plain).strip())):
        return dedented, does, (*notes, Note.DEDENTED)
    if "\n" not in plain and "\\n" in plain and (does := parse(unescaped := plain.replace("\\n", "\n").strip())):
        return unescaped, does, (*notes, Note.ESCAPED_NEWLINES)
    for mended in mended_sources(plain):
        if does := parse(mended):
            return mended.strip("\n").rstrip(), does, (*notes, Note.MENDED_CHARACTERS)
    if (shorter := _without_words(plain, error_line)) and (does := parse(shorter)) and does.reads and does.writes:
        return shorter, does, (*notes, Note.WORDS_AFTER)
    return plain, None, notes


def _without_words(source: str, error_line: int) -> str:
    """The source up to the line at which it does not compile, if words about the program begin there; else empty."""
    lines = source.split("\n")
    if not 1 < error_line <= len(lines) or not begins_prose(lines[error_line - 1]):
        return ""
    kept = lines[: error_line - 1]
    while kept and (not kept[-1].strip() or begins_prose(kept[-1])):
        kept.pop()
    return "\n".join(kept)


def _indented_program(lines: list[str]) -> _Block | None:
    """The program in an indented code block of Markdown. None where a line without indentation stands inside the block
    or looks like code.
    """
    indented = [number for number, line in enumerate(lines) if line.startswith(("    ", "\t"))]
    if not indented or any(_CODE_LINE.match(line) for line in lines):
        return None
    inside = lines[indented[0] : indented[-1] + 1]
    if any(line.strip() and not line.startswith(("    ", "\t")) for line in inside):
        return None
    return _bare_program(textwrap.dedent("\n".join(inside)).split("\n"), _Parser(sum(map(len, inside))))


def _bare_program(lines: list[str], parse: _Parser) -> _Block | None:
    """The program in lines without a fence: all lines, or those from the first that looks like code, up to the end or
    to a blank line. None where no such part compiles and calls something.
    """
    starts = [0]
    for pattern in (_PROGRAM_START, _CODE_LINE):
        starts += [number for number, line in enumerate(lines) if pattern.match(line)][:1]
    for start in dict.fromkeys(starts):
        blank = [number for number in range(start + 1, len(lines)) if not lines[number].strip()]
        for end in [len(lines), *reversed(blank[-_ENDS_TRIED:])]:
            source, does, notes = _cleaned("\n".join(lines[start:end]), parse)
            if does is not None and does.calls:
                return _Block(source=source, closed=False, purpose=does, notes=(*notes, Note.NO_FENCE))
            if does is not None:
                break  # shorter parts call nothing either
    return None
