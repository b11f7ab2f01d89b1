"""Stored tasks: one JSON file each, in a folder outside the project, since the programs belong to others."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.repository_tasks.task import Definition, Hidden, Needs, RepositoryTask

VAGUER = Path(__file__).with_name("vaguer.json")
"""The second, vaguer wording of tasks by their ids."""


def vaguer_wordings() -> dict[str, str]:
    """The vaguer wordings that are there, by the ids of tasks."""
    return dict(json.loads(VAGUER.read_text(encoding="utf-8"))) if VAGUER.exists() else {}


def task_file(store: Path, name: str) -> Path:
    """Where the task of this id is stored."""
    return store / "tasks" / f"{name}.json"


def write_task(store: Path, task: RepositoryTask) -> None:
    """Store a task, in place of an earlier one of its id."""
    write_json(task_file(store, task.id), dataclasses.asdict(task))


def read_tasks(store: Path, sources: Sequence[str] = (), limit: int | None = None) -> list[RepositoryTask]:
    """The stored tasks of these sources (default: all) by id, at most `limit` of each source."""
    tasks = [_task(path) for path in sorted((store / "tasks").glob("*.json"), key=_in_order)]
    of_source = {source: [task for task in tasks if task.source == source] for source in {t.source for t in tasks}}
    return [
        task for source, some in sorted(of_source.items()) if not sources or source in sources for task in some[:limit]
    ]


def read_task(store: Path, name: str) -> RepositoryTask:
    """The stored task of this id. Raises FileNotFoundError."""
    return _task(task_file(store, name))


def write_json(path: Path, value: Any) -> None:
    """Write a file in one step: a reader sees the old or the new text, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(json.dumps(value, indent=1, default=str), encoding="utf-8")
    part.replace(path)


def _task(path: Path) -> RepositoryTask:
    row = json.loads(path.read_text(encoding="utf-8"))
    hidden, needs = row["hidden"], row["needs"]
    row["hidden"] = Hidden(hidden["files"], *(tuple(hidden[name]) for name in _LISTS))
    row["needs"] = Needs(tuple(needs["requirements"]), needs["env"], tuple(needs["paths"]), needs["metadata"])
    row["changed"] = tuple(Definition(**each) for each in row["changed"])
    row["folder"] = Path(row["folder"]) if row["folder"] else None
    row["vaguer"] = vaguer_wordings().get(row["id"], row["vaguer"])
    return RepositoryTask(**row)


_LISTS = ("fail_to_pass", "pass_to_pass", "run", "first")


def _in_order(path: Path) -> tuple[str, int, str]:
    """Ids that end with a number in the order of these numbers."""
    head, _, tail = path.stem.rpartition("-")
    return (head, int(tail), "") if tail.isdigit() else (path.stem, -1, tail)
