"""Applies a block of code with new versions of functions, methods and classes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.repository.edit.classes import Shown, merged
from agent.repository.edit.code import Code
from agent.repository.edit.definitions import Defined, definitions
from agent.repository.edit.draft import Draft
from agent.repository.edit.headers import Header
from agent.repository.edit.imports import used_names
from agent.repository.edit.pairing import overwritten, paired
from agent.repository.edit.place import Place
from agent.repository.edit.result import Reason, Refused
from agent.repository.edit.splice import inserted
from agent.repository.edit.statements import merge_statements

_METHOD = re.compile(r"\(\s*(?:self|cls|mcs)\b")
_TEST = re.compile(r"test_|Test[A-Z]|.*Tests?$")
_TEST_PATH = re.compile(r"(?:.*/)?(?:tests?/|test_[^/]*$|[^/]*_test\.py$|conftest\.py$)")


@dataclass(frozen=True)
class Target:
    """Where a definition of an answer belongs."""

    definition: Defined
    path: str
    name: str
    """Qualified name; that of a definition to be added where `new`."""
    new: bool = False


def rewrite(draft: Draft, code: Code, header: Header, path: str | None) -> None:
    """Change the draft as the definitions in `code` say: replace those that exist, add others beside their neighbours,
    then merge imports and constants. `path` is the file that the answer names, if any.

    Raises Refused where a definition belongs nowhere or may belong to several places.
    """
    targets = _targets(draft, code, header, path)
    groups: dict[tuple[str, str, bool], list[Target]] = {}
    for target in targets:
        groups.setdefault((target.path, target.name, target.new), []).append(target)
    for (where, name, new), group in groups.items():
        if new:
            for target in group:
                _add(draft, code, target, targets, header)
        elif group[0].definition.kind == "class":
            _merge_class(draft, code, where, name, group[-1].definition)
        else:
            _replace(draft, code, where, name, [target.definition for target in group])
    only = path or _only(place.path for place in draft.shown)
    before = [*draft.names]
    for where in dict.fromkeys(target.path for target in targets) or ([only] if only and not code.outer else []):
        merge_statements(draft, where, code, [target.name for target in targets if target.path == where])
    if not targets and draft.names == before:
        raise Refused(Reason.UNKNOWN_PLACE, "The code defines nothing that was shown.")


def _merge_class(draft: Draft, code: Code, path: str, name: str, new: Defined) -> None:
    """Merge a new version of the class called `name`, or a part of it, into the present one."""
    file, shown = draft.read(path), _shown(draft, path)
    visible = {number for each, number in shown if each == name}
    (_, old), *_ = paired([new], [code.lines[new.head - 1]], _named(file.plain, name), visible)
    if old is not None:
        done = merged(file, old, code.part(new), shown)
        draft.write(path, done.file, name)
        for note in done.notes:
            draft.note(note)


def _replace(draft: Draft, code: Code, path: str, name: str, new: Sequence[Defined]) -> None:
    """Replace the definitions called `name` by new ones, paired by kind and order; add those that have no partner."""
    file = draft.read(path)
    visible = {number for each, number in _shown(draft, path) if each == name}
    done = overwritten(file, _named(file.plain, name), code.lines, new, visible)
    draft.write(path, done.file, name)
    for note in done.notes:
        draft.note(note)


def _add(draft: Draft, code: Code, target: Target, targets: Sequence[Target], header: Header) -> None:
    """Add a new definition: after the one that the answer names, else after its predecessor in the block or before its
    successor, if these are in the same class or module, else at the end of the class or module.
    """
    file = draft.read(target.path)
    owner_name = target.name.rpartition(".")[0]
    present = {each.name: each for each in definitions(file.plain)}
    beside = [each for each in targets if each.path == target.path and each.name in present]
    at = target.definition.first
    earlier = [each.name for each in beside if each.definition.first < at]
    later = [each.name for each in beside if each.definition.first > at]
    asked = [name for name in present if header.after in (name, name.rpartition(".")[2])] if header.after else []
    after = _sibling([*asked[:1], *reversed(earlier)], owner_name)
    before = None if after else _sibling(later, owner_name)
    file = inserted(
        file,
        code.part(target.definition, comments=True),
        owner=present.get(owner_name),
        after=present.get(after or ""),
        before=present.get(before or ""),
    )
    draft.write(target.path, file, target.name)
    draft.note(f"added: {target.name}")


def _sibling(names: Sequence[str], owner: str) -> str | None:
    """The first of these definitions that stands in `owner`, or whose class does."""
    for name in names:
        if name.rpartition(".")[0] == owner:
            return name
        if not owner:
            return name.partition(".")[0]
    return None


def _targets(draft: Draft, code: Code, header: Header, path: str | None) -> list[Target]:
    """Where the outer definitions of the code belong; those of tests are left out unless their file has tests."""
    found: list[Target] = []
    unknown: list[Defined] = []
    for definition in code.outer:
        place = _place(draft, code, definition, header, path)
        if place is None:
            unknown.append(definition)
        else:
            found.append(Target(definition, *place))
    if len(code.outer) == len(unknown) == 1 and (renamed := _renamed(draft, unknown[0], header, path)):
        return [renamed]
    for definition in unknown:
        where = path or _nearest(definition, found) or _user(draft, definition) or _shown_class(draft, code, definition)
        if _TEST.match(definition.short) and not (where and _TEST_PATH.match(where)):
            draft.note(f"tests left out: {definition.short}")
        elif where is None:
            raise Refused(Reason.UNKNOWN_PLACE, f"Nothing that was shown is called {definition.short}.")
        else:
            owner = _owner(draft, code, definition, header, found, where)
            name = f"{owner}.{definition.short}" if owner else definition.short
            found.append(Target(definition, where, name, new=True))
    return sorted(found, key=lambda target: target.definition.first)


def _renamed(draft: Draft, definition: Defined, header: Header, path: str | None) -> Target | None:
    """Where the only definition of a block belongs if the header names a present one that has another name."""
    if path is None or path not in draft or not header.name:
        return None
    named = [
        each
        for each in definitions(draft.read(path).plain)
        if ("." + each.name).endswith("." + header.name) and each.kind == definition.kind
    ]
    if len({each.name for each in named}) != 1:
        return None
    draft.note(f"renamed: {named[0].name} to {definition.short}")
    return Target(definition, path, named[0].name)


def _place(draft: Draft, code: Code, definition: Defined, header: Header, path: str | None) -> tuple[str, str] | None:
    """Path and qualified name of the definition that is replaced: a shown one, else one of the same file."""
    short = definition.short
    shown = {(place.path, name) for place in draft.shown if (name := _within(place, definition))}
    shown = {(where, name) for where, name in shown if path in (None, where)} or (shown if path is None else set())
    found = _chosen(shown, code, definition, header.name)
    if found:
        return found
    paths = [path] if path else list(dict.fromkeys(place.path for place in draft.shown))
    present = {
        (where, each.name)
        for where in paths
        if where in draft
        for each in definitions(draft.read(where).plain)
        if each.short == short and each.kind == definition.kind
    }
    return _chosen(present, code, definition, header.name)


def _chosen(places: set[tuple[str, str]], code: Code, definition: Defined, named: str) -> tuple[str, str] | None:
    """The only one of these places, of those that the header names or that are methods (or not) as the definition is.

    Raises Refused where several are left.
    """
    if len(places) > 1 and named:
        equal = {place for place in places if place[1] == named}
        exact = equal or {place for place in places if place[1].endswith("." + named)}
        inside = {place for place in places if place[1].rpartition(".")[0] == named}
        places = exact or inside or places
    if len(places) > 1 and definition.kind == "function":
        is_method = bool(_METHOD.search(" ".join(code.lines[definition.head - 1 : definition.head_last])))
        places = {place for place in places if ("." in place[1]) == is_method} or places
    if len(places) > 1 and definition.kind == "class":
        places = {place for place in places if "." not in place[1]} or places
    if len(places) > 1:
        several = " or ".join(f"{path}::{name}" for path, name in sorted(places)[:3])
        raise Refused(Reason.AMBIGUOUS_PLACE, f"{definition.short} may be {several}.")
    return next(iter(places), None)


def _within(place: Place, definition: Defined) -> str:
    """The qualified name of the definition, if the place is it, or lies in a class that has its name."""
    parts = place.name.split(".")
    if parts[-1] == definition.short:
        return place.name
    if definition.kind == "class" and definition.short in parts:
        return ".".join(parts[: parts.index(definition.short) + 1])
    return ""


def _owner(draft: Draft, code: Code, definition: Defined, header: Header, found: Sequence[Target], path: str) -> str:
    """The class to which a new function belongs as a method; empty for a function of the module."""
    classes = {each.name for each in definitions(draft.read(path).plain) if each.kind == "class"}
    if header.name in classes and definition.short != header.name:
        return header.name
    if (owner := header.name.rpartition(".")[0]) in classes and header.name.endswith("." + definition.short):
        return owner
    head = " ".join(code.lines[definition.head - 1 : definition.head_last])
    if definition.kind == "class" or not _METHOD.search(head):
        return ""
    owners = [target.name.rpartition(".")[0] for target in found if target.path == path]
    owners += [place.name.rpartition(".")[0] for place in draft.shown if place.path == path]
    owners += [place.name for place in draft.shown if place.path == path]
    return next((each for each in owners if each in classes), "")


def _nearest(definition: Defined, found: Sequence[Target]) -> str | None:
    """The file of the definition next to this one in the block."""
    nearest = min(found, key=lambda target: abs(target.definition.first - definition.first), default=None)
    return nearest.path if nearest else None


def _shown_class(draft: Draft, code: Code, definition: Defined) -> str | None:
    """The file of the only class of which a prompt has shown something, for a new method."""
    head = " ".join(code.lines[definition.head - 1 : definition.head_last])
    owners = {(place.path, place.name.rpartition(".")[0] or place.name) for place in draft.shown}
    return _only(path for path, _ in owners) if len(owners) == 1 and _METHOD.search(head) else None


def _user(draft: Draft, definition: Defined) -> str | None:
    """The only changed file that uses a new name which it does not define."""
    changed = list(dict.fromkeys(name.partition("::")[0] for name in draft.names))
    return _only(path for path in changed if definition.short in used_names(draft.read(path).text))


def _only(paths: Iterable[str]) -> str | None:
    distinct = set(paths)
    return distinct.pop() if len(distinct) == 1 else None


def _named(lines: Sequence[str], name: str) -> list[Defined]:
    return [each for each in definitions(lines) if each.name == name]


def _shown(draft: Draft, path: str) -> Shown:
    """The shown definitions of a file, each with its number among those of its name in the file as it was."""
    base = draft.base(path)
    if base is None:
        return frozenset()
    found = set()
    every = definitions(base.plain)
    for place in draft.shown:
        same = [each for each in every if each.name == place.name]
        for number, each in enumerate(same):
            if place.path == path and place.first <= each.last and each.first <= place.last:
                found.add((place.name, number))
    return frozenset(found)
