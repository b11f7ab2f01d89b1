"""Thinking blocks, which hold drafts and are no part of the answer."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(r"<(/?)(?:think|thinking)>", re.IGNORECASE)


@dataclass(frozen=True)
class Answer:
    """An answer without its thinking."""

    text: str
    thinking: int
    """Characters removed."""
    unfinished: bool
    """Whether the text ends inside a thinking block, so that there is no answer."""


def without_thinking(answer: str) -> Answer:
    """`answer` without `<think>` and `<thinking>` blocks.

    A closing tag without an opening one ends thinking that began before the text (chat templates contain the opening
    tag), so everything before it is removed. An opening tag without a closing one counts only at the beginning of a
    line: a program may print the word.
    """
    tags = list(_TAG.finditer(answer))
    last_close = max((tag.start() for tag in tags if tag[1]), default=-1)
    kept: list[str] = []
    position, inside = 0, False
    for tag in tags:
        if tag[1]:
            if not inside:
                kept.clear()
            position, inside = tag.end(), False
        elif not inside and (tag.start() < last_close or _begins_a_line(answer, tag.start())):
            kept.append(answer[position : tag.start()])
            inside = True
    if not inside:
        kept.append(answer[position:])
    text = "".join(kept)
    return Answer(text, len(answer) - len(text), unfinished=inside)


def _begins_a_line(text: str, position: int) -> bool:
    while position > 0 and text[position - 1] in " \t":
        position -= 1
    return position == 0 or text[position - 1] == "\n"
