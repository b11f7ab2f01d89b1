"""The Docker image that a repository names for its development."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from agent.repository.checks.configuration import text
from agent.repository.files import Files

DEVCONTAINERS = (".devcontainer/devcontainer.json", ".devcontainer.json")
DOCKERFILES = ("Dockerfile", ".devcontainer/Dockerfile", "docker/Dockerfile")
NAME = re.compile(r"[a-z0-9][\w.:/@-]*", re.IGNORECASE)


@dataclass(frozen=True)
class DeclaredImage:
    """The name of an image, and where it is written."""

    name: str
    place: str


def find_image(files: Files) -> DeclaredImage | None:
    """The image of devcontainer.json, else the one that a Dockerfile starts from if its name says Python.

    Nothing is built. A name with variables is none.
    """
    nested = [path for path in files.paths if re.fullmatch(r"\.devcontainer/[^/]+/devcontainer\.json", path)]
    for path in (*DEVCONTAINERS, *nested):
        value = _with_comments(text(files, path)).get("image")
        if isinstance(value, str) and NAME.fullmatch(value):
            return DeclaredImage(value, path)
    for path in DOCKERFILES:
        names = re.findall(r"^\s*FROM\s+(?:--\S+\s+)*(\S+)", text(files, path), re.MULTILINE | re.IGNORECASE)
        python = [name for name in names if NAME.fullmatch(name) and "python" in PurePosixPath(name).name]
        if python:
            return DeclaredImage(python[-1], path)
    return None


def _with_comments(source: str) -> dict[str, object]:
    """A JSON object that may have comments and commas before closing brackets; empty where it cannot be read."""
    string = r'"(?:\\.|[^"\\])*"'
    plain = re.sub(rf"({string})|//[^\n]*|/\*.*?\*/", lambda found: found[1] or " ", source, flags=re.DOTALL)
    plain = re.sub(rf"({string})|,(?=\s*[}}\]])", lambda found: found[1] or "", plain)
    try:
        value = json.loads(plain)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
