"""Tells what an interpreter has: `python -c TEXT`, with a JSON object on standard input, JSON on standard output."""

from __future__ import annotations

import json
import sys
from typing import Any


def main() -> None:
    order = json.loads(sys.stdin.buffer.read().decode())
    found: dict[str, Any] = {
        "version": ".".join(map(str, sys.version_info[:3])),
        "prefix": sys.prefix,
        "pytest": "",
        "plugins": {},
    }
    missing, wrong = [], []
    try:
        from importlib import metadata
        from importlib.util import find_spec
    except ImportError:
        print(json.dumps(found))
        return
    for name in order["packages"]:
        try:
            metadata.version(name)
        except metadata.PackageNotFoundError:
            missing.append(name)
    for name in order["modules"]:
        try:
            present = find_spec(name) is not None
        except Exception:
            present = False
        if not present:
            wrong.append(name)
    try:
        found["pytest"] = metadata.version("pytest")
    except metadata.PackageNotFoundError:
        pass
    for distribution in metadata.distributions():
        for point in distribution.entry_points:
            if point.group == "pytest11":
                found["plugins"][point.name] = distribution.metadata["Name"] or ""
    found["packages"] = missing
    found["modules"] = wrong
    try:
        with open("/env/failed") as file:
            found["failed"] = file.read().splitlines()
    except OSError:
        found["failed"] = []
    try:
        found["coverage"] = metadata.version("coverage")
    except metadata.PackageNotFoundError:
        found["coverage"] = ""
    print(json.dumps(found))


main()
