"""Resolved settings for people and machines, with where each value came from and which variable sets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from settings.environment import variable
from settings.options import options_of
from settings.resolve import Resolved
from settings.toml import Sections, items_of, secrets_of, to_toml

Explain = Callable[[tuple[str, ...]], dict[str, str]]
"""Maps the path of a value to its `origin`, and to the `variable` that sets it where there is one."""


def explain_sections(sections: Mapping[str, Resolved[Any]]) -> Explain:
    """A function from the path of a value in these sections to its origin and its environment variable."""
    options = [option for name, found in sections.items() for option in options_of(type(found.value), name)]
    variables = {(option.section, option.key): variable(option) for option in options}
    return lambda path: {"origin": sections[path[0]].origin(*path[1:]), "variable": variables[path[0], path[1]]}


def explain_run(run: Resolved[Any]) -> Explain:
    """A function from the path of a value in a training run's configuration to its origin."""
    return lambda path: {"origin": run.origin(*path)}


def as_toml(sections: Sections, explain: Explain | None) -> str:
    """The settings as TOML; with `explain` a comment after each value names its origin and variable."""

    def comment(path: tuple[str, ...]) -> str:
        origin, *name = (explain or (lambda _: {}))(path).values()
        return origin if name in ([], [origin]) else f"{origin} ({name[0]})"

    return to_toml(sections, None if explain is None else comment)


def as_json(sections: Sections, explain: Explain | None, path: tuple[str, ...] = ()) -> dict[str, Any]:
    """The settings without secrets, as JSON values; with `explain`, objects of `value` and what `explain` returns."""
    shown: dict[str, Any] = {}
    for key, value in items_of(sections).items():
        if key in secrets_of(sections):
            continue
        if isinstance(value, BaseModel | Mapping):
            shown[key] = as_json(value, explain, (*path, key))
        else:
            shown[key] = value if explain is None else {"value": value, **explain((*path, key))}
    return shown
