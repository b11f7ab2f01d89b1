"""Settings read from TOML and written as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from settings.errors import SettingsError
from settings.marks import Secret, mark

Comment = Callable[[tuple[str, ...]], str]
"""What to write behind the value at a path."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file. Raises SettingsError where it cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None


def to_toml(sections: BaseModel | Mapping[str, BaseModel], comment: Comment | None = None) -> str:
    """The sections as TOML that can be read back; secrets are left out.

    `comment` says what stands behind each value. Without it, values that are None by default are left out.
    """
    text: str = _table(sections, (), comment).as_string()
    return text.lstrip("\n")


def _table(section: BaseModel | Mapping[str, Any], path: tuple[str, ...], comment: Comment | None) -> Any:
    """The keys of a table first, then the tables in it."""
    import tomlkit

    table = tomlkit.table() if path else tomlkit.document()
    items = _items(section)
    for key, value in items.items():
        if _is_table(value):
            continue
        is_left_out = comment is None and isinstance(section, BaseModel) and _is_none_by_default(section, key)
        if value is None and is_left_out:
            continue
        table.add(key, tomlkit.item("none" if value is None else value))
        if comment is not None:
            table[key].comment(comment((*path, key)))
    for key, value in items.items():
        if _is_table(value):
            table.add(key, _table(value, (*path, key), comment))
    return table


def _items(section: BaseModel | Mapping[str, Any]) -> dict[str, Any]:
    """Values by key, those of JSON in place of others, models and tables of models as they are."""
    if isinstance(section, Mapping):
        return dict(section)
    plain = section.model_dump(mode="json")
    fields = type(section).model_fields
    kept = {key: getattr(section, key) for key in fields if mark(fields[key], Secret) is None}
    return {key: value if _is_table(value) else plain[key] for key, value in kept.items()}


def _is_none_by_default(section: BaseModel, key: str) -> bool:
    return type(section).model_fields[key].get_default() is None


def _is_table(value: object) -> bool:
    return isinstance(value, BaseModel | Mapping)
