"""Where a generated test file goes, so that its imports work as those of its neighbours do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import PurePosixPath

from agent.repository.checks.below import join, project_directory
from agent.repository.checks.layout import NOT_SOURCES, files_with_tests, roots_of_tests
from agent.repository.checks.settings import settings_of
from agent.repository.files import Files

PREFIX = "test_cure_agent_"
LONGEST = 60


def place_test(files: Files, name: str, *, near: str | None = None, taken: Collection[str] = ()) -> str:
    """A new path for a file with generated tests, which pytest collects and which overwrites nothing.

    It lies in the directory of the test file `near`, by default where most test files lie; in a repository without
    tests, in `tests`. `name` is any text; `taken` are paths that are given away already.
    """
    project = project_directory(files)
    settings = settings_of(files, project)
    stem = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower()[:LONGEST].strip("_") or "1"
    testpaths = [join(project, path.rstrip("/")) for path in settings.testpaths]
    directory = _directory(files, near, settings.python_files, testpaths)
    used = {PurePosixPath(path).name for path in (*files.paths, *taken)}
    pattern = _pattern(settings.python_files)
    number = 1
    while True:
        file = pattern.format(f"{PREFIX}{stem}" if number == 1 else f"{PREFIX}{stem}_{number}")
        # Test files in directories without `__init__.py` must have different names, wherever they lie.
        if file not in used:
            return file if directory == "." else f"{directory}/{file}"
        number += 1


def _directory(files: Files, near: str | None, patterns: Sequence[str], testpaths: Sequence[str]) -> str:
    if near is not None:
        return str(PurePosixPath(near).parent)
    found = [
        str(PurePosixPath(path).parent)
        for path in files_with_tests(files.paths, patterns)
        if not NOT_SOURCES & set(PurePosixPath(path).parts[:-1])
    ]
    inside = [path for path in found if any(path == root or path.startswith(f"{root}/") for root in testpaths)]
    counted = Counter(inside or found)
    if counted:
        return min(counted, key=lambda path: (-counted[path], path.count("/"), path))
    roots = roots_of_tests(files, patterns)
    return roots[0] if roots else next(iter(testpaths), "tests")


def _pattern(patterns: Sequence[str]) -> str:
    """A form of file names, with `{}` for the stem, that one of pytest's patterns matches."""
    if any(pattern in ("test_*.py", "test*.py", "*.py") for pattern in patterns):
        return "{}.py"
    return next((pattern.replace("*", "{}", 1) for pattern in patterns if pattern.count("*") == 1), "{}.py")
