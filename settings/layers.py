"""Layers of settings, one over the other: the highest layer that names a key wins, and is remembered as its origin."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any


@dataclass(frozen=True)
class Given:
    """A value, and where it was given."""

    value: Any
    origin: str
    """The source as messages name it: a file, a variable, a flag or `preset NAME`."""
    is_exact: bool = False
    """Whether the origin names this very key, as a variable or a flag does."""


Tree = Mapping[str, "Given | Tree"]
"""Values by key; tables are trees themselves."""


def layer(values: Mapping[str, Any], origin: str) -> Tree:
    """The values as a tree, all of them from one origin."""
    return {
        key: layer(value, origin) if isinstance(value, Mapping) else Given(value, origin)
        for key, value in values.items()
    }


def merge(layers: Sequence[Tree], whole: Collection[str] = ()) -> Tree:
    """The layers, lowest first, as one tree: of each key the highest layer's value.

    Tables are merged key by key; a table named in `whole` replaces those of lower layers.
    """
    return reduce(lambda under, over: _over(under, over, whole), layers, {})


def _over(under: Tree, over: Tree, whole: Collection[str]) -> Tree:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        tables = isinstance(value, Mapping) and isinstance(below, Mapping) and key not in whole
        merged[key] = _over(below, value, whole) if tables else value  # type: ignore[arg-type]  # both are tables here
    return merged


def values_of(tree: Tree) -> dict[str, Any]:
    """The bare values of a tree."""
    return {key: value.value if isinstance(value, Given) else values_of(value) for key, value in tree.items()}


def given_at(tree: Tree, path: Sequence[str]) -> list[Given]:
    """The values given at this path: one value, or all values of a table; empty where nothing is given.

    Where a value stands in place of a table on the way, that value is returned.
    """
    found: Given | Tree | None = tree
    for key in path:
        if isinstance(found, Given) or found is None:
            break
        found = found.get(key)
    if isinstance(found, Given):
        return [found]
    return [] if found is None else [leaf for key in found for leaf in given_at(found, [key])]
