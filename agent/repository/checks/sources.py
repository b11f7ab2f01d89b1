"""What makes the code under test importable: the paths to it, and files that only a build or an installation makes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.repository.checks.configuration import ini, strings, table, text, toml
from agent.repository.checks.declared import project_of
from agent.repository.checks.layout import source_roots
from agent.repository.files import Files

UNKNOWN_VERSION = "0.0.0"
TARGET = re.compile(r"[\w.]+\s*:\s*[\w.]+\s*(?:\[|$)")


@dataclass(frozen=True)
class Support:
    """Files that tests need and the repository does not hold."""

    roots: tuple[str, ...]
    """Directories for PYTHONPATH, relative to the repository's root."""
    tree: Mapping[str, bytes]
    """Files to write into the workspace: modules with the version, which a build writes."""
    metadata: Mapping[str, bytes]
    """Files for a directory beside the workspace that is on PYTHONPATH: the project's `.dist-info`."""
    scripts: Mapping[str, str] = field(default_factory=dict)
    """The project's own commands and the functions that they call, as `module:function`."""
    warnings: tuple[str, ...] = ()


def support_of(files: Files) -> Support:
    """What is written beside and into a workspace so that the code can be imported without being installed."""
    project = project_of(files)
    version = project.version or _written_version(files, project.name) or UNKNOWN_VERSION
    return Support(
        roots=tuple(source_roots(files)),
        tree=_version_modules(files, version),
        metadata=_metadata(files, project.name, version),
        scripts=_scripts(files),
        warnings=_needs_a_build(files),
    )


def _version_modules(files: Files, version: str) -> dict[str, bytes]:
    """Modules with a version that setuptools-scm, hatch-vcs, pdm or versioningit write when they build the project."""
    tool = table(toml(files, "pyproject.toml"), "tool")
    hook = table(tool, "hatch", "build", "hooks", "vcs")
    named = [
        *(table(tool, "setuptools_scm").get(key) for key in ("write_to", "version_file")),
        *(table(tool, "setuptools-scm").get(key) for key in ("write_to", "version_file")),
        hook.get("version-file"),
        table(tool, "pdm", "version").get("write_to"),
    ]
    paths = [path for value in named for path in strings(value) if path.endswith(".py") and path not in files.paths]
    if "pdm" in tool and strings(table(tool, "pdm", "version").get("write_to")):
        paths = [path if path in files.paths or "/" in path else f"src/{path}" for path in paths]
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:3])
    code = (
        f"__version__ = version = {version!r}\n__version_tuple__ = version_tuple = {numbers!r}\n"
        "__commit_id__ = commit_id = None\n"
    )
    return {path: code.encode() for path in paths if not path.startswith(("/", ".."))}


def _written_version(files: Files, name: str) -> str:
    """The literal `__version__` of the project's package, which most build tools take the version from."""
    module = name.replace("-", "_").lower()
    places = [
        f"{module}/__init__.py",
        f"{module}/_version.py",
        f"{module}/__version__.py",
        f"{module}.py",
        f"{module}/version.py",
    ]
    for root in source_roots(files):
        for place in places:
            found = re.search(
                r"^_*version_*\s*(?::\s*\w+\s*)?=\s*['\"]([\w.+!-]+)['\"]",
                text(files, place if root == "." else f"{root}/{place}"),
                re.MULTILINE | re.IGNORECASE,
            )
            if found:
                return found[1]
    return ""


def _metadata(files: Files, name: str, version: str) -> dict[str, bytes]:
    """The `.dist-info` that an installation of the project would leave: name, version and entry points."""
    if not name:
        return {}
    folder = f"{re.sub(r'[-_.]+', '_', name)}-{version}.dist-info"
    lines = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    found = {f"{folder}/METADATA": lines.encode(), f"{folder}/INSTALLER": b"cure-agent\n", f"{folder}/RECORD": b""}
    points = entry_points(files)
    if points:
        body = "".join(
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in entries.items()) + "\n"
            for group, entries in points.items()
        )
        found[f"{folder}/entry_points.txt"] = body.encode()
    return found


def _scripts(files: Files) -> dict[str, str]:
    found = entry_points(files).get("console_scripts", {})
    return {name: target for name, target in found.items() if re.fullmatch(r"[\w.-]+", name) and TARGET.match(target)}


def entry_points(files: Files) -> dict[str, dict[str, str]]:
    """The project's entry points by group: scripts, and plug-ins of its own kind."""
    pyproject = toml(files, "pyproject.toml")
    project = table(pyproject, "project")
    groups = {
        "console_scripts": {**table(project, "scripts"), **table(pyproject, "tool", "poetry", "scripts")},
        "gui_scripts": table(project, "gui-scripts"),
        **{group: table(entries) for group, entries in table(project, "entry-points").items()},
        **{group: table(entries) for group, entries in table(pyproject, "tool", "poetry", "plugins").items()},
    }
    for group, lines in ini(files, "setup.cfg").get("options.entry_points", {}).items():
        pairs = (line.partition("=") for line in lines.splitlines() if "=" in line)
        groups.setdefault(group, {}).update({name.strip(): value.strip() for name, _, value in pairs})
    texts = {group: {k: v for k, v in entries.items() if isinstance(v, str)} for group, entries in groups.items()}
    return {group: entries for group, entries in texts.items() if entries}


def _needs_a_build(files: Files) -> tuple[str, ...]:
    """A word of warning where parts of the project are compiled, which nobody does here."""
    built = [path for path in files.paths if path.endswith((".pyx", ".rs")) or _extension(files, path)]
    if not built:
        return ()
    return (
        f"parts of the project are compiled ({', '.join(built[:3])}): they are not built here, so that tests "
        "of them fail; give --test-cmd with the build in it",
    )


def _extension(files: Files, path: str) -> bool:
    return path.endswith((".c", ".cpp")) and "ext_modules" in text(files, "setup.py") + text(files, "pyproject.toml")
