"""Reads the data after a header of a tester's answer: fenced, or plain text.

* A fenced block gives exactly the lines between its fences. A known tag after the opening fence (`text`, `plaintext`,
  `input`, ...) is not data if data follows either on its line or on the lines below, but not on both; any other text
  there is the first line of the data (```` ```3 ````).
* Without a fence, the data is the text up to the next header, without blanks around it; an output with no header after
  it ends at the first empty line. One or two backticks around the data, `\\boxed{...}` and the mark of a
  YAML block (`|`, `>`) are removed.
* Backslash-n becomes a newline only if the data has no real newline, no other backslash and no quotes. Data quoted as
  a Python string that ends in backslash-n (the way examples are shown in a prompt) is read as that string.
* Data that is not empty ends with a newline.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from dataclasses import dataclass, replace

from cure.extract.result import Note
from cure.fences import Fence, ends_with_fence, fence, without_closing, without_indent

_PLAIN_TAGS = frozenset({"text", "txt", "plaintext", "plain"})
CODE_TAGS = frozenset({"python", "python3", "py", "cpp", "c++", "c", "java", "javascript", "js"})
_TAGS = (
    _PLAIN_TAGS
    | CODE_TAGS
    | frozenset({"input", "output", "in", "out", "stdin", "stdout", "data", "console", "shell", "bash", "sh"})
    | frozenset({"none", "json", "csv", "yaml", "yml", "markdown", "md", "ini", "log"})
)
_INLINE_CODE = re.compile(r"(?P<mark>`{1,2})(?P<inside>[^`]*)(?P=mark)[ \t]*[,;]?")
_YAML_BLOCK = re.compile(r"[|>][+-]?\n(?P<inside>(?:[ \t]+.*\n?)+)")
_BOXED = re.compile(r"\$?\\boxed\{(?P<inside>[^{}]*)\}\$?")
_ESCAPE = re.compile(r"\\(.?)", re.DOTALL)


@dataclass(frozen=True)
class Data:
    """The text after a header, and what was mended in it."""

    text: str
    closed: bool
    """Whether the text is complete: not in a fence, or in one that is closed."""
    fenced: bool
    notes: tuple[Note, ...] = ()


def data_after(rest: str, body: list[str], open_ended: bool) -> Data:
    """The data after a header, from the `rest` of its line and the lines up to the next header.

    `open_ended` says that no header follows; data without a fence then ends at the first empty line.
    """
    lines = [rest.strip(), *body]
    for number, line in enumerate(lines):
        opening = fence(line)
        if opening is None:
            continue
        before = "\n".join(lines[:number]).strip()
        block = fenced_block(lines, number)
        if before and (opening.language in CODE_TAGS or not (block.closed or block.text.strip())):
            return _plain(before, open_ended)  # a program, or a stray closing fence, after plain data
        return replace(block, notes=(*block.notes, Note.TEXT_BEFORE_FENCE)) if before else block
    return _plain("\n".join(lines).strip(), open_ended)


def fenced_block(lines: list[str], number: int) -> Data:
    """The block opened at line `number`, up to its closing fence or the end."""
    opening = fence(lines[number])
    assert opening is not None, "called at a fence"
    one_line = opening.info.endswith(opening.mark)
    first = opening.info[: -len(opening.mark)] if one_line else opening.info
    body, closed = ([], True) if one_line else _body(lines, number, opening)
    notes: tuple[Note, ...] = (Note.FENCE_VARIANT,) if opening.variant else ()
    if _begins_with_tag(first, opening.language, anything_else=any(line.strip() for line in body)):
        first = first[len(opening.language) :].strip()
        notes += (Note.LANGUAGE_TAG,)
    content = [first, *body] if first.strip() else body
    if closed:
        return _mended("\n".join(content), True, True, notes)
    return _mended("\n".join(content).rstrip(), False, True, (*notes, Note.UNCLOSED_FENCE))


def _body(lines: list[str], number: int, opening: Fence) -> tuple[list[str], bool]:
    """The lines after the opening fence, and whether a closing one ends them."""
    for at in range(number + 1, len(lines)):
        closing = fence(lines[at])
        if closing is not None and opening.closed_by(closing):
            return without_indent(lines[number + 1 : at], opening.indent), True
        if closing is None and ends_with_fence(lines[at], opening):
            body = [*lines[number + 1 : at], without_closing(lines[at], opening)]
            return without_indent(body, opening.indent), True
    return without_indent(lines[number + 1 :], opening.indent), False


def _begins_with_tag(first: str, language: str, anything_else: bool) -> bool:
    """Whether the text after a fence begins with a known tag: data follows on its line or below, but not on both.

    Without any data only a tag for plain text counts, since a lone `c` or `in` may be the data.
    """
    if language not in _TAGS or first[: len(language)].lower() != language:
        return False
    rest = first[len(language) :].strip()
    return bool(rest) != anything_else or (not rest and language in _PLAIN_TAGS)


def _plain(text: str, open_ended: bool) -> Data:
    if open_ended:
        text = text.split("\n\n", 1)[0]
    notes: tuple[Note, ...] = (Note.NO_FENCE,)
    if code := _INLINE_CODE.fullmatch(text):
        text, notes = code["inside"], (Note.INLINE_CODE,)
    elif block := _YAML_BLOCK.fullmatch(text):
        text = textwrap.dedent(block["inside"])
    elif boxed := _BOXED.fullmatch(text):
        text = boxed["inside"]
    return _mended(text, True, False, notes)


def _mended(text: str, closed: bool, fenced: bool, notes: tuple[Note, ...]) -> Data:
    data, mended = _unescaped(text)
    if data.strip("\n") == "" and "\n" not in data:
        data = ""
    elif not data.endswith("\n"):
        data += "\n"
    if "```" in data:
        mended += (Note.FENCE_INSIDE,)
    if data.partition("\n")[0].strip().lower() in _PLAIN_TAGS:
        mended += (Note.TAG_KEPT,)
    return Data(data, closed, fenced, notes + mended)


def _unescaped(text: str) -> tuple[str, tuple[Note, ...]]:
    """`text` with newlines for backslash-n, where the rules of this module allow that, and a note if so."""
    data = text.strip("\n")
    if "\n" in data or "\\n" not in data:
        return text, ()
    if (unquoted := _unquoted(data.strip())) is not None:
        return unquoted, (Note.QUOTED_TEXT,)
    if '"' not in data and "'" not in data and all(match[1] == "n" for match in _ESCAPE.finditer(data)):
        return data.replace("\\n", "\n"), (Note.ESCAPED_NEWLINES,)
    return text, ()


def _unquoted(data: str) -> str | None:
    """The value of `data` as a Python string literal, if it is quoted and ends in backslash-n; else None."""
    if len(data) < 4 or data[0] not in "'\"" or data[-1] != data[0] or not data[:-1].endswith("\\n"):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about invalid escapes concern the model's answer
        try:
            value = ast.literal_eval(data)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return value if isinstance(value, str) else None


def mended(data: str) -> str:
    """The text of a fenced block, with the changes that robust extraction makes to it."""
    return _mended(data, True, True, ()).text
