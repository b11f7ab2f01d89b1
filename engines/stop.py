"""Stop strings: where a text ends, and how much of a growing text may already be shown."""

from __future__ import annotations

from collections.abc import Sequence


def cut_at_stop(text: str, stop: Sequence[str], start: int = 0) -> tuple[str, bool]:
    """The text before the first stop string found from `start` on, and whether there was one."""
    found = [position for word in stop if word and (position := text.find(word, start)) >= 0]
    return (text[: min(found)], True) if found else (text, False)


def held_back(text: str, stop: Sequence[str]) -> int:
    """Number of characters at the end of the text that may begin a stop string and must not be shown yet."""
    longest = max(map(len, stop), default=0)
    for length in range(min(longest - 1, len(text)), 0, -1):
        tail = text[-length:]
        if any(word.startswith(tail) for word in stop):
            return length
    return 0
