"""How many of the functions that a fix needs are found, on the repository benchmark, in both wordings of its tasks.

    python benchmarks/repository_localisation.py /work/bench

The argument is the folder that `rebuild.py build` of the benchmark filled. A function counts as found where its code is
in full within the budget of the map; beside that, recall among the best 1, 5 and 10 places. Figures are means over
tasks with 95 % intervals (bootstrap over tasks). Nothing was fitted on these tasks: the weights come from
`benchmarks/repository_weights`. `--details` prints the rank of each function. Baselines: the functions of the files
that BM25 likes best, in the order of the files; BM25 over the texts of functions; an order drawn at random.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from agent.repository.source import Index, Localised, Place, build_index, localise, shown_in_full
from agent.repository.source.evidence import gather
from agent.repository.source.ranking import rank
from agent.repository.source.repository_map import SHARE_IN_FULL
from benchmarks.repository_weights.tree import Objects, Tree

DATA = Path(__file__).parents[2] / "shared" / "data" / "repo_bench"
TASKS = Path(__file__).parent / "repository_tasks"
ALL = 10_000
FUNCTIONS = ("function", "method")


@dataclass(frozen=True)
class Task:
    """A task of the benchmark in its two wordings, the index of its repository, and the functions a fix changes."""

    id: str
    wordings: Mapping[str, str]
    index: Index
    functions: Mapping[str, frozenset[str]]


Method = Callable[[Index, str], Localised]


def tasks(bench: Path) -> list[Task]:
    """The tasks whose repositories were built."""
    vaguer = json.loads((TASKS / "vaguer.json").read_text())
    targets = json.loads((TASKS / "targets.json").read_text())
    found = []
    for path in sorted(DATA.glob("*.json")):
        name, given = path.stem, json.loads(path.read_text())["task"]
        index = build_index(Tree(Objects(bench / name / "repo"), "HEAD"))
        functions = {kind: frozenset(names) for kind, names in targets[name].items()}
        found.append(Task(name, {"given": given, "vaguer": vaguer[name]}, index, functions))
    return found


def by_files(index: Index, task: str) -> Localised:
    """The functions of the best files by BM25, in the order of their lines."""
    found = localise(index, task, limit=ALL)
    order = {path: number for number, path in enumerate(found.files)}
    places = sorted(found.places, key=lambda place: (order.get(place.path, ALL), place.symbol.first))
    return _scored(found, [place for place in places if place.symbol.kind in FUNCTIONS])


def by_texts(index: Index, task: str) -> Localised:
    """The functions by BM25 over their texts."""
    return rank(
        gather(index, task), task, {"text": 4.0, "test": -9.0, "class": -9.0, "module": -9.0, "variable": -9.0}, 50
    )


def by_chance(index: Index, task: str) -> Localised:
    """The functions outside of tests in an order drawn with the task as the seed."""
    found = localise(index, task, limit=ALL)
    places = [place for place in found.places if place.symbol.kind in FUNCTIONS and "test" not in place.path]
    random.Random(task).shuffle(places)
    return _scored(found, places)


def _scored(found: Localised, places: list[Place]) -> Localised:
    scored = tuple(replace(place, score=1 / (2 + number)) for number, place in enumerate(places[:50]))
    return replace(found, places=scored)


METHODS: Mapping[str, Method] = {"cure-agent": localise, "texts": by_texts, "files": by_files, "chance": by_chance}
COLUMNS = ("in full", "@1", "@5", "@10")


def row(task: Task, wording: str, kind: str, method: Method, budget: int, details: bool) -> list[float]:
    """The shares of a task's functions that are shown in full, and are among the best 1, 5 and 10."""
    localised = method(task.index, task.wordings[wording])
    names = [place.name for place in localised.places]
    full = set(_shown(task.index, shown_in_full(task.index, localised, int(budget * SHARE_IN_FULL))))
    wanted = sorted(task.functions[kind])
    ranks = [names.index(name) + 1 if name in names else ALL for name in wanted]
    if details:
        said = [
            f"{name} {at}{'' if name in full else ' (not in full)'}" for name, at in zip(wanted, ranks, strict=True)
        ]
        print(f"  {task.id}: {', '.join(said)}")
    return [
        float(np.mean([name in full for name in wanted])),
        *(float(np.mean(np.array(ranks) <= k)) for k in (1, 5, 10)),
    ]


def _shown(index: Index, places: Sequence[Place]) -> Iterator[str]:
    """The names of all symbols that lie within these places."""
    for place in places:
        for symbol in index.parsed(place.path).symbols:
            if place.symbol.first <= symbol.first and symbol.last <= place.symbol.last:
                yield f"{place.path}::{symbol.name}"


def interval(values: np.ndarray) -> tuple[float, float]:
    """The 95 % bootstrap interval of a mean."""
    draws = np.random.default_rng(0).choice(values, (4000, len(values))).mean(1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--budget", type=int, default=1500, help="tokens of the map")
    parser.add_argument("--functions", choices=["needed", "changed"], default="needed")
    parser.add_argument("--details", action="store_true")
    options = parser.parse_args()
    found = tasks(options.bench)
    print(f"{len(found)} tasks, {options.functions} functions, {options.budget} tokens")
    for wording in ("given", "vaguer"):
        for name, method in METHODS.items():
            details = options.details and method is localise
            rows = [row(task, wording, options.functions, method, options.budget, details) for task in found]
            cells = []
            for column, values in zip(COLUMNS, np.array(rows).T, strict=True):
                low, high = interval(values)
                cells.append(f"{column} {values.mean():.2f} ({low:.2f}-{high:.2f})")
            print(f"{wording:7} {name:11} {'  '.join(cells)}")


if __name__ == "__main__":
    main()
