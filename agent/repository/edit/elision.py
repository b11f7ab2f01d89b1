"""Puts back code that a model left out with a comment such as `# ... existing code ...`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from agent.repository.edit.result import Reason, Refused

_WORDS = (
    r"existing|rest\b|remain|unchanged|same\b|other\b|others\b|previous|omitted|original|as before|no changes?|elided|"
    r"continue|truncated|code\b|implementation|logic|methods|functions"
)
_CERTAIN = re.compile(
    rf"#.*(?:\.\.\.|…).*(?:{_WORDS}).*|#.*(?:{_WORDS}).*(?:\.\.\.|…).*|#\s*(?:\.\.\.|…)+\s*"
    r"|(?:\.\.\.|…)(?:\s*#.*)?|pass\s*#.*(?:unchanged|existing|same|rest|original|before|omitted|remain).*",
    re.IGNORECASE,
)
_LIKELY = re.compile(
    r"#.*(?:\bunchanged\b|same as (?:before|above|original)|code omitted|no changes? (?:needed|here|below)"
    r"|rest of (?:the |this |your )?(?:\w+ )?(?:code|function|method|class|implementation|file|module|body|logic)"
    r"|existing (?:code|implementation|logic|methods|functions)|remains? (?:the same|unchanged|as is)).*",
    re.IGNORECASE,
)
_CONTEXT = 4
"""Lines next to the gap that may be needed to find where it lies."""


def elides(line: str) -> bool:
    """Whether a line may stand for code that was left out."""
    text = line.strip()
    return bool(_CERTAIN.fullmatch(text) or _LIKELY.fullmatch(text))


def expanded(new: Sequence[str], old: Sequence[str], heads: tuple[int, int] = (0, 0)) -> tuple[list[str], bool]:
    """`new` with the lines of `old` that its elisions stand for, and whether there were any.

    An elision is put back where the lines around it are found in `old`, once each. A remark that only looks like one
    stays. Both have the same indentation; the first `heads` lines of each are its head, which may differ. Raises
    Refused where lines are left out and it cannot be told which.
    """
    was = {line.strip() for line in old}
    marks = [at for at, line in enumerate(new) if elides(line) and line.strip() not in was]
    found: list[str] = []
    position, done, filled = 0, 0, False
    for at, end in pairwise([*marks, len(new)]):
        before = [line for line in new[heads[0] : at] if line.strip()]
        start = _matched(before[-_CONTEXT:], old, done, backwards=True) if before else heads[1] - 1
        after = [line for line in new[at + 1 : end] if line.strip()]
        stop = None if start is None else _end(after, old, start + 1, last=end == len(new))
        found += new[position:at]
        position = at + 1
        if start is not None and stop is not None:
            found += old[start + 1 : stop]
            done, filled = stop, filled or stop > start + 1
        elif _CERTAIN.fullmatch(new[at].strip()):
            raise Refused(Reason.NO_MATCH, f"Code was left out at `{new[at].strip()}`, and it is not clear which.")
        else:
            found.append(new[at])
    return [*found, *new[position:]], filled


def _end(after: Sequence[str], old: Sequence[str], start: int, last: bool) -> int | None:
    """The index in `old`, from `start`, of the first line after a gap; its length where nothing follows the gap."""
    if not after:
        return len(old) if last else None
    return _matched(after[:_CONTEXT], old, start, backwards=False)


def _matched(lines: Sequence[str], old: Sequence[str], start: int, *, backwards: bool) -> int | None:
    """The index in `old`, from `start`, of the line that is next to the gap: the last of `lines` (`backwards`) or the
    first. Further lines are compared until one place is left; None where there is none, or several.
    """
    if not lines:
        return None
    ordered = list(reversed(lines)) if backwards else list(lines)
    kept = [at for at in range(start, len(old)) if old[at].strip()]
    places = [index for index, at in enumerate(kept) if old[at].strip() == ordered[0].strip()]
    for distance, line in enumerate(ordered[1:], 1):
        if len(places) < 2:
            break
        shift = -distance if backwards else distance
        closer = [
            index
            for index in places
            if 0 <= index + shift < len(kept) and old[kept[index + shift]].strip() == line.strip()
        ]
        places = closer or places
    return kept[places[0]] if len(places) == 1 else None
