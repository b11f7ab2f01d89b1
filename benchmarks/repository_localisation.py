"""How many of the functions that a fix needs are found, on the repository benchmark, in both wordings of its tasks.

    python benchmarks/repository_localisation.py BENCH
    python benchmarks/repository_localisation.py BENCH --curve
    python benchmarks/repository_localisation.py --store runs/repository

BENCH is the folder that `rebuild.py build` of the benchmark filled. A function counts as found where its code is in
full within the budget of the map; beside that, recall among the best 1, 5 and 10 places. `--curve` prints recall for
more numbers of places and of tokens. `--store` takes the QuixBugs and HumanEvalPack tasks that
`benchmarks/repository_tasks prepare` made; their vaguer wording is the text without the function's name and the call.
Figures are means over tasks with 95 % intervals (bootstrap over tasks). Nothing was fitted on these tasks: the weights
come from `benchmarks/repository_weights`. `--details` prints the rank of each function. Baselines: the functions of
the files that BM25 likes best, in the order of the files; BM25 over the texts of functions; an order drawn at random.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from agent.repository.files import Files, blob_name
from agent.repository.source import Index, Localised, Place, build_index, localise, shown_in_full
from agent.repository.source.evidence import gather
from agent.repository.source.ranking import rank
from agent.repository.source.repository_map import SHARE_IN_FULL
from benchmarks.repository_index_speed import Held
from benchmarks.repository_weights.tree import Objects, Tree

DATA = Path(__file__).parents[2] / "shared" / "data" / "repo_bench"
TASKS = Path(__file__).parent / "repository_tasks"
ALL = 10_000
FUNCTIONS = ("function", "method")
MOST = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
BUDGETS = (500, 1000, 1500, 2000, 3000, 4000, 6000, 8000)
_SAID = re.compile(
    r"^\w+ (?:is wrong|gives a wrong result[^`.]*)[.:] `.*?(?:`, but (?:.*?`|[^`.]*)\.|` does not hold\.) ?", re.DOTALL
)


@dataclass(frozen=True)
class Task:
    """A task of the benchmark in its two wordings, the index of its repository, and the functions a fix changes."""

    id: str
    wordings: Mapping[str, str]
    index: Index
    functions: Mapping[str, frozenset[str]]


Method = Callable[[Index, str], Localised]


def tasks(bench: Path, cache: Path | None) -> list[Task]:
    """The tasks whose repositories were built."""
    vaguer = json.loads((TASKS / "vaguer.json").read_text())
    targets = json.loads((TASKS / "targets.json").read_text())
    found = []
    for path in sorted(DATA.glob("*.json")):
        name, given = path.stem, json.loads(path.read_text())["task"]
        index = _index(Tree(Objects(bench / name / "repo"), "HEAD"), name, cache)
        functions = {kind: frozenset(names) for kind, names in targets[name].items()}
        found.append(Task(name, {"given": given, "vaguer": vaguer[name]}, index, functions))
    return found


def stored_tasks(store: Path, cache: Path | None) -> list[Task]:
    """The QuixBugs and HumanEvalPack tasks of a store; all functions that their fixes change are needed."""
    found = []
    for path in sorted((store / "tasks").glob("*.json")):
        row = json.loads(path.read_text())
        if row["source"] == "repo_bench":
            continue
        contents = {name: text.encode() for name, text in row["files"].items()}
        files = Held(contents, {name: blob_name(data) for name, data in contents.items()})
        names = frozenset(f"{each['path']}::{each['name']}" for each in row["changed"])
        wordings = {"given": row["text"], "vaguer": without_names(row["text"], names)}
        found.append(Task(row["id"], wordings, _index(files, row["id"], cache), {"needed": names, "changed": names}))
    return found


def without_names(text: str, functions: frozenset[str]) -> str:
    """A task's text without its sentences on the call that goes wrong, and without the names of the functions."""
    names = "|".join(re.escape(name.rpartition("::")[2]) for name in sorted(functions))
    return re.sub(rf"\b(?:{names})\b", "it", _SAID.sub("", text), flags=re.IGNORECASE)


def _index(files: Files, name: str, cache: Path | None) -> Index:
    return build_index(files, cache / name if cache else None)


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


@dataclass(frozen=True)
class Reached:
    """What a ranking reached for one task: the ranks of its functions, and those shown in full by budgets of tokens."""

    ranks: Mapping[str, int]
    full: Mapping[int, frozenset[str]]

    def recall(self, most: int) -> float:
        """The share of the functions that are among so many best places."""
        return float(np.mean(np.array(list(self.ranks.values())) <= most))

    def shown(self, budget: int) -> float:
        """The share of the functions that are shown in full within so many tokens."""
        return float(np.mean([name in self.full[budget] for name in self.ranks]))

    def __str__(self) -> str:
        full = self.full[min(self.full)]
        return ", ".join(f"{name} {at}{'' if name in full else ' (not in full)'}" for name, at in self.ranks.items())


def reached(task: Task, wording: str, kind: str, method: Method, budgets: Sequence[int]) -> Reached:
    """What a method reaches for one task."""
    localised = method(task.index, task.wordings[wording])
    names = [place.name for place in localised.places]
    ranks = {name: names.index(name) + 1 if name in names else ALL for name in sorted(task.functions[kind])}
    full = {
        budget: frozenset(_shown(task.index, shown_in_full(task.index, localised, int(budget * SHARE_IN_FULL))))
        for budget in budgets
    }
    return Reached(ranks, full)


def _shown(index: Index, places: Sequence[Place]) -> Iterator[str]:
    """The names of all symbols that lie within these places."""
    for place in places:
        for symbol in index.parsed(place.path).symbols:
            if place.symbol.first <= symbol.first and symbol.last <= place.symbol.last:
                yield f"{place.path}::{symbol.name}"


def mean(values: Sequence[float]) -> str:
    """A mean with its 95 % bootstrap interval."""
    draws = np.random.default_rng(0).choice(values, (4000, len(values))).mean(1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return f"{np.mean(values):.2f} ({low:.2f}-{high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path, nargs="?", help="the folder with the built repositories")
    parser.add_argument("--store", type=Path, help="QuixBugs and HumanEvalPack tasks in place of these")
    parser.add_argument("--budget", type=int, default=1500, help="tokens of the map")
    parser.add_argument("--functions", choices=["needed", "changed"], default="needed")
    parser.add_argument("--cache", type=Path, help="a folder for what is read from the repositories")
    parser.add_argument("--details", action="store_true")
    parser.add_argument("--curve", action="store_true")
    options = parser.parse_args()
    if not (options.bench or options.store):
        parser.error("give the folder of the built repositories, or --store")
    found = stored_tasks(options.store, options.cache) if options.store else tasks(options.bench, options.cache)
    print(f"{len(found)} tasks, {options.functions} functions, {options.budget} tokens")
    for wording in ("given", "vaguer"):
        if options.curve:
            curve([reached(task, wording, options.functions, localise, BUDGETS) for task in found], wording)
            continue
        for name, method in METHODS.items():
            rows = [reached(task, wording, options.functions, method, [options.budget]) for task in found]
            if options.details and method is localise:
                print("\n".join(f"  {task.id}: {row}" for task, row in zip(found, rows, strict=True)))
            cells = [f"in full {mean([row.shown(options.budget) for row in rows])}"]
            cells += [f"@{most} {mean([row.recall(most) for row in rows])}" for most in (1, 5, 10)]
            print(f"{wording:7} {name:11} {'  '.join(cells)}", flush=True)


def curve(rows: Sequence[Reached], wording: str) -> None:
    """Prints recall by numbers of places, and shares in full by numbers of tokens."""
    for most in MOST:
        print(f"{wording:7} best {most:<4} {mean([row.recall(most) for row in rows])}")
    for budget in BUDGETS:
        print(f"{wording:7} {budget:<4} tokens {mean([row.shown(budget) for row in rows])}", flush=True)


if __name__ == "__main__":
    main()
