"""Reads which packages a repository declares that it needs, wherever Python projects write that down."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any

from agent.repository.checks.configuration import ini, strings, table, text, toml
from agent.repository.checks.noxfile import sessions
from agent.repository.files import Files

TESTS = re.compile(r"(?:^|[^a-z])(?:unit)?(?:py)?tests?(?:ing)?(?:$|[^a-z])|pytest", re.IGNORECASE)
DEVELOPMENT = re.compile(r"(?:^|[^a-z])dev(?:el(?:op(?:ment)?)?)?(?:$|[^a-z])|^all$", re.IGNORECASE)


class Purpose(IntEnum):
    """What a list of requirements is for, the most certain to be needed by tests first."""

    RUNTIME = 0
    TESTS = 1
    DEVELOPMENT = 2
    OTHER = 3


@dataclass(frozen=True)
class Declared:
    """One list of requirements, as it is written, with the place it is written in."""

    place: str
    purpose: Purpose
    lines: tuple[str, ...]


@dataclass(frozen=True)
class Project:
    """A project's name, version and the like, as far as they can be read without a build."""

    name: str = ""
    version: str = ""
    requires_python: str = ""


def project_of(files: Files) -> Project:
    """Name, version and allowed Pythons from pyproject.toml, else from setup.cfg, PKG-INFO and the like."""
    pyproject = toml(files, "pyproject.toml")
    own, poetry = table(pyproject, "project"), table(pyproject, "tool", "poetry")
    cfg = ini(files, "setup.cfg")
    metadata, options = cfg.get("metadata", {}), cfg.get("options", {})
    setup = _setup_keywords(files)
    info = dict(
        re.findall(r"^(Name|Version|Requires-Python): (.+)$", text(files, "PKG-INFO").partition("\n\n")[0], re.M)
    )
    python = table(poetry, "dependencies").get("python")
    return Project(
        name=_first(
            own.get("name"), poetry.get("name"), metadata.get("name"), _plain(setup.get("name")), info.get("Name")
        ),
        version=_first(
            own.get("version"), poetry.get("version"), _numbered(metadata.get("version")), info.get("Version")
        ),
        requires_python=_first(
            own.get("requires-python"),
            poetry_specifier(python) if isinstance(python, str) else "",
            options.get("python_requires"),
            _plain(setup.get("python_requires")),
            info.get("Requires-Python"),
        ),
    )


def declared(files: Files) -> list[Declared]:
    """All lists of requirements, those of the most certain purpose first."""
    readers = (_pyproject, _tools, _setup, _tox, _nox, _requirement_files)
    found = [entry for reader in readers for entry in reader(files) if entry.lines]
    return sorted(found, key=lambda entry: entry.purpose)


def purpose(name: str) -> Purpose:
    """What a list called `name` (an extra, a group, a file) is for."""
    if TESTS.search(name):
        return Purpose.TESTS
    return Purpose.DEVELOPMENT if DEVELOPMENT.search(name) else Purpose.OTHER


def _pyproject(files: Files) -> Iterator[Declared]:
    pyproject = toml(files, "pyproject.toml")
    project = table(pyproject, "project")
    yield Declared("project.dependencies", Purpose.RUNTIME, tuple(strings(project.get("dependencies"))))
    for name, lines in table(project, "optional-dependencies").items():
        yield Declared(f"the extra {name}", purpose(name), tuple(strings(lines)))
    groups = table(pyproject, "dependency-groups")
    for name in groups:
        yield Declared(f"the dependency group {name}", purpose(name), tuple(_group(groups, name, frozenset())))
    dynamic = table(pyproject, "tool", "setuptools", "dynamic")
    for path in strings(table(dynamic, "dependencies").get("file")):
        yield Declared(path, Purpose.RUNTIME, tuple(text(files, path).splitlines()))
    for name, value in table(dynamic, "optional-dependencies").items():
        for path in strings(table(value).get("file")):
            yield Declared(path, purpose(name), tuple(text(files, path).splitlines()))


def _group(groups: Mapping[str, Any], name: str, above: frozenset[str]) -> Iterator[str]:
    entries = groups.get(name)
    if name in above or not isinstance(entries, list):
        return
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        elif isinstance(entry, Mapping) and isinstance(entry.get("include-group"), str):
            yield from _group(groups, entry["include-group"], above | {name})


def _tools(files: Files) -> Iterator[Declared]:
    tool = table(toml(files, "pyproject.toml"), "tool")
    poetry = table(tool, "poetry")
    yield Declared("[tool.poetry.dependencies]", Purpose.RUNTIME, tuple(_poetry(table(poetry, "dependencies"))))
    yield Declared(
        "[tool.poetry.dev-dependencies]", Purpose.DEVELOPMENT, tuple(_poetry(table(poetry, "dev-dependencies")))
    )
    for name, group in table(poetry, "group").items():
        lines = tuple(_poetry(table(group, "dependencies")))
        yield Declared(f"poetry's group {name}", purpose(name), lines)
    for name, lines in table(tool, "pdm", "dev-dependencies").items():
        yield Declared(f"pdm's group {name}", purpose(name), tuple(strings(lines)))
    yield Declared("[tool.uv]", Purpose.DEVELOPMENT, tuple(strings(table(tool, "uv").get("dev-dependencies"))))
    yield Declared("[tool.rye]", Purpose.DEVELOPMENT, tuple(strings(table(tool, "rye").get("dev-dependencies"))))
    environments = {**table(tool, "hatch", "envs"), **table(toml(files, "hatch.toml"), "envs")}
    for name, values in environments.items():
        both = [*strings(table(values).get("dependencies")), *strings(table(values).get("extra-dependencies"))]
        kind = Purpose.TESTS if name in ("default", "hatch-test") else purpose(name)
        yield Declared(f"hatch's environment {name}", kind, tuple(both))
    for name, feature in {"": tool.get("pixi"), **table(tool, "pixi", "feature")}.items():
        named = tuple(_poetry(table(feature, "pypi-dependencies")))
        yield Declared(f"pixi's feature {name}".strip(), purpose(name) if name else Purpose.RUNTIME, named)
    yield Declared("cibuildwheel", Purpose.TESTS, tuple(_spaced(table(tool, "cibuildwheel").get("test-requires"))))


def _spaced(value: object) -> list[str]:
    return value.split() if isinstance(value, str) else strings(value)


def _poetry(entries: Mapping[str, Any]) -> Iterator[str]:
    """Requirements of a table with poetry's versions; those from git, paths and URLs are left out."""
    for name, value in entries.items():
        version = (
            value if isinstance(value, str) else table(value).get("version") if isinstance(value, Mapping) else None
        )
        if name == "python" or not isinstance(version, str):
            continue
        extras = strings(table(value).get("extras")) if isinstance(value, Mapping) else []
        marker = table(value).get("markers") if isinstance(value, Mapping) else None
        line = name + (f"[{','.join(extras)}]" if extras else "") + poetry_specifier(version)
        yield f"{line} ; {marker}" if isinstance(marker, str) else line


def poetry_specifier(version: str) -> str:
    """A version as poetry writes it, as a specifier for pip: `^1.2` is `>=1.2,<2`, `~1.2` is `>=1.2,<1.3`."""
    return ",".join(
        _part(part.strip()) for part in version.replace("||", "|").split("|")[0].split(",") if _part(part.strip())
    )


def _part(part: str) -> str:
    found = re.fullmatch(r"([~^])\s*(\d+(?:\.\d+)*)(\S*)", part)
    if part in ("*", ""):
        return ""
    if not found:
        return part.replace(" ", "") if part[0] in "<>=!~" else f"=={part}"
    numbers = [int(number) for number in found[2].split(".")]
    keep = next((index for index, number in enumerate(numbers) if number), len(numbers) - 1)
    index = keep if found[1] == "^" else min(1, len(numbers) - 1)
    upper = [*numbers[:index], numbers[index] + 1]
    return f">={found[2]}{found[3]},<{'.'.join(map(str, upper))}"


def _setup(files: Files) -> Iterator[Declared]:
    cfg = ini(files, "setup.cfg")
    options = cfg.get("options", {})
    yield Declared("setup.cfg", Purpose.RUNTIME, tuple(options.get("install_requires", "").splitlines()))
    yield Declared("setup.cfg, tests_require", Purpose.TESTS, tuple(options.get("tests_require", "").splitlines()))
    for name, lines in cfg.get("options.extras_require", {}).items():
        yield Declared(f"the extra {name} of setup.cfg", purpose(name), tuple(lines.splitlines()))
    keywords = _setup_keywords(files)
    yield Declared("setup.py", Purpose.RUNTIME, tuple(strings(keywords.get("install_requires"))))
    yield Declared("setup.py, tests_require", Purpose.TESTS, tuple(strings(keywords.get("tests_require"))))
    for name, value in table(keywords, "extras_require").items():
        yield Declared(f"the extra {name} of setup.py", purpose(name), tuple(strings(value)))


def _setup_keywords(files: Files) -> dict[str, Any]:
    """The arguments of `setup(…)` in setup.py that are literals, or names of literals."""
    try:
        tree = ast.parse(text(files, "setup.py"))
    except (SyntaxError, ValueError, RecursionError):
        return {}
    names: dict[str, ast.expr] = {}
    found: dict[str, Any] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = node.value
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == "setup":
            for keyword in node.keywords:
                value = names.get(keyword.value.id) if isinstance(keyword.value, ast.Name) else keyword.value
                try:
                    found[keyword.arg or ""] = ast.literal_eval(value) if value is not None else None
                except (ValueError, TypeError, RecursionError):
                    continue
    return found


def _tox(files: Files) -> Iterator[Declared]:
    for name, section in ini(files, "tox.ini").items():
        kind, _, environment = name.partition(":")
        if kind == "testenv":
            is_test = not environment or purpose(environment) == Purpose.TESTS or re.match(r"py\d", environment)
            lines = tuple(section.get("deps", "").splitlines())
            yield Declared(f"tox's [{name}]", Purpose.TESTS if is_test else Purpose.OTHER, lines)


def _nox(files: Files) -> Iterator[Declared]:
    for session in sessions(text(files, "noxfile.py")):
        lines = tuple(word for word in session.installs if not word.startswith((".", "-")))
        yield Declared(f"nox's session {session.name}", purpose(session.name), lines)


def _requirement_files(files: Files) -> Iterator[Declared]:
    for path in files.paths:
        pure = PurePosixPath(path)
        name = path.lower()
        if pure.suffix not in (".txt", ".pip") or "requirements" not in name or len(pure.parts) > 2:
            continue
        lines = tuple(text(files, path).splitlines())
        if path == "requirements.txt":
            yield Declared(path, Purpose.RUNTIME, lines)
        elif pure.parts[0].lower() not in ("docs", "doc", "examples"):
            yield Declared(path, purpose(re.sub(r"requirements|\.txt|\.pip", " ", name)), lines)


def _first(*values: object) -> str:
    return next((value.strip() for value in values if isinstance(value, str) and value.strip()), "")


def _plain(value: object) -> str:
    return value if isinstance(value, str) else ""


def _numbered(value: object) -> str:
    return value if isinstance(value, str) and re.match(r"\d", value) else ""
