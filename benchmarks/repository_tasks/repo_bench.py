"""Bugs of PyPI packages: the folder `repo_bench`, whose `rebuild.py` makes repositories out of two source releases."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.repository_tasks.task import Needs, Texts, is_test

_VERSION = re.compile(r"^__version__ = .*$", re.MULTILINE)


@dataclass(frozen=True)
class Built:
    """A bug of the folder, with its repository made."""

    id: str
    text: str
    folder: Path
    fixed: Texts
    tests: Texts
    """Test files of the fixed release."""
    failing: tuple[str, ...]
    """JUnit names of the tests that fail before the fix."""
    nodes: tuple[str, ...]
    """Names of these tests as pytest takes them."""
    run: tuple[str, ...]
    needs: Needs


def rebuild(data: Path, python: Path, built: Path, cache: Path, ids: Sequence[str] = ()) -> None:
    """Make the repositories (default: all) below `built`; releases come from PyPI unless they are in the cache.

    `python` needs pip and what builds the packages. Raises CalledProcessError.
    """
    script = data / "repo_bench/rebuild.py"
    subprocess.run([str(python), str(script), "build", str(built), *ids, "--cache", str(cache)], check=True)


def read_built(data: Path, built: Path, cache: Path) -> list[Built]:
    """The bugs whose repositories are there, by id."""
    rows = [json.loads(path.read_text(encoding="utf-8")) for path in sorted((data / "repo_bench").glob("*.json"))]
    return [_built(row, built / row["id"], cache / row["package"]) for row in rows if (built / row["id"]).is_dir()]


def _built(row: dict[str, Any], place: Path, releases: Path) -> Built:
    folder, old, new = place / "repo", releases / row["buggy"], releases / row["fixed"]
    fixed = {path: _fixed(old / path, new / path) for path in row["files_changed"]}
    name = f"{row['package'].replace('-', '_')}-{row['fixed']}.dist-info/METADATA"
    return Built(
        id=row["id"],
        text=row["task"],
        folder=folder,
        fixed=fixed,
        tests=_texts(place / "hidden"),
        failing=tuple(row["failing_test_ids"]),
        nodes=tuple(row["failing_tests"]),
        run=tuple(row["run"]),
        needs=Needs(
            tuple(row["requirements"]),
            row.get("env", {}),
            ("src", ".") if (folder / "src").is_dir() else (".",),
            {name: (folder / "PKG-INFO").read_text(encoding="utf-8")},
        ),
    )


def _fixed(old: Path, new: Path) -> str:
    """The new text with the old version number, which is no part of a fix."""
    before = _VERSION.search(old.read_text(encoding="utf-8"))
    text = new.read_text(encoding="utf-8")
    return _VERSION.sub(lambda _: before[0], text) if before else text


def _texts(folder: Path) -> dict[str, str]:
    """Test files as text; bytes that are not UTF-8 become surrogates, as `os.fsdecode` makes them."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    named = {path.relative_to(folder).as_posix(): path for path in paths}
    return {name: path.read_bytes().decode("utf-8", "surrogateescape") for name, path in named.items() if is_test(name)}
