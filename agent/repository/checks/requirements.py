"""Which packages the tests of a repository need, out of all that it declares."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from agent.repository.checks.configuration import text, toml
from agent.repository.checks.declared import Declared, Purpose, declared, project_of
from agent.repository.checks.layout import is_test_path, top_modules
from agent.repository.files import Files


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TOOLS = _words(
    """
    autoflake autopep8 bandit black build bump2version bumpversion codespell commitizen cython-lint deptry doc8
    docformatter flake8 flit furo hatch hatchling interrogate ipdb ipython isort jupyter maturin mkdocs mkdocs-material
    mypy mypy-extensions myst-parser nox numpydoc pdm pip pip-tools poetry pre-commit prek pycodestyle pydocstyle
    pydoclint pyflakes pylint pyright pyroma pyupgrade readme-renderer refurb restview rope rstcheck ruff safety sphinx
    sphinx-autobuild sphinx-autodoc-typehints sphinx-copybutton sphinx-rtd-theme tbump towncrier tox tox-uv twine ty
    uv vulture wheel yapf zizmor check-manifest
    """
)
"""Packages of developers that a test suite needs only where its tests import them."""
IMPORTED_AS = {
    **{
        "yaml": "pyyaml",
        "dateutil": "python-dateutil",
        "bs4": "beautifulsoup4",
        "PIL": "pillow",
        "cv2": "opencv-python",
    },
    **{"sklearn": "scikit-learn", "attr": "attrs", "OpenSSL": "pyopenssl", "jwt": "pyjwt", "git": "gitpython"},
    **{
        "google.protobuf": "protobuf",
        "zmq": "pyzmq",
        "serial": "pyserial",
        "docx": "python-docx",
        "dotenv": "python-dotenv",
    },
}
"""Names of packages whose modules are called otherwise."""
NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(\[[^\]]*\])?")
LOCKS = ("uv.lock", "poetry.lock", "pdm.lock", "pylock.toml")


@dataclass(frozen=True, kw_only=True)
class Requirements:
    """What an environment for the tests has to hold."""

    install: tuple[str, ...]
    """Requirements for pip, each package once, `pytest` always."""
    runtime: tuple[str, ...] = ()
    """Names of those without which the project itself cannot be imported."""
    declared: tuple[str, ...] = ()
    """Names of all packages that are declared for anything."""
    constraints: tuple[str, ...] = ()
    """Versions that a lock file fixes, as `name==version`."""
    places: tuple[str, ...] = ()
    """Where the requirements are written, in words."""
    modules: tuple[str, ...] = ()
    """Top-level modules outside of the standard library and the project that test files import."""
    left_out: tuple[str, ...] = ()
    """Lines that are not installed: local paths, URLs, what cannot be read."""


def requirements_of(files: Files) -> Requirements:
    """The requirements of the project and of its tests. Nothing is run and nothing is looked up.

    A package is taken if it is declared for running or testing the project, or if it is declared for anything else and
    a test imports it. Packages that are imported and declared nowhere are not guessed.
    """
    modules = imported_modules(files)
    wanted = {canonical(IMPORTED_AS.get(module, module)) for module in modules}
    own = canonical(project_of(files).name)
    extras = {entry.place: entry for entry in declared(files)}
    taken: dict[str, list[str]] = {}
    runtime: list[str] = []
    places: list[str] = []
    left_out: list[str] = []
    names: set[str] = set()
    for entry in extras.values():
        earlier = set(taken)
        for line in _lines(files, entry, left_out, frozenset()):
            found = NAME.match(line)
            name = canonical(found[1]) if found else ""
            names.update([name])
            if not name or name == own or name in earlier:
                continue
            if name in wanted or (entry.purpose < Purpose.OTHER and name not in TOOLS):
                taken.setdefault(name, []).append(line)
                runtime += [name] if entry.purpose == Purpose.RUNTIME and _applies(line) else []
        places += [entry.place] if len(taken) > len(earlier) else []
    taken.setdefault("pytest", ["pytest"])
    return Requirements(
        install=tuple(line for lines in taken.values() for line in dict.fromkeys(lines)),
        runtime=tuple(dict.fromkeys(runtime)),
        declared=tuple(sorted(names)),
        constraints=tuple(_locked(files)),
        places=tuple(places),
        modules=tuple(modules),
        left_out=tuple(dict.fromkeys(left_out)),
    )


def canonical(name: str) -> str:
    """A package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def imported_modules(files: Files) -> list[str]:
    """Sorted top-level modules that test files import outside of `try`, without the project's own and standard ones."""
    known = {*sys.stdlib_module_names, *top_modules(files), *_beside_tests(files), "__future__"}
    found: set[str] = set()
    for path in files.paths:
        if path.endswith(".py") and is_test_path(path):
            try:
                tree = ast.parse(text(files, path))
            except (SyntaxError, ValueError, RecursionError):
                continue
            found.update(_imports(tree.body))
    return sorted(found - known)


def _beside_tests(files: Files) -> Iterator[str]:
    """Modules in directories of tests, which pytest puts on the path, and names of all directories."""
    for path in files.paths:
        parts = path.split("/")
        yield from parts[:-1]
        if path.endswith(".py"):
            yield parts[-1].removesuffix(".py")


def _imports(statements: Iterable[ast.stmt]) -> Iterator[str]:
    for statement in statements:
        if isinstance(statement, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in statement.names)
        elif isinstance(statement, ast.ImportFrom) and not statement.level and statement.module:
            yield statement.module.partition(".")[0]


def _lines(files: Files, entry: Declared, left_out: list[str], above: frozenset[str]) -> Iterator[str]:
    """Requirements of a list for pip, with files that it includes, and without options, hashes, paths and URLs."""
    directory = entry.place.rpartition("/")[0] if entry.place in files.paths else ""
    joined = "\n".join(entry.lines).replace("\\\n", " ")
    for written in joined.splitlines():
        line = re.split(r"(?:^|\s)#", written, maxsplit=1)[0].strip()
        line = re.sub(r"\s+--hash[= ]\S+", "", line)
        line = re.sub(r"^[a-zA-Z0-9_{},!.-]+:\s+(?=[A-Za-z])", "", line)
        included = re.match(r"(?:-r|--requirement)[ =]?\s*(\S+)", line)
        if included:
            path = _normal(f"{directory}/{included[1]}" if directory else included[1])
            if path not in above and path in files.paths:
                inner = Declared(path, entry.purpose, tuple(text(files, path).splitlines()))
                yield from _lines(files, inner, left_out, above | {path})
        elif not line or line.startswith("-"):
            left_out += [line] if line.startswith("-e") else []
        elif "://" in line or line.startswith((".", "/")) or "{" in line or not NAME.match(line):
            left_out.append(line)
        else:
            yield line


def _normal(path: str) -> str:
    parts: list[str] = []
    for part in path.replace("{toxinidir}/", "").replace("{tox_root}/", "").split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in (".", "", ".."):
            parts.append(part)
    return "/".join(parts)


def _applies(line: str) -> bool:
    """Whether a requirement has no marker that depends on the Python or the system."""
    marker = line.partition(";")[2]
    return not any(
        word in marker for word in ("python_version", "python_full_version", "win32", "Windows", "darwin", "extra")
    )


def _locked(files: Files) -> Iterator[str]:
    """Versions of the first lock file, of packages that have one version in it and come from an index."""
    for path in LOCKS:
        packages = toml(files, path).get("package") or toml(files, path).get("packages")
        if not isinstance(packages, list):
            continue
        versions: dict[str, set[str]] = {}
        for package in packages:
            name, version, source = package.get("name"), package.get("version"), package.get("source", {})
            if isinstance(name, str) and isinstance(version, str) and not set(source) & {"editable", "virtual", "git"}:
                versions.setdefault(canonical(name), set()).add(version)
        yield from (f"{name}=={found.pop()}" for name, found in sorted(versions.items()) if len(found) == 1)
        return
