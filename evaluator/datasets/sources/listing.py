"""Lists and loads problem sets by name or path, and writes converted problem sets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cure.problem import Problem
from cure.problem.file import load_problems
from cure.table import judging_of
from engines import write_atomically
from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.catalogue import PAPER_SETS, PaperSet
from evaluator.datasets.sources.store import data_home, find_dataset, sha256_of, stored, stored_path, verified


def load(name_or_path: str) -> tuple[list[Problem], Path]:
    """The problems of a file, gzipped or not, or of a stored set, and the path of the file.

    Raises ProblemError where there is no such file or set, or it cannot be read.
    """
    path = find_dataset(name_or_path)
    return load_problems(str(path)), path


def listed(files: Sequence[str]) -> dict[str, Any]:
    """The sets of the CURE paper, each with its state on this machine, and the given files, as JSON."""
    return {
        "home": str(data_home()),
        "sets": [
            {
                "name": item.name,
                "hub": item.hub,
                "file": item.file,
                "published_problems": item.problems,
                "paper": item.paper,
                **_here(item),
            }
            for item in PAPER_SETS
        ],
        "files": [_file(name) for name in files],
    }


def _here(item: PaperSet) -> dict[str, Any]:
    """The state of a set on this machine, as JSON."""
    state: dict[str, Any] = {"path": None, "problems": None, "sha256": None, "revision": None, "here": "-"}
    try:
        if (record := stored(item)) is None:
            return state
        path = verified(item, record)
    except DatasetError as error:
        return state | {"path": str(stored_path(item)), "here": f"damaged: {error}"}
    revision = f", revision {record.revision[:12]}" if record.revision else ""
    facts = {name: getattr(record, name) for name in ("problems", "sha256", "revision")}
    return state | facts | {"path": str(path), "here": f"{record.problems} problems{revision}"}


def _file(name: str) -> dict[str, Any]:
    problems, path = load(name)
    return {"path": str(path), "problems": len(problems), "bytes": path.stat().st_size, "sha256": sha256_of(path)}


def brief(index: int, problem: Problem) -> dict[str, Any]:
    """The summary of one problem of a set, as JSON; `index` is its place, counted from 0."""
    return {
        "index": index,
        "name": problem.name,
        "public": len(problem.examples),
        "hidden": len(problem.hidden),
        "time_limit_s": problem.time_limit_s,
        "comparison": judging_of(problem).name,
        "reference": bool(problem.reference),
    }


def write_json(path: Path, content: Any) -> None:
    """Write the content to the file atomically; raises DatasetError if the file cannot be written."""
    try:
        write_atomically(path, json.dumps(content, ensure_ascii=False, indent=1) + "\n")
    except OSError as error:
        raise DatasetError(f"{path}: cannot be written ({error.strerror})") from error
