"""Tells what an interpreter has: `python -c TEXT`, with a JSON object on standard input, JSON on standard output."""

from __future__ import annotations

import json
import sys
from importlib import metadata
from importlib.util import find_spec


def version_of(name: str) -> str:
    """The version of an installed package; empty where there is none."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def is_there(module: str) -> bool:
    """Whether a top-level module can be found, without importing it."""
    try:
        return find_spec(module) is not None
    except Exception:
        return False


def plugins() -> dict[str, str]:
    """Installed plug-ins of pytest by name, and the package of each."""
    return {
        point.name: distribution.metadata["Name"] or ""
        for distribution in metadata.distributions()
        for point in distribution.entry_points
        if point.group == "pytest11"
    }


def failed() -> list[str]:
    """Requirements that could not be installed when /env was prepared."""
    try:
        with open("/env/failed") as file:
            return file.read().splitlines()
    except OSError:
        return []


def main() -> None:
    order = json.loads(sys.stdin.buffer.read().decode())
    found = {
        "version": ".".join(map(str, sys.version_info[:3])),
        "pytest": version_of("pytest"),
        "coverage": version_of("coverage"),
        "plugins": plugins(),
        "packages": [name for name in order["packages"] if not version_of(name)],
        "modules": [name for name in order["modules"] if not is_there(name)],
        "failed": failed(),
    }
    print(json.dumps(found))


main()
