"""Settings files: the user's, and the project's in this folder or the nearest one above, which is trusted less."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from settings.errors import SettingsError
from settings.layers import Tree, given_at, layer
from settings.marks import Joined, OwnersOnly, Secret, mark
from settings.resolve import nearest
from settings.section import Section
from settings.toml import read_toml

PROJECT_FILE = "cure-agent.toml"
PYPROJECT = "pyproject.toml"
TOOL = "cure-agent"
"""The project's table is [tool.cure-agent] of its `pyproject.toml`."""


def user_file() -> Path:
    """Path of the user's settings file, which may not exist."""
    from platformdirs import user_config_path

    return user_config_path("cure-agent") / "config.toml"


def project_file(folder: Path) -> Path | None:
    """Path of the project's settings file in this folder or the nearest one above; None without one.

    A `pyproject.toml` with a table [tool.cure-agent] counts where there is no `cure-agent.toml` beside it.
    """
    for above in (folder, *folder.parents):
        if (path := above / PROJECT_FILE).is_file():
            return path
        if _tool_table(path := above / PYPROJECT) is not None:
            return path
    return None


def file_layers(sections: Collection[str], folder: Path) -> tuple[Tree, Tree]:
    """Values of the user's and of the project's file, by section; empty for a file that does not exist.

    Raises SettingsError where a file cannot be read, is not TOML, or has a table that is none of `sections`.
    """
    user, project = user_file(), project_file(folder)
    return _read(user, sections) if user.is_file() else {}, _read(project, sections) if project else {}


def of_project(name: str, model: type[Section], given: Tree, users: Tree) -> tuple[Tree, tuple[str, ...]]:
    """What a project file may give a section, and for each value that it may not, a line that says why it is ignored.

    `given` is what the file gives; `users` what the user's own file gives, to which lists marked with Joined are added.
    """
    kept, ignored = dict(given), []
    for key, field in model.model_fields.items():
        for leaf in given_at(given, [key]):
            if reason := _reason(field, leaf.value):
                kept.pop(key, None)
                ignored.append(
                    f"{leaf.origin}: {name}.{key} is ignored, since {reason}; what you want can be set in "
                    f"{user_file()}, by a variable or by a flag"
                )
            elif mark(field, Joined) and isinstance(leaf.value, list) and key in kept:
                own = [each.value for each in given_at(users, [key]) if isinstance(each.value, list)]
                kept[key] = replace(leaf, value=[*(item for value in own for item in value), *leaf.value])
    return kept, tuple(ignored)


def _reason(field: FieldInfo, value: object) -> str:
    """Why a project file may not give a field this value, as a clause; empty where it may."""
    if mark(field, Secret):
        return "a project file may not hold a secret"
    owners = mark(field, OwnersOnly)
    return owners.reason if owners is not None and owners.forbids(value) else ""


def _tool_table(path: Path) -> dict[str, Any] | None:
    """The table [tool.cure-agent] of a `pyproject.toml`; None without one, also where the file is not valid TOML."""
    try:
        # Most files have none, and need not be parsed.
        if TOOL.encode() not in path.read_bytes():
            return None
        tool = read_toml(path).get("tool", {})
    except (OSError, SettingsError):
        return None
    found = tool.get(TOOL) if isinstance(tool, dict) else None
    return found if isinstance(found, dict) else None


def _read(path: Path, sections: Collection[str]) -> Tree:
    values: dict[str, Any] = (_tool_table(path) or {}) if path.name == PYPROJECT else read_toml(path)
    for name, value in values.items():
        if name not in sections:
            raise SettingsError(f"{path}: unknown section {name}{nearest(name, sections)}")
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: {name} is a section: write [{name}] and its keys below")
    return layer(values, str(path))
