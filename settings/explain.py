"""Resolved settings for people and machines, with where each value came from and which variable sets it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from settings.environment import variable
from settings.options import options_of
from settings.resolve import Resolved
from settings.toml import is_secret, to_toml


def as_toml(sections: Mapping[str, Resolved[Any]], explain: bool) -> str:
    """The sections as TOML; with `explain`, each value with its origin and its variable behind it."""
    values = {name: found.value for name, found in sections.items()}
    variables = _variables(sections)

    def comment(path: tuple[str, ...]) -> str:
        origin = sections[path[0]].origin(*path[1:])
        name = variables[path[:2]]
        return origin if origin == name else f"{origin} ({name})"

    return to_toml(values, comment if explain else None)


def as_json(sections: Mapping[str, Resolved[Any]], explain: bool) -> dict[str, Any]:
    """The sections as JSON's values; with `explain`, each as an object of value, origin and variable."""
    if not explain:
        return {name: _plain(found.value) for name, found in sections.items()}
    variables = _variables(sections)
    return {
        name: {
            key: {"value": value, "origin": found.origin(key), "variable": variables[name, key]}
            for key, value in _plain(found.value).items()
        }
        for name, found in sections.items()
    }


def train_as_toml(run: Resolved[Any], explain: bool) -> str:
    """The configuration of a training run as TOML; with `explain`, each value with its origin behind it."""
    return to_toml(run.value, (lambda path: run.origin(*path)) if explain else None)


def train_as_json(run: Resolved[Any], explain: bool) -> dict[str, Any]:
    """The configuration of a training run as JSON's values; with `explain`, each as an object of value and origin."""
    return _explained(run, run.value.model_dump(mode="json"), ()) if explain else _plain(run.value)


def _explained(run: Resolved[Any], values: Mapping[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    return {
        key: _explained(run, value, (*path, key))
        if isinstance(value, Mapping)
        else {"value": value, "origin": run.origin(*path, key)}
        for key, value in values.items()
    }


def _plain(section: BaseModel) -> dict[str, Any]:
    """The values of a section without its secrets."""
    fields = type(section).model_fields
    return section.model_dump(mode="json", exclude={key for key in fields if is_secret(fields[key])})


def _variables(sections: Mapping[str, Resolved[Any]]) -> dict[tuple[str, ...], str]:
    """The variable of each key, by section and key."""
    options = [option for name, found in sections.items() for option in options_of(type(found.value), name)]
    return {(option.section, option.key): variable(option) for option in options}
