"""Python code out of an answer, mended where it is not quite valid."""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agent.repository.edit.answer import error_in, parses
from agent.repository.edit.definitions import Defined, comments_above, definitions
from agent.repository.edit.elision import elides
from agent.repository.edit.indentation import indent_of, moved
from agent.repository.edit.result import Reason, Refused
from cure.extract.mends import begins_prose, mended_sources

_PRINT = re.compile(r"(?P<before>(?:.*:)?[ \t]*)print[ \t]+(?P<what>(?!>>)[^\s(=].*?)[ \t]*")


@dataclass(frozen=True)
class Code:
    """Valid Python code, but for elisions, which may stand where a statement is needed."""

    lines: tuple[str, ...]
    tree: ast.Module
    """The code, with `pass` for elisions where a statement is needed."""
    notes: tuple[str, ...] = ()

    @property
    def definitions(self) -> tuple[Defined, ...]:
        """All functions and classes."""
        return definitions(self.lines)

    @property
    def outer(self) -> tuple[Defined, ...]:
        """The functions and classes that no other encloses."""
        return tuple(each for each in self.definitions if not each.owner)

    def part(self, definition: Defined, *, comments: bool = False) -> list[str]:
        """The lines of a definition, decorators included, and the comments directly above if wanted."""
        return part_of(self.lines, definition, comments=comments)


def part_of(lines: Sequence[str], definition: Defined, *, comments: bool = False) -> list[str]:
    """The lines of a definition, decorators included, and the comments directly above if wanted; elisions are none."""
    first = comments_above(lines, definition.first) if comments else definition.first
    while first < definition.first and any(elides(line) for line in lines[first - 1 : definition.first - 1]):
        first += 1
    return list(lines[first - 1 : definition.last])


def code_of(lines: Sequence[str], *, closed: bool) -> Code:
    """The code in these lines, without blank lines around it. Raises Refused where it is not valid and cannot be
    mended: as cut where it is not `closed`.
    """
    plain = "\n".join(lines).strip("\n").rstrip()
    for text, note in _readings(plain):
        for source in dict.fromkeys((text, _with_pass(text))):
            if parses(source + "\n"):
                return Code(tuple(text.split("\n")), _tree(source + "\n"), (note,) if note else ())
    if not closed:
        raise Refused(Reason.CUT)
    error = error_in(textwrap.dedent(plain) + "\n")
    where = "" if error is None else _described(error, plain)
    raise Refused(Reason.SYNTAX_ERROR, where)


def _readings(plain: str) -> Iterator[tuple[str, str]]:
    """What the code may be meant to be, the most likely first, each with what was mended."""
    yield plain, ""
    yield textwrap.dedent(plain), ""
    yield "\n".join(moved(plain.split("\n"), "")), ""
    for step in ("    ", "\t", "  ", "        "):
        # The blanks of the first line were lost.
        yield textwrap.dedent(step + plain), "indentation of the first line put back"
    for mended in mended_sources(plain):
        yield mended, "characters mended"
    yield "\n".join(map(_call, textwrap.dedent(plain).split("\n"))), "Python 2 prints turned into calls"
    if shorter := _without_words(textwrap.dedent(plain)):
        yield shorter, "words after the code left out"


def _call(line: str) -> str:
    found = _PRINT.fullmatch(line)
    return f"{found['before']}print({found['what']})" if found else line


def _without_words(source: str) -> str:
    """The source up to the line at which it is not valid, if words begin there; else empty."""
    error = error_in(source + "\n")
    lines = source.split("\n")
    number = error.lineno if error else None
    if not number or not 1 < number <= len(lines) or not begins_prose(lines[number - 1]):
        return ""
    kept = lines[: number - 1]
    while kept and (not kept[-1].strip() or begins_prose(kept[-1])):
        kept.pop()
    return "\n".join(kept)


def _with_pass(source: str) -> str:
    lines = source.split("\n")
    return "\n".join(f"{indent_of(line)}pass" if elides(line) else line for line in lines)


def _tree(source: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _described(error: SyntaxError, source: str) -> str:
    lines = source.split("\n")
    number = error.lineno or 0
    line = lines[number - 1].strip() if 0 < number <= len(lines) else ""
    return f"Line {number} of the code: {error.msg}{f' in `{line}`' if line else ''}."
