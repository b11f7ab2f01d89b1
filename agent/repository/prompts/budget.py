"""Fits the parts of a prompt into a budget of tokens, the least important part first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

CHARACTERS_PER_TOKEN = 3.6
"""Characters of code and English that a token of usual models holds, on average."""

_LEAST_LINES = 3
"""Lines of a part that is still worth showing."""


@dataclass(frozen=True)
class Part:
    """One part of a prompt."""

    text: str
    """The part with its heading; empty where there is nothing to say."""
    importance: int
    """Parts of the least importance are shortened first; parts of importance 0 never."""
    from_end: bool = False
    """Whether the end is worth more than the beginning, as in a traceback."""
    head: str = ""
    """Heading, which stays when the text is shortened."""
    tail: str = ""
    """What closes the text, such as a fence, which stays, too."""

    @property
    def whole(self) -> str:
        """The part as it is shown."""
        return f"{self.head}{self.text}{self.tail}" if self.text else ""


def tokens(text: str) -> int:
    """About how many tokens a text has."""
    return -int(-len(text) / CHARACTERS_PER_TOKEN // 1)


def fitted(parts: Sequence[Part], budget: int) -> str:
    """The parts with an empty line between them, in about `budget` tokens.

    While they are too long, the least important part (of equal ones the longest) is shortened by lines and says how
    many were left out, or is left out entirely.
    """
    left = [part for part in parts if part.text]
    shortened: set[int] = set()
    while (over := len(_joined(left)) - int(budget * CHARACTERS_PER_TOKEN)) > 0:
        candidates = [at for at, part in enumerate(left) if part.importance and at not in shortened and part.text]
        if not candidates:
            break
        at = min(candidates, key=lambda at: (left[at].importance, -len(left[at].text)))
        left[at] = _shorter(left[at], over)
        shortened.add(at)
    return _joined(left)


def shortened_lines(text: str, characters: int, *, from_end: bool = False) -> str:
    """The text in at most about `characters`, cut at lines, with a line that says how many lines are left out."""
    if len(text) <= characters:
        return text
    lines = text.split("\n")
    kept: list[str] = []
    size = 40
    for line in reversed(lines) if from_end else lines:
        size += len(line) + 1
        if size > characters:
            break
        kept.append(line)
    missing = len(lines) - len(kept)
    mark = f"(... {missing} lines left out)" if missing != 1 else "(... 1 line left out)"
    return "\n".join([mark, *reversed(kept)] if from_end else [*kept, mark])


def _joined(parts: Sequence[Part]) -> str:
    return "\n\n".join(part.whole for part in parts if part.text)


def _shorter(part: Part, over: int) -> Part:
    """The part, shorter by `over` characters; empty where little would be left."""
    text = shortened_lines(part.text, len(part.text) - over, from_end=part.from_end)
    return replace(part, text=text if text.count("\n") >= _LEAST_LINES else "")
