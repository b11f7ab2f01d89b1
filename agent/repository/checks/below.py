"""One project inside of a repository that holds several, or holds it in a directory of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath

from agent.repository.checks.layout import NOT_SOURCES, files_with_tests
from agent.repository.checks.verdicts import Report
from agent.repository.files import Files

PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg", "tox.ini", "pytest.ini", ".pytest.ini", "pytest.toml")


@dataclass(frozen=True)
class Below:
    """The files below a directory of a repository, with paths relative to that directory; implements `Files`."""

    files: Files
    directory: str

    @cached_property
    def paths(self) -> Sequence[str]:
        """Sorted paths, relative to the directory."""
        start = f"{self.directory}/"
        return [path.removeprefix(start) for path in self.files.paths if path.startswith(start)]

    def read(self, path: str) -> bytes:
        """The contents of a file. Raises KeyError where there is no such file."""
        return self.files.read(f"{self.directory}/{path}")

    def blob(self, path: str) -> str:
        """A name of the contents. Raises KeyError where there is no such file."""
        return self.files.blob(f"{self.directory}/{path}")


def below(files: Files, directory: str) -> Files:
    """The files as a project in this directory sees them; `.` are all files."""
    return files if directory == "." else Below(files, directory)


def project_directory(files: Files, standing: str = ".") -> str:
    """The directory of the project that is worked on, relative to the repository's root.

    It is the innermost directory at or above `standing` (where the user stands) that has the settings of a project and
    tests below it. At a root without such settings it is the one directory that has them for all tests; else the root.
    """
    paths = set(files.paths)
    tests = [path for path in files_with_tests(files.paths) if not NOT_SOURCES & set(PurePosixPath(path).parts[:-1])]
    for directory in (standing, *map(str, PurePosixPath(standing).parents)):
        if _is_project(directory, paths) and any(_inside(test, directory) for test in tests):
            return directory
    above = [{str(parent) for parent in PurePosixPath(test).parents} for test in tests]
    common = set.intersection(*above) if above else set()
    return max((one for one in common if _is_project(one, paths)), key=len, default=".")


def _is_project(directory: str, paths: set[str]) -> bool:
    return any(join(directory, name) in paths for name in PROJECT_FILES)


def _inside(path: str, directory: str) -> bool:
    return directory == "." or path.startswith(f"{directory}/")


def join(directory: str, path: str) -> str:
    """A path below a directory as one below the root."""
    return path if directory == "." else f"{directory}/{path}"


def cut(directory: str, path: str) -> str:
    """A path below the root as one below the directory; unchanged where it lies elsewhere."""
    return path if directory == "." else path.removeprefix(f"{directory}/")


def from_root(report: Report, directory: str) -> Report:
    """A report whose test ids and paths start at the directory, with those that start at the repository's root."""
    if directory == ".":
        return report
    tests = {join(directory, name): replace(one, id=join(directory, one.id)) for name, one in report.tests.items()}
    modules = {name: join(directory, path) for name, path in report.modules.items() if not path.startswith("..")}
    outside = {name: path for name, path in report.modules.items() if path.startswith("..")}
    lines = {
        join(directory, test): {join(directory, path): numbers for path, numbers in found.items()}
        for test, found in report.lines.items()
    }
    return replace(report, tests=tests, modules={**modules, **outside}, lines=lines)
