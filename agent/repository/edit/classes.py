"""Merges the new code of a class, or a part of a class, into the present one."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.repository.edit.code import part_of
from agent.repository.edit.definitions import Defined, definitions, width
from agent.repository.edit.elision import elides
from agent.repository.edit.indentation import moved, step_of
from agent.repository.edit.pairing import overwritten
from agent.repository.edit.scan import scan
from agent.repository.edit.splice import Spliced, inserted, replaced
from agent.repository.edit.text_file import TextFile

_TARGET = re.compile(r"(\w+)[ \t]*(?:=(?!=)|:)")
_NO_TARGET = ("if", "for", "while", "with", "try", "else", "elif", "except", "finally", "match")


Shown = Collection[tuple[str, int]]
"""Qualified names of the shown definitions of a file, each with its number among those of its name."""


@dataclass(frozen=True)
class Member:
    """A statement of a class body."""

    key: str
    """Names the member: that of a method with its role, the target of an assignment, or the text."""
    first: int
    last: int
    definition: Defined | None = None


def members(lines: Sequence[str], owner: Defined) -> list[Member]:
    """The statements directly in the body of the class `owner`, which begins and ends in `lines`."""
    body = [each for each in scan(lines).logical if owner.head_last < each.first <= owner.last]
    outer = min((width(each.indent) for each in body), default=0)
    starts = {each.first: each for each in definitions(lines) if each.owner == owner.name}
    found: list[Member] = []
    for line in body:
        inner = starts.get(line.first)
        if found and line.first <= found[-1].last:
            continue
        if inner:
            key = f"def {inner.short} {inner.role}".rstrip()
            found.append(Member(key, inner.first, inner.last, inner))
        elif width(line.indent) > outer or line.text.startswith(("else", "elif", "except", "finally")):
            if found:
                found[-1] = Member(found[-1].key, found[-1].first, line.last, found[-1].definition)
        else:
            found.append(Member(_key(line.text, first=not found), line.first, line.last))
    return found


def merged(file: TextFile, old: Defined, new: Sequence[str], shown: Shown) -> Spliced:
    """The file with the class `old` changed as the lines `new` say.

    Code that has all members of the class replaces the class as it stands; else the members are merged one by one, and
    those left out stay. Raises Refused as `replaced` and `paired` do.
    """
    was = members(file.plain, old)
    own = definitions(new)[0]
    parts = members(new, own)
    elided = any(elides(line) for line in new[own.head_last :])
    missing = {member.key for member in was} - {part.key for part in parts} - {"docstring"}
    if not elided and not missing:
        return replaced(file, old, new)
    notes: list[str] = []
    file = _with_head(file, old, new, own)
    previous, done = "", set()
    for part in parts:
        owner = _again(file, old)
        lines = list(new[part.first - 1 : part.last])
        if part.definition and part.definition.short not in done:
            same = [
                each.definition for each in parts if each.definition and each.definition.short == part.definition.short
            ]
            spliced = _with_methods(file, owner, same, new, shown, previous)
            file, notes = spliced.file, [*notes, *spliced.notes]
            done.add(part.definition.short)
        elif not part.definition and not all(elides(line) or not line.strip() for line in lines):
            file = _with_statement(file, owner, part, lines, previous)
        previous = part.key
    kept = sorted(key.removeprefix("def ") for key in missing if key.startswith("def "))
    if kept:
        notes.append(f"members kept: {', '.join(kept)}")
    return Spliced(file, tuple(notes))


def _key(text: str, first: bool) -> str:
    if first and text.lstrip("rRuU").startswith(('"', "'")):
        return "docstring"
    found = _TARGET.match(text)
    return found[1] if found and found[1] not in _NO_TARGET else re.sub(r"\s+", " ", text)


def _again(file: TextFile, old: Defined) -> Defined:
    """The class where it stands now; its head has not moved."""
    named = [each for each in definitions(file.plain) if each.name == old.name]
    return min(named, key=lambda each: abs(each.first - old.first))


def _with_head(file: TextFile, old: Defined, new: Sequence[str], own: Defined) -> TextFile:
    """The file with the decorators and the head of the class as in `new`; bases and decorators that a part of the class
    leaves out stay.
    """
    head = list(new[own.head - 1 : own.head_last])
    bare = "(" not in "".join(head)
    if not bare and old.head_last < old.last:
        file = file.with_lines(old.head, old.head_last, moved(head, old.indent))
    if own.decorators:
        file = file.with_lines(old.first, old.head - 1, moved(list(new[own.first - 1 : own.head - 1]), old.indent))
    return file


def _with_methods(
    file: TextFile, owner: Defined, parts: Sequence[Defined], new: Sequence[str], shown: Shown, previous: str
) -> Spliced:
    """The class with methods of one name, or a nested class, replaced; added after the member `previous` if new."""
    present = [each for each in definitions(file.plain) if each.owner == owner.name]
    same = [each for each in present if each.short == parts[0].short and each.kind == parts[0].kind]
    if same and parts[0].kind == "class":
        return merged(file, same[-1], part_of(new, parts[-1]), shown)
    if same:
        visible = [at for at in range(len(same)) if (same[at].name, at) in shown]
        return overwritten(file, same, new, parts, visible)
    after = next((each for each in present if f"def {each.short} {each.role}".rstrip() == previous), None)
    for part in reversed(parts):
        file = inserted(file, part_of(new, part, comments=True), owner=owner, after=after)
    return Spliced(file, (f"added: {owner.name}.{parts[0].short}",))


def _with_statement(file: TextFile, owner: Defined, part: Member, lines: list[str], previous: str) -> TextFile:
    """The class with a statement of its body replaced, or added after the statement that precedes it in the answer."""
    present = members(file.plain, owner)
    indent = file.plain[present[0].first - 1] if present else ""
    indent = indent[: len(indent) - len(indent.lstrip())] or owner.indent + step_of(file.plain)
    fitted = moved(lines, indent)
    for each in present:
        if each.key == part.key and not each.definition:
            return file.with_lines(each.first, each.last, fitted)
    before = next((each for each in present if each.key == previous and not each.definition), None)
    at = before.last if before else owner.head_last
    if not before and present and present[0].key == "docstring":
        at = present[0].last
    return file.with_lines(at + 1, at, fitted)
