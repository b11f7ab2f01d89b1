"""Reads and writes settings as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from settings.errors import SettingsError
from settings.marks import Secret, mark

Sections = BaseModel | Mapping[str, Any]
"""One model, or models by name."""

Comment = Callable[[tuple[str, ...]], str]
"""Maps the path of a value to the comment after it."""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file. Raises SettingsError where the file cannot be read or is not TOML."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except OSError as error:
        raise SettingsError(f"cannot read {path}: {error.strerror}") from None


def to_toml(sections: Sections, comment: Comment | None = None) -> str:
    """The sections as TOML that can be read back, without the values of secrets.

    `comment` gives the comment after each value. Without it, keys whose value and default are both None are left out;
    with it, a comment says whether each secret is set.
    """
    text: str = _table(sections, (), comment).as_string()
    return text.lstrip("\n")


def items_of(section: Sections) -> dict[str, Any]:
    """Values by key: nested models and tables unchanged, other values as JSON values."""
    if isinstance(section, Mapping):
        return dict(section)
    plain = section.model_dump(mode="json")
    values = {key: getattr(section, key) for key in plain}
    return {key: value if isinstance(value, BaseModel | Mapping) else plain[key] for key, value in values.items()}


def secrets_of(section: Sections) -> set[str]:
    """Keys of the section whose values are secret."""
    fields = {} if isinstance(section, Mapping) else type(section).model_fields
    return {key for key, field in fields.items() if mark(field, Secret) is not None}


def _table(section: Sections, path: tuple[str, ...], comment: Comment | None) -> Any:
    """The keys of a table first, then the tables in it."""
    import tomlkit

    table = tomlkit.table() if path else tomlkit.document()
    items = items_of(section)
    fields = {} if isinstance(section, Mapping) else type(section).model_fields
    for key, value in items.items():
        field = fields.get(key)
        if isinstance(value, BaseModel | Mapping):
            continue
        if key in secrets_of(section):
            if comment is not None:
                table.add(tomlkit.comment(f"{key} is {'not set' if value is None else 'set'}: {comment((*path, key))}"))
        elif value is not None or comment is not None or field is None or field.get_default() is not None:
            item = tomlkit.item("none" if value is None else value)
            table.add(key, item if comment is None else item.comment(comment((*path, key))))
    for key, value in items.items():
        if isinstance(value, BaseModel | Mapping) and (inner := _table(value, (*path, key), comment)):
            table.add(key, inner)
    return table
