"""Pairs definitions in an answer with those of the same name in a file, and puts them in their place."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from agent.repository.edit.code import part_of
from agent.repository.edit.definitions import Defined
from agent.repository.edit.result import Reason, Refused
from agent.repository.edit.splice import Spliced, inserted, replaced
from agent.repository.edit.text_file import TextFile

_PARAMETERS = re.compile(r"\((?P<inside>[^)]*)\)?")


def paired(
    new: Sequence[Defined], heads: Sequence[str], old: Sequence[Defined], shown: Collection[int]
) -> list[tuple[Defined, Defined | None]]:
    """Each of `new` with the one of `old` that it replaces, None where it is to be added. All have one name.

    `heads` are the lines of `def` of `new`; `shown` are indices in `old` that a prompt has shown. Overloads, accessors
    of a property and registrations are paired by kind, then in order. Raises Refused where several definitions may be
    meant, unless one of them was shown or the last one hides the others.
    """
    left = {role: [at for at, each in enumerate(old) if each.role == role] for role in {each.role for each in old}}
    by_role: dict[str, list[Defined]] = {}
    for each, head in zip(new, heads, strict=True):
        by_role.setdefault(_role(each, head, left), []).append(each)
    found: list[tuple[Defined, Defined | None]] = []
    for role, definitions in by_role.items():
        places = left.get(role, [])
        if len(definitions) < len(places):
            places = _narrowed(definitions, places, old, shown)
        # Of several versions of one definition the last is meant.
        kept = definitions[-len(places) :] if places and role != "overload" else definitions
        found += [(each, old[at]) for each, at in zip(kept, places, strict=False)]
        found += [(each, None) for each in kept[len(places) :]]
    return sorted(found, key=lambda pair: pair[0].first)


def overwritten(
    file: TextFile, old: Sequence[Defined], lines: Sequence[str], new: Sequence[Defined], shown: Collection[int]
) -> Spliced:
    """The file with the definitions `old`, which all have one name, replaced by those of `lines` called `new`; what has
    no partner is added below. Raises Refused as `paired` and `replaced` do.
    """
    pairs = paired(new, [lines[each.head - 1] for each in new], old, shown)
    places = [(each, old.index(was)) for each, was in pairs if was]
    notes: list[str] = []
    more = [each for each, was in pairs if was is None]
    for each in reversed(more):
        file = inserted(file, part_of(lines, each, comments=True), after=old[-1])
    for each, at in sorted(places, key=lambda place: -place[1]):
        done = replaced(file, old[at], part_of(lines, each))
        file, notes = done.file, [*notes, *done.notes]
    return Spliced(file, tuple(notes))


def _role(definition: Defined, head: str, old: dict[str, list[int]]) -> str:
    """The role of a new definition; the number of parameters tells where a property's decorator was left out."""
    role = definition.role
    if definition.decorators or role in old or "setter" not in old:
        return role
    match = _PARAMETERS.search(head)
    return "setter" if match and match["inside"].count(",") == 1 else role


def _narrowed(new: Sequence[Defined], places: list[int], old: Sequence[Defined], shown: Collection[int]) -> list[int]:
    """Those of `places` that are meant, one for each new definition."""
    visible = [at for at in places if at in shown]
    if len(visible) == len(new):
        return visible
    outermost = min(len(each.indent) for each in old)
    if len(new) == 1 and all(len(old[at].indent) == outermost for at in places) and not outermost:
        return places[-1:]
    lines = ", ".join(str(old[at].head) for at in places)
    raise Refused(Reason.AMBIGUOUS_PLACE, f"{old[0].name} is defined in lines {lines}.")
