"""Removes a model's thinking, the drafts before its answer: tagged blocks, and channels of gpt-oss (Harmony)."""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAG = re.compile(
    r"< ?(?P<close>/?) ?(?:think|thinking|thoughts?|reasoning|scratchpad|reflection|seed:think|longcat_think) ?>"
    r"|\[(?P<mistral>/?)THINK\]|◁(?P<kimi>/?)think▷|<\|(?P<named>begin|start|end)_(?:of_)?(?:thought|thinking)\|>"
    r"|<unused9(?P<unused>[45])>",
    re.IGNORECASE,
)
_CHANNEL = re.compile(r"(?:<\|channel\|>|\A)\s*(?P<name>\w+)(?:[^<]|<\|constrain\|>)*<\|message\|>")
_MESSAGE_END = re.compile(r"<\|(?:end|return|call|start|channel)\|>")
_BARE_ANALYSIS = re.compile(r"\s*analysis(?![a-z])")
_BARE_FINAL = "assistantfinal"
"""What remains of the markers before the final channel in the answers of servers that drop special tokens."""


@dataclass(frozen=True)
class Answer:
    """An answer without its thinking."""

    text: str
    thinking: int
    """Number of characters removed."""
    unfinished: bool
    """Whether the model stopped inside its thinking, so that the answer is missing or incomplete."""


def without_thinking(answer: str) -> Answer:
    """`answer` without blocks such as `<think>` and `[THINK]`; of an answer in channels, only the final channel.

    A closing tag without an opening one ends thinking that began before the text (chat templates contain the opening
    tag), so everything before it is removed. An opening tag without a closing one counts only at the beginning of a
    line: a program may print such a tag.
    """
    if channels := list(_CHANNEL.finditer(answer)):
        return _of_channels(answer, channels)
    if _BARE_ANALYSIS.match(answer) and _BARE_FINAL in answer:
        text = answer.rpartition(_BARE_FINAL)[2]
        return Answer(text, len(answer) - len(text), unfinished=False)
    tags = list(_TAG.finditer(answer))
    last_close = max((tag.start() for tag in tags if _closes(tag)), default=-1)
    kept: list[str] = []
    position, inside = 0, False
    for tag in tags:
        if _closes(tag):
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


def _of_channels(answer: str, channels: list[re.Match[str]]) -> Answer:
    """The answer in the final channel: its messages, joined by newlines. Unfinished where there is none."""
    kept: list[str] = []
    for channel in channels:
        if channel["name"] == "final":
            end = _MESSAGE_END.search(answer, channel.end())
            kept.append(answer[channel.end() : end.start() if end else len(answer)])
    text = "\n".join(kept)
    return Answer(text, len(answer) - len(text), unfinished=not kept)


def _closes(tag: re.Match[str]) -> bool:
    closes = tag["close"] or tag["mistral"] or tag["kimi"]
    return bool(closes) or (tag["named"] or "").lower() == "end" or tag["unused"] == "5"


def _begins_a_line(text: str, position: int) -> bool:
    while position > 0 and text[position - 1] in " \t":
        position -= 1
    return position == 0 or text[position - 1] == "\n"
