"""Bugs with tests, the functions that their fixes change, and the answers of models about them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.repository.edit import Place
from agent.repository.edit.definitions import Defined, definitions
from agent.repository.files import blob_name
from agent.repository.prompts import ShownCode

CHOSEN = (
    "boltons-atomicsaver-pathlike",
    "boltons-indexedset-slice",
    "boltons-singularize-double-s",
    "h11-chunk-footer",
    "marshmallow-constant-none",
    "mistune-abbr-escaped-text",
    "parse-time-timezone",
    "prettytable-empty-add-rows",
    "prettytable-osc8-width",
    "slugify-word-boundary-delimiters",
    "sqlparse-strip-comments-hints",
    "wcwidth-hyperlink-trailing-text",
)
"""Tasks of `repo_bench` whose changed functions a model can repeat in 700 tokens."""


@dataclass(frozen=True)
class Held:
    """Files in memory."""

    contents: Mapping[str, bytes]

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return blob_name(self.contents[path])


@dataclass(frozen=True, kw_only=True)
class Task:
    """A bug, the functions that its fix changes, and how a change is judged."""

    source: str
    name: str
    words: str
    files: Held
    places: tuple[Place, ...]
    around: tuple[Path, ...] = ()
    """Folders whose files, later ones over earlier ones, surround the changed files when tests run."""
    tests: tuple[str, ...] = ()
    """Arguments of pytest."""

    @property
    def shown(self) -> list[ShownCode]:
        """The places with their code."""
        found = []
        for place in self.places:
            lines = self.files.read(place.path).decode().splitlines(keepends=True)
            found.append(ShownCode(place, "".join(lines[place.first - 1 : place.last])))
        return found

    @property
    def names(self) -> list[str]:
        """The functions and classes at the top of modules that the places belong to."""
        return list(dict.fromkeys(place.name.partition(".")[0] for place in self.places))

    @property
    def imports(self) -> str:
        """The line with which tests import these functions and classes."""
        module = (
            self.places[0].path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        )
        return f"from {module} import {', '.join(self.names)}"


def quixbugs(data: Path) -> Iterator[Task]:
    """The 40 functions of QuixBugs that have pytest files; their comments say what they should do."""
    folder = data / "quixbugs"
    for tests in sorted((folder / "python_testcases").glob("test_*.py")):
        name = tests.stem.removeprefix("test_")
        path = f"python_programs/{name}.py"
        files = Held({path: (folder / path).read_bytes()})
        comment = [part for part in files.read(path).decode().split('"""')[1::2] if part.strip()]
        words = f"{name} has a bug in one line and gives wrong results, or does not end. Fix it.\n\n"
        yield Task(
            source="quixbugs",
            name=name,
            words=(words + (comment[-1].strip() if comment else "")).strip(),
            files=files,
            places=_outer(files, path),
            around=(folder,),
            tests=(f"python_testcases/test_{name}.py",),
        )


def humanevalpack(data: Path) -> Iterator[Task]:
    """Every fifth problem: a function with a bug, and words that say what it should do."""
    lines = (data / "humanevalpack" / "humanevalpack-python.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines[::5]):
        path = f"snippets/{row['entry_point']}.py"
        files = Held({path: (row["declaration"] + row["buggy_solution"]).encode()})
        places = tuple(place for place in _outer(files, path) if place.name == row["entry_point"])
        words = (
            f"{row['entry_point']} gives wrong results. Fix the bug. What it should do:\n\n{row['docstring'].strip()}"
        )
        yield Task(
            source="humanevalpack",
            name=row["task_id"],
            words=words,
            files=files,
            places=places,
            tests=(f"from snippets.{row['entry_point']} import *\n{row['test']}",),
        )


def repo_bench(data: Path, built: Path, cache: Path) -> Iterator[Task]:
    """Real bugs; the places are the functions in which the fixed release differs."""
    for name in CHOSEN:
        row = json.loads((data / "repo_bench" / f"{name}.json").read_text(encoding="utf-8"))
        repo = built / name / "repo"
        if not repo.is_dir():
            continue
        files = Held({path: (repo / path).read_bytes() for path in row["files_changed"]})
        fixed = {path: (cache / row["package"] / row["fixed"] / path).read_text() for path in row["files_changed"]}
        places = [place for path in row["files_changed"] for place in _changed(files, path, fixed[path])]
        yield Task(
            source="repo_bench",
            name=name,
            words=row["task"],
            files=files,
            places=tuple(places),
            around=(repo, built / name / "hidden"),
            tests=tuple(row["failing_tests"]),
        )


def _outer(files: Held, path: str) -> tuple[Place, ...]:
    found = definitions(files.read(path).decode().splitlines())
    return tuple(Place(path, each.name, each.first, each.last) for each in found if not each.owner)


def _changed(files: Held, path: str, fixed: str) -> list[Place]:
    """The outermost functions in which the file differs from the fixed one."""
    lines = files.read(path).decode().splitlines()
    every = definitions(lines)
    found: list[Defined] = []
    for kind, start, end, _, _ in difflib.SequenceMatcher(
        None, lines, fixed.splitlines(), autojunk=False
    ).get_opcodes():
        inside = [each for each in every if each.first <= start + 1 and max(end, start + 1) <= each.last]
        functions = [
            each for each in inside if each.kind == "function" and (kind != "insert" or each.first < start + 1)
        ]
        if kind != "equal" and functions and functions[0] not in found:
            found.append(functions[0])
    return [Place(path, each.name, each.first, each.last) for each in found]


def all_tasks(data: Path, built: Path | None = None, cache: Path | None = None) -> dict[tuple[str, str], Task]:
    """Every task by source and name; those of `repo_bench` where it is built."""
    found = [*quixbugs(data), *humanevalpack(data)]
    cache = cache or Path("~/.cache/repo_bench").expanduser()
    found += repo_bench(data, built, cache) if built else ()
    return {(task.source, task.name): task for task in found}
