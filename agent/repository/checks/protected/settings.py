"""Compares the files that say how tests are collected and run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from agent.repository.checks.configuration import ini, table, toml
from agent.repository.files import Files

WHOLE = ("conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", ".coveragerc")
"""Files of which every change matters, wherever they lie."""
TOX = ("commands", "commands_pre", "commands_post", "setenv", "set_env", "changedir", "allowlist_externals")


def changed_settings(before: Files, after: Files, path: str) -> str:
    """What a patch changes of the settings of tests in this file, in words; empty where it changes nothing of them."""
    name = PurePosixPath(path).name
    if name in WHOLE:
        return f"{name} is {'changed' if path in before.paths else 'new'}"
    comparer: Mapping[str, Callable[[Files, str], dict[str, Any]]] = {
        "pyproject.toml": _pyproject,
        "setup.cfg": _setup_cfg,
        "tox.ini": _tox,
    }
    if name not in comparer:
        return ""
    old, new = comparer[name](before, path), comparer[name](after, path)
    changed = sorted(key for key in {*old, *new} if old.get(key) != new.get(key))
    return f"{', '.join(changed)} of {name}" if changed else ""


def _pyproject(files: Files, path: str) -> dict[str, Any]:
    found = toml(files, path)
    project = table(found, "project")
    return {
        "[tool.pytest]": table(found, "tool", "pytest"),
        "the plug-ins": table(project, "entry-points", "pytest11"),
        "[tool.tox]": table(found, "tool", "tox"),
        **({"the syntax": True} if files_has(files, path) and not found else {}),
    }


def _setup_cfg(files: Files, path: str) -> dict[str, Any]:
    found = ini(files, path)
    points = found.get("options.entry_points", {})
    return {"[tool:pytest]": found.get("tool:pytest", {}), "the plug-ins": points.get("pytest11", "")}


def _tox(files: Files, path: str) -> dict[str, Any]:
    found = ini(files, path)
    environments = {
        f"[{name}]": {key: value for key, value in section.items() if key in TOX}
        for name, section in found.items()
        if name.partition(":")[0] == "testenv"
    }
    return {"[pytest]": found.get("pytest", {}), **{name: kept for name, kept in environments.items() if kept}}


def files_has(files: Files, path: str) -> bool:
    """Whether there is a file at this path."""
    return path in files.paths
