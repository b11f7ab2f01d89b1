"""The headers of a tester's answer, `**Test Input:**` and its many variants."""

from __future__ import annotations

import re
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["input", "output", "explanation"]

_LONGEST_HEADER = 120  # characters of a line that are searched, which bounds the work
_DECORATION = " \t#>*_-+•`"
_NUMBERED = re.compile(r"\d{1,2}[.)]\s*")
_NAMED = re.compile(
    r"(?:(?:the|a|new|final|my|generated|unit|(?P<corrects>correct(?:ed)?|revised|updated|fixed|actual))\s+)*"
    r"(?:test[\s_-]*(?:case[\s_-]*)?(?:\#?(?P<before>\d{1,2})[\s:.-]*)?(?P<strong>inputs?|outputs?)"
    r"|(?P<expected>expected[\s_-]*(?:test[\s_-]*)?output)"
    r"|(?P<explanation>explanation)|(?:(?:sample|example)\s+)?(?P<weak>input|output|stdin|stdout))\b"
    r"(?:\s*(?:\#?(?P<number>\d{1,2})\b|\([^)]*\)))*",
    re.IGNORECASE,
)
_AFTER_NAME = re.compile(r"[ \t]*[*_`]{0,3}[ \t]*(?P<colon>[:\uff1a]?)[ \t]*[*_]{0,3}")
_ASKED = ("**Test Input:**", "**Test Output:**", "**Explanation:")
_BOLD = re.compile(r"\*\*(?:Test )?(?P<name>Input|Output|Explanation)(?::\*\*|\*\*:)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Header:
    """A header of an answer, with its place and the text that follows it on its line."""

    kind: Kind
    line: int = 0
    """Index, from 0, of the line that the header stands on."""
    strong: bool
    """Whether the header says "test input", "test output" or "explanation", not just "input" or "output"."""
    exact: bool
    """Whether the header is written as the prompt asks, whatever stands before it on the line: `**Test Input:**`,
    `**Test Output:**` or `**Explanation:`. The released code finds such a header."""
    styled: bool
    """Whether the header is bold or a heading, and not just words with a colon."""
    corrects: bool = False
    """Whether the header says that it corrects another header's data, as in `Corrected Output:`."""
    number: int | None = None
    """The number in the header, as in `Test Input 2:`."""
    end: int
    """Position in the line at which the header ends."""
    rest: str = ""
    """The text after the header on its line, up to the next header."""


def headers(lines: list[str], passed_over: Container[int] = ()) -> list[Header]:
    """All headers in order, without those of the lines whose numbers are in `passed_over`.

    A header begins its line, or is bold and either ends the line, stands before a fence, or follows another header.
    """
    found: list[Header] = []
    for number, line in enumerate(lines):
        header = None if number in passed_over else header_at(line)
        if header is None:
            continue
        for match in _BOLD.finditer(line, header.end):
            if header.kind == "explanation":
                break
            found.append(replace(header, line=number, rest=line[header.end : match.start()]))
            header = _from_bold(match, 0)
        found.append(replace(header, line=number, rest=line[header.end :]))
    return found


def header_at(line: str) -> Header | None:
    """The first header of the line; None without one."""
    return _at_start(line) or _at_end(line)


def _at_start(line: str) -> Header | None:
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
    kind: Kind = "explanation"
    if not name["explanation"]:
        word = (name["strong"] or name["weak"] or "output").lower()
        kind = "input" if word in ("input", "inputs", "stdin") else "output"
    return Header(
        kind=kind,
        strong=bool(name["strong"] or name["explanation"]),
        exact=beginning[:start].endswith("**") and beginning.startswith(_ASKED, start - 2),
        styled=decorated and beginning[:start].strip() != "*",
        corrects=bool(name["corrects"]),
        number=int(name["before"] or name["number"] or 0) or None,
        end=after.end(),
    )


def _at_end(line: str) -> Header | None:
    """The bold header after other words on the line, if its data begins on the next line or with a fence."""
    place = line[-_LONGEST_HEADER:]
    for match in _BOLD.finditer(place):
        rest = place[match.end() :].strip()
        if not rest or rest.startswith("```"):
            return _from_bold(match, len(line) - len(place))
    return None


def _from_bold(match: re.Match[str], offset: int) -> Header:
    word = match["name"].lower()
    kind: Kind = "input" if word == "input" else "output" if word == "output" else "explanation"
    written = match[0].lower()
    return Header(
        kind=kind,
        strong="test" in written or kind == "explanation",
        exact=match[0].startswith(_ASKED),
        styled=True,
        end=match.end() + offset,
    )
