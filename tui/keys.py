"""Keys that users remap: the ids of all commands, and what is wrong with a keymap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from textual.binding import Binding, BindingType


def ids_of(bindings: Iterable[BindingType]) -> list[str]:
    """The ids of those of the bindings that have one."""
    return [each.id for each in bindings if isinstance(each, Binding) and each.id]


def unknown_ids(keymap: Mapping[str, str], known: Iterable[str]) -> list[str]:
    """One line for each id of the keymap that no command has, with the nearest one that exists."""
    ids = sorted(set(known))
    lines = []
    for name in keymap:
        if name not in ids:
            near = get_close_matches(name, ids, n=1)
            lines.append(f"no command {name!r}" + (f"; did you mean {near[0]}?" if near else ""))
    return lines
