"""Settings files: the user's, and the project's in this folder or the nearest one above."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

from settings.errors import SettingsError
from settings.layers import Tree, given_at, layer
from settings.marks import OwnersOnly, Secret, mark
from settings.resolve import nearest
from settings.section import Section
from settings.toml import read_toml

PROJECT_FILE = "cure-agent.toml"


def user_file() -> Path:
    """Path of the user's settings file, which may not exist."""
    from platformdirs import user_config_path

    return user_config_path("cure-agent") / "config.toml"


def project_file(folder: Path) -> Path | None:
    """Path of the project's settings file in this folder or the nearest one above; None without one."""
    return next((path for above in (folder, *folder.parents) if (path := above / PROJECT_FILE).is_file()), None)


def file_layers(sections: Collection[str], folder: Path) -> tuple[Tree, Tree]:
    """Values of the user's and of the project's file, by section. Raises SettingsError, also for an unknown section."""
    user, project = user_file(), project_file(folder)
    return _read(user, sections) if user.is_file() else {}, _read(project, sections) if project else {}


def check_project(name: str, model: type[Section], given: Tree) -> None:
    """Raise SettingsError where a project file gives this section a value that only the user may give."""
    for key, field in model.model_fields.items():
        for leaf in given_at(given, [key]):
            if mark(field, Secret):
                raise SettingsError(f"{leaf.origin}: {name}.{key} is a secret, which a project file may not hold")
            owners = mark(field, OwnersOnly)
            if owners is not None and owners.forbids(leaf.value):
                raise SettingsError(
                    f"{leaf.origin}: {name}.{key}: a project file may not give this value, as {owners.reason}; "
                    f"set it in {user_file()}, by a variable or by a flag"
                )


def _read(path: Path, sections: Collection[str]) -> Tree:
    values: dict[str, Any] = read_toml(path)
    for name, value in values.items():
        if name not in sections:
            raise SettingsError(f"{path}: unknown section {name}{nearest(name, sections)}")
        if not isinstance(value, dict):
            raise SettingsError(f"{path}: {name} is a section: write [{name}] and its keys below")
    return layer(values, str(path))
