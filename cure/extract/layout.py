"""Lays an answer out so that every fence stands at the beginning of a line of its own.

Models put fences after words, list marks and bold marks, and whole answers into quotations; some write tags instead of
fences, or go on after the end of their turn.
"""

from __future__ import annotations

import json
import re
from itertools import groupby

from cure.extract.headers import header_at
from cure.fences import Fence, fence, open_after

_TURN_ENDS = (
    *("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "<|eom_id|>", "<|end_of_turn|>", "<end_of_turn>"),
    *("<|return|>", "<|end|>", "<|call|>", "<｜end▁of▁sentence｜>", "<|EOT|>"),
)
_ANY_END = "|".join(map(re.escape, _TURN_ENDS))
_TURN_END = re.compile(rf"(?P<mark>{_ANY_END})")
_CLOSING_TURN_END = re.compile(rf"^[ \t]*(?:`{{3,}}|~{{3,}})[ \t]*(?P<mark>{_ANY_END})")
_LAST_MARKS = (
    *("</s>", "[/INST]", "</answer>", "</solution>", "</final>", "</response>"),
    *("<|end_of_solution|>", "<|END_RESPONSE|>", "<|end_of_box|>"),
)
_FIRST_MARK = re.compile(
    r"(?:<\|im_start\|>assistant|<\|start_header_id\|>assistant<\|end_header_id\|>|<\|(?:assistant|Assistant)\|>"
    r"|<start_of_turn>model|\[/INST\]|<s>|<(?:answer|solution|final|response)>|<\|begin_of_solution\|>"
    r"|<\|START_RESPONSE\|>|<\|begin_of_box\|>|<\|python_tag\|>)\s*",
)
_TAG_LINE = re.compile(
    r"\s*(?:(?:<(?P<html>/?)(?:pre|code|python|program)\b[^<>]{0,60}>){1,2}"
    r"|\[(?P<bbcode>/?)(?:PYTHON|CODE)(?:=\w{0,20})?\]|\\(?:begin|(?P<latex>end))\{(?:lstlisting|verbatim|minted|code)\}.{0,60})\s*",
    re.IGNORECASE,
)
_OTHER_FENCE = re.compile(
    r"\s*(?P<mark>\'{3}|\"{3}|`{1,2}|[\u2018\u2019\u2032\u2035\u00b4\uff07]{3})[ \t]*(?:python3?|py)\s*", re.IGNORECASE
)
_QUOTE = re.compile(r"[ \t]{0,3}>[ \t]?")
_LIST_MARK = re.compile(r"(?P<before>[ \t]*(?:[-*+•]|\(?\d{1,2}[.)])[ \t]+)(?P<fence>`{3,}.*|~{3,}.*)")
_BOLD_MARK = re.compile(r"[ \t]*[*_]{1,3}(?P<fence>`{3,}.*)")
_AFTER_CLOSING = re.compile(r"(?P<fence>[ \t]*(?:`{3,}|~{3,}))[*_.,;:!)]{1,3}[ \t]*")
_BEHIND_WORDS = re.compile(r"(?P<words>[^`]*[^`\s][^`]*)(?P<fence>`{3,}[ \t]*[A-Za-z0-9+#_.{}-]*[ \t]*)")
_TILDES_BEHIND_WORDS = re.compile(r"(?P<words>[^~]*[^~\s][^~]*)(?P<fence>~{3,}[ \t]*[A-Za-z0-9+#_.{}-]*[ \t]*)")
_ONE_LINE = re.compile(r"(?P<words>[^`]*[^`\s][^`]*)(?P<fence>```[^`]+```)[ \t.]*")
_ESCAPED_FENCE = re.compile(r"(?:\A|\\n)```(?:\w*)\\n.*\\n```", re.S)
_DEEPEST_QUOTE = 3
_LONGEST = 2000  # longer lines, in characters, are not searched for fences


def laid_out(answer: str) -> str:
    """The answer up to the end of the turn, with fences at the beginning of lines, and without the `>` of quotations
    that hold fences or headers. Lines inside fenced blocks are left as they are. `answer` has plain newlines (see
    `with_newlines`).
    """
    lines = _unquoted(_turn(answer).split("\n"), _DEEPEST_QUOTE)
    if not any("```" in line or "~~~" in line for line in lines):
        lines = _other_marks_as_fences([_tag_as_fence(line) for line in lines])
    found: list[str] = []
    opening: Fence | None = None
    for line in lines:
        end = (_TURN_END if opening is None else _CLOSING_TURN_END).search(line) if "<" in line else None
        text = line[: end.start("mark")] if end else line
        pieces = _outside(text) if opening is None else [_inside(text, opening)]
        for piece in pieces:
            opening = open_after(piece, opening)
        found += pieces
        if end and opening is None:
            break
    return "\n".join(found).rstrip()


def with_newlines(answer: str) -> str:
    """The answer with plain newlines, also where all of its newlines are written as escapes or as other characters."""
    text = answer.replace("\r\n", "\n")
    if "\n" in text.strip():
        return text
    if text.strip()[:1] == '"' and "\\n" in text:
        try:
            whole = json.loads(text)
        except ValueError:
            whole = ""
        return whole if isinstance(whole, str) and whole else text
    text = text.replace("\r", "\n").replace("\u2028", "\n")
    return text.replace("\\n", "\n") if _ESCAPED_FENCE.search(text) else text


def _turn(answer: str) -> str:
    """The answer without the marks and blanks around a turn, which some servers leave in answers."""
    text = answer.lstrip()
    text = text[match.end() :] if (match := _FIRST_MARK.match(text)) else answer
    end = len(text)
    while True:
        while end and text[end - 1].isspace():
            end -= 1
        last = next((mark for mark in (*_TURN_ENDS, *_LAST_MARKS) if text.endswith(mark, 0, end)), None)
        if last is None:
            return text[:end]
        end -= len(last)


def _unquoted(lines: list[str], depth: int) -> list[str]:
    """The lines without the marks `>` of quotations that hold fences or headers, at most `depth` marks a line. Lines of
    fenced blocks outside quotations are kept.
    """
    found: list[str] = []
    opening: Fence | None = None
    for quoted, group in groupby(lines, lambda line: _QUOTE.match(line) is not None):
        run = list(group)
        if quoted and depth and opening is None:
            inside = [_QUOTE.sub("", line, count=1) for line in run]
            if any("```" in line or "~~~" in line or header_at(line) for line in inside):
                found += _unquoted(inside, depth - 1)
                continue
        for line in run:
            opening = open_after(line, opening)
        found += run
    return found


def _outside(line: str) -> list[str]:
    """A line outside of blocks, as one or two lines: a fence after words becomes a line of its own, and a list mark or
    bold mark before a fence is removed.
    """
    if len(line) > _LONGEST or not ("```" in line or "~~~" in line):
        return [line]
    if found := _LIST_MARK.fullmatch(line):
        return [" " * len(found["before"]) + found["fence"]]
    if found := _BOLD_MARK.fullmatch(line):
        return [found["fence"]]
    if fence(line) is None:
        for pattern in (_BEHIND_WORDS, _TILDES_BEHIND_WORDS, _ONE_LINE):
            if found := pattern.fullmatch(line):
                return [found["words"].rstrip(), found["fence"]]
    return [line]


def _inside(line: str, opening: Fence) -> str:
    """A line of the block that `opening` opens; if it closes the block, without bold marks and punctuation after it."""
    found = _AFTER_CLOSING.fullmatch(line)
    mark = fence(found["fence"]) if found else None
    return found["fence"] if found and mark and opening.closed_by(mark) else line


def _tag_as_fence(line: str) -> str:
    found = _TAG_LINE.fullmatch(line)
    if found is None:
        return line
    return "```" if found["html"] or found["bbcode"] or found["latex"] else "```python"


def _other_marks_as_fences(lines: list[str]) -> list[str]:
    """The lines, with fences around the first block that stands between quotation marks or too few backticks, if its
    opening mark has the tag Python."""
    for start, line in enumerate(lines):
        if found := _OTHER_FENCE.fullmatch(line):
            ends = [at for at in range(start + 1, len(lines)) if lines[at].strip() == found["mark"]]
            end = ends[-1] if ends else len(lines)
            return [*lines[:start], "```python", *lines[start + 1 : end], *(["```"] if ends else []), *lines[end + 1 :]]
    return lines
