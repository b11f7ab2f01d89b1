"""Reads problem packages, directories or zip files, of Polygon (`polygon`) and of the ICPC and Kattis (`icpc`).

`files` opens a package, `judging` maps its checker or validator to a comparison, `validator` wraps a validator in
Python as a checker, `tex` turns TeX into Markdown.
"""

from __future__ import annotations

from pathlib import Path

from cure.errors import ProblemError
from cure.problem.packages.files import DESCRIPTIONS, open_files
from cure.problem.statement import Statement

LARGEST_LIMITS = (3600, 1_048_576)
"""Largest time limit (seconds) and memory limit (megabytes), as in a row of CURE's JSON."""


def is_package(path: str) -> bool:
    """Whether the path is a zip file, or a directory with a package's description in it."""
    place = Path(path)
    try:
        if place.is_dir():
            return any((place / name).is_file() for name in DESCRIPTIONS)
        return place.suffix.lower() == ".zip" and place.is_file()
    except (OSError, ValueError):  # ValueError: a null character in the path
        return False


def read_package(path: str) -> Statement:
    """The problem in the package at this path.

    Raises ProblemError for a package that cannot be read or used, and for a limit above LARGEST_LIMITS.
    """
    name = Path(path).resolve().stem
    with open_files(path) as files:
        if files.has("problem.xml"):
            from cure.problem.packages.polygon import read_polygon

            found = read_polygon(files, name)
        elif files.has("problem.yaml"):
            from cure.problem.packages.icpc import read_icpc

            found = read_icpc(files, name)
        else:
            raise ProblemError(f"{path}: holds neither problem.xml (Polygon) nor problem.yaml (ICPC)")
    limits = (found.problem.time_limit_s, found.problem.memory_mb)
    for limit, most, what in zip(limits, LARGEST_LIMITS, ("seconds", "megabytes"), strict=True):
        if limit > most:
            raise ProblemError(f"{path}: a limit of {limit:g} {what}, expected at most {most:g}")
    return found
