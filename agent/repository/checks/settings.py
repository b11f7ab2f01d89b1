"""The settings that pytest itself would read in a repository."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from agent.repository.checks.configuration import ini, strings, table, toml
from agent.repository.checks.layout import PYTHON_FILES
from agent.repository.files import Files

TABLES = ("pytest.toml", ".pytest.toml")
ALWAYS = ("pytest.ini", ".pytest.ini")
"""Files that are pytest's settings even if they are empty."""
SECTIONS = {"pytest.ini": "pytest", ".pytest.ini": "pytest", "tox.ini": "pytest", "setup.cfg": "tool:pytest"}


@dataclass(frozen=True)
class Settings:
    """pytest's settings in one directory; empty where it has none."""

    config: str = ""
    """Path of the file, relative to the directory."""
    addopts: tuple[str, ...] = ()
    testpaths: tuple[str, ...] = ()
    python_files: tuple[str, ...] = PYTHON_FILES
    pythonpath: tuple[str, ...] = ()


def settings_of(files: Files, directory: str = ".") -> Settings:
    """The settings in the first of the files that pytest would take, in its order."""
    start = "" if directory == "." else f"{directory}/"
    paths = set(files.paths)
    for name in (*TABLES, *ALWAYS, "pyproject.toml", "tox.ini", "setup.cfg"):
        if start + name in paths:
            found = _read(files, start + name, name)
            if found is not None:
                return found
    return Settings()


def _read(files: Files, path: str, name: str) -> Settings | None:
    if name in TABLES:
        values: dict[str, object] = table(toml(files, path), "pytest")
    elif name == "pyproject.toml":
        tool = table(toml(files, path), "tool", "pytest")
        values = table(tool, "ini_options") or {key: value for key, value in tool.items() if key != "ini_options"}
        if not tool:
            return None
    else:
        sections = ini(files, path)
        if SECTIONS[name] not in sections and name not in ALWAYS:
            return None
        values = dict(sections.get(SECTIONS[name], {}))
    return Settings(
        config=name,
        addopts=tuple(_options(values.get("addopts"))),
        testpaths=tuple(_words(values.get("testpaths"))),
        python_files=tuple(_words(values.get("python_files"))) or PYTHON_FILES,
        pythonpath=tuple(_words(values.get("pythonpath"))),
    )


def _options(value: object) -> list[str]:
    """A list as it is; a text split as a shell would, comments left out."""
    if not isinstance(value, str):
        return strings(value)
    try:
        return shlex.split(value, comments=True)
    except ValueError:
        return value.split()


def _words(value: object) -> list[str]:
    return value.split() if isinstance(value, str) else strings(value)
