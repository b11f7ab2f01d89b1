"""Puts the new code of a function or method in place of the present one, or beside a neighbour."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agent.repository.edit.definitions import Defined, comments_above, definitions, width
from agent.repository.edit.elision import expanded
from agent.repository.edit.indentation import moved, step_of
from agent.repository.edit.scan import scan
from agent.repository.edit.text_file import TextFile

_MAIN = re.compile(r"if[ \t(]+__name__[ \t]*==")


@dataclass(frozen=True)
class Spliced:
    """A file with the new code, and remarks."""

    file: TextFile
    notes: tuple[str, ...] = ()


def replaced(file: TextFile, old: Defined, new: Sequence[str]) -> Spliced:
    """The file with the definition `old` replaced by the lines `new`, decorators and definition.

    The new code gets the indentation of the old; left-out code is put back from the old. Decorators stay where `new`
    has none. Comments above, blank lines around, line ends: all outside the definition keeps its bytes. Raises Refused
    where code was left out and it is not clear which.
    """
    was = file.plain[old.first - 1 : old.last]
    lines = moved(new, old.indent, step_of(was if len(was) > 1 else file.plain))
    head = definitions(lines)[0]
    notes: list[str] = []
    if old.decorators and not head.decorators and not _unbound(old, head, lines):
        lines = [*was[: old.head - old.first], *lines]
        head = definitions(lines)[0]
        notes.append(f"decorators kept: {old.name}")
    present = definitions(was)[0]
    heads = (_body_start(head, lines), _body_start(present, was))
    lines, filled = expanded(lines, was, heads)
    if filled:
        notes.append(f"left-out code put back: {old.name}")
    notes += _remarks(old, was, lines)
    return Spliced(file.with_lines(old.first, old.last, lines), tuple(notes))


def inserted(
    file: TextFile,
    new: Sequence[str],
    *,
    owner: Defined | None = None,
    after: Defined | None = None,
    before: Defined | None = None,
) -> TextFile:
    """The file with a new definition: after or before a neighbour, else at the end of the class `owner`, else at the
    end of the module, in front of `if __name__ == "__main__":`.
    """
    neighbour = after or before
    indent = neighbour.indent if neighbour else _member_indent(file, owner) if owner else ""
    lines = moved(new, indent, step_of(file.plain))
    blank = [""] * (1 if width(indent) else 2)
    if before and not after:
        at = comments_above(file.plain, before.first)
        return file.with_lines(at, at - 1, [*lines, *blank])
    end = after.last if after else owner.last if owner else _module_end(file)
    if end == 0:
        return file.with_lines(1, 0, [*lines, *(blank if file.lines else [])])
    guarded = not after and not owner and end < len(file.lines)
    return file.with_lines(end + 1, end, [*blank, *lines, *(blank if guarded and file.plain[end].strip() else [])])


def _member_indent(file: TextFile, owner: Defined) -> str:
    members = [each for each in definitions(file.plain) if each.owner == owner.name and each.first > owner.first]
    body = [line.indent for line in scan(file.plain).logical if owner.head_last < line.first <= owner.last]
    return members[0].indent if members else body[0] if body else owner.indent + step_of(file.plain)


def _module_end(file: TextFile) -> int:
    """The last line with code or a comment before the guard of the main program, or of the file."""
    guard = next((line.first for line in scan(file.plain).logical if not line.indent and _MAIN.match(line.text)), None)
    end = guard - 1 if guard else len(file.lines)
    while guard and end and file.plain[end - 1].startswith("#"):
        end -= 1
    while end and not file.plain[end - 1].strip():
        end -= 1
    return end


def _unbound(old: Defined, new: Defined, lines: Sequence[str]) -> bool:
    """Whether a static or class method became a method of instances, so that its decorator was left out on purpose."""
    kinds = {each.partition("(")[0].strip() for each in old.decorators}
    head = " ".join(line.strip() for line in lines[new.head - 1 : new.head_last])
    return bool(kinds & {"@staticmethod", "@classmethod"}) and bool(re.search(r"\(\s*self\b", head))


def _remarks(old: Defined, was: Sequence[str], lines: Sequence[str]) -> list[str]:
    """What is unusual about the new code: a changed head, a docstring that is gone."""
    present = definitions(was)[0]
    new = definitions(lines)[0]
    notes = []
    if _head(present, was) != _head(new, lines):
        notes.append(f"signature changed: {old.name}")
    if _has_docstring(present, was) and not _has_docstring(new, lines):
        notes.append(f"docstring dropped: {old.name}")
    return notes


def _head(definition: Defined, lines: Sequence[str]) -> str:
    text = "".join(lines[definition.head - 1 : definition.head_last]).partition("#")[0]
    return re.sub(r"[\s,]+(?=\))|\s+", "", text)


def _has_docstring(definition: Defined, lines: Sequence[str]) -> bool:
    return _body_start(definition, lines) > definition.head_last


def _body_start(definition: Defined, lines: Sequence[str]) -> int:
    """The last line of the head, or of the docstring below it."""
    body = next((line for line in scan(lines).logical if line.first > definition.head_last), None)
    if body is not None and body.text.lstrip("rRuU").startswith(('"', "'")):
        return body.last
    return definition.head_last
