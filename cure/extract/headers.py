"""The headers of a tester's answer, `**Test Input:**` and its many variants."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["input", "output", "explanation"]

_LONGEST_HEADER = 120  # characters of a line looked at; keeps every line's work bounded
_DECORATION = " \t#>*_-+`"
_NUMBERED = re.compile(r"\d{1,2}[.)]\s*")
_NAMED = re.compile(
    r"(?:(?:the|new|final|my|generated|unit)\s+)*"
    r"(?:test[\s_-]*(?:case[\s_-]*)?(?P<strong>input|output)|(?P<expected>expected)[\s_-]*(?:test[\s_-]*)?output"
    r"|(?P<explanation>explanation)|(?:(?:sample|example)\s+)?(?P<weak>input|output|stdin|stdout))\b"
    r"(?:\s*(?:\#?\d{1,2}\b|\([^)]*\)))?",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"[ \t]*[*_`]{0,3}[ \t]*(?P<colon>[:\uff1a]?)[ \t]*[*_]{0,3}")
_BOLD = re.compile(r"\*\*(?:Test )?(?P<name>Input|Output|Explanation)(?::\*\*|\*\*:)", re.IGNORECASE)


@dataclass(frozen=True)
class Header:
    """A header, where it ends, and the text after it on its line."""

    kind: Kind
    line: int
    strong: bool
    """Whether it says "test input" or "test output", not just "input"."""
    exact: bool
    """Whether it is written exactly `**Test Input:**` or `**Test Output:**`."""
    rest: str


def headers(lines: list[str]) -> list[Header]:
    """All headers in order. A header begins its line, or is bold and ends it, or follows another on the same line."""
    found: list[Header] = []
    for number, line in enumerate(lines):
        mark = _at_start(line) or _at_end(line)
        if mark is None:
            continue
        for match in _BOLD.finditer(line, mark.end):
            if mark.kind == "explanation":
                break
            found.append(Header(mark.kind, number, mark.strong, mark.exact, line[mark.end : match.start()]))
            mark = _from_bold(match, 0)
        found.append(Header(mark.kind, number, mark.strong, mark.exact, line[mark.end :]))
    return found


@dataclass(frozen=True)
class _Mark:
    kind: Kind
    strong: bool
    exact: bool
    end: int
    """Where the header ends in its line."""


def _at_start(line: str) -> _Mark | None:
    beginning = line[:_LONGEST_HEADER]
    name_at = beginning.lstrip(_DECORATION)
    if name_at[:1].isdigit():
        name_at = _NUMBERED.sub("", name_at, count=1).lstrip(_DECORATION)
    start = len(beginning) - len(name_at)
    name = _NAMED.match(beginning, start)
    if name is None:
        return None
    after = _AFTER_NAME.match(beginning, name.end())
    assert after is not None, "every part of the pattern may be empty"
    decorated = any(mark in beginning[:start] for mark in "#*_")
    if not after["colon"] and not (decorated and line[after.end() :].strip()[:1] in ("", "(")):
        return None
    kind, strong = _kind(name)
    exact = line.lstrip().startswith(("**Test Input:**", "**Test Output:**", "**Explanation:"))
    return _Mark(kind, strong, exact, after.end())


def _kind(name: re.Match[str]) -> tuple[Kind, bool]:
    if name["explanation"]:
        return "explanation", True
    if name["expected"]:
        return "output", False
    word = (name["strong"] or name["weak"]).lower()
    return ("input" if word in ("input", "stdin") else "output"), bool(name["strong"])


def _at_end(line: str) -> _Mark | None:
    """The bold header after other words on the line, if its data begins on the next line or with a fence."""
    place = line[-_LONGEST_HEADER:]
    for match in _BOLD.finditer(place):
        rest = place[match.end() :].strip()
        if not rest or rest.startswith("```"):
            return _from_bold(match, len(line) - len(place))
    return None


def _from_bold(match: re.Match[str], offset: int) -> _Mark:
    word = match["name"].lower()
    kind: Kind = "input" if word == "input" else "output" if word == "output" else "explanation"
    written = match[0].lower()
    strong = "test" in written or kind == "explanation"
    return _Mark(kind, strong, match[0].startswith("**Test ") and written.endswith(":**"), match.end() + offset)
