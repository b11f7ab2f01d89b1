"""Turns layers of values into a checked section, or into one line on what is wrong and where it was given."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError

from settings.errors import SettingsError
from settings.layers import Tree, given_at, layer, merge, values_of
from settings.section import Section

S = TypeVar("S", bound=Section)
DEFAULT = "default"


@dataclass(frozen=True)
class Resolved(Generic[S]):
    """A section with the origins of its values."""

    value: S
    given: Tree
    ignored: tuple[str, ...] = ()
    """A line for each value of a project file that is ignored, with the reason."""

    def origin(self, *path: str) -> str:
        """Where the value of this key was given; `default` where it was not."""
        found = given_at(self.given, path)
        return found[0].origin if found else DEFAULT


def resolve(model: type[S], layers: Sequence[Tree], name: str = "", whole: Collection[str] = ()) -> Resolved[S]:
    """The section that the layers, lowest first, give.

    `name` is the name of the section's table, for messages. A table inside the section that is named in `whole`
    replaces the tables of lower layers instead of being merged with them.

    Raises SettingsError for unknown keys and for values that cannot be used; the message names the origin, the key and,
    for an unknown key, the nearest one.
    """
    tree = merge(_with_preset(model, layers), whole)
    try:
        return Resolved(model.model_validate(values_of(tree)), tree)
    except ValidationError as error:
        found = dict.fromkeys(_line(model, tree, name, item) for item in error.errors())
        raise SettingsError("; ".join(found)) from None


def _with_preset(model: type[Section], layers: Sequence[Tree]) -> list[Tree]:
    """The layers, with a preset inserted beneath the layer that names it; if several name one, the highest counts."""
    for place in reversed(range(len(layers))):
        name, values = model.preset_of(values_of(layers[place]))
        if values:
            return [*layers[:place], layer(values, f"preset {name}"), *layers[place:]]
    return list(layers)


def nearest(name: str, known: Collection[str]) -> str:
    """End of a sentence on an unknown name that suggests the nearest known one; empty if there is none."""
    found = get_close_matches(name, known, n=1)
    return f"; did you mean {found[0]}?" if found else ""


def _line(model: type[BaseModel], tree: Tree, table: str, fault: Any) -> str:
    """One line for one fault found by pydantic."""
    path = [str(part) for part in fault["loc"]]
    given = given_at(tree, path) or given_at(tree, path[:-1])
    origins = ", ".join(dict.fromkeys(leaf.origin for leaf in given))
    where = f"{origins}: " if origins else ""
    key = ".".join([*([table] if table else []), *path])
    if fault["type"] == "extra_forbidden":
        return f"{where}unknown key {key}{nearest(path[-1], _keys(model, path[:-1]))}"
    is_table = isinstance(fault["input"], dict) and fault["type"].endswith(("_type", "_parsing"))
    message = "this is not a section" if is_table else fault["msg"].removeprefix("Value error, ")
    is_exact = len(given) == 1 and given[0].is_exact
    return where + (message if is_exact or not key else f"{key}: {message}")


def _keys(model: Any, path: Sequence[str]) -> list[str]:
    """The keys of the table at this path; none where there is no table."""
    for part in path:
        field = model.model_fields.get(part) if _is_model(model) else None
        if field is None:
            return []
        model = field.annotation
    return list(model.model_fields) if _is_model(model) else []


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
