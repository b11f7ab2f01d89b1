"""Fits and measures the probability that a patch is right: `agent.repository.confidence`.

    python -m benchmarks.repository_confidence fit KEPT... --to agent/repository/confidence.json
    python -m benchmarks.repository_confidence measure KEPT...

KEPT are folders that `benchmarks.repository_solved run --keep` wrote: records of runs, and the truth about every patch.
Of each run's table, parts are drawn: some of the patches, some of the generated tests. `fit` prints the weights, and
those of the tasks' sources left out one by one; `measure` prints how probable the chosen patch is said to be, and how
often it is right.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from agent.repository.confidence import (
    FEATURES,
    NONE_FEATURES,
    PatchWeights,
    patch_confidence,
    patch_features,
    shipped_patch_weights,
)
from agent.repository.judged import judged
from agent.runs.record import load_run
from benchmarks.conditional_logit import Choices, fit_logit
from cure.table import AnyTable, ExecutionTable

PATCHES = (1, 2, 4, 8, 32)
TESTS = (0, 2, 4, 8, 32)
DRAWS = 2
RIDGE = 3e-3
BINS = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.95, 1.01)


@dataclass(frozen=True)
class Kept:
    """One kept run."""

    task: str
    source: str
    table: AnyTable
    """Without the unchanged code and without vacuous tests."""
    right: dict[str, bool]
    """By name of the patch."""


def read_kept(folder: Path) -> Iterator[Kept]:
    """The kept runs below the folder, in the order of their names."""
    for truth in sorted(folder.glob("*/*/truth.json")):
        run = load_run(truth.parent / "run")
        right = json.loads(truth.read_text(encoding="utf-8"))
        table = judged(run.state.table(run.blob))
        if table.candidates:
            task = truth.parent.parent.name
            yield Kept(task, source_of(task), table, {name: right.get(name, False) for name in table.candidates})


def source_of(task: str) -> str:
    """Where the task comes from: ids of `repo_bench` begin with the name of a package."""
    return next((source for source in ("quixbugs", "humanevalpack") if task.startswith(source)), "repo_bench")


def parts(kept: Kept) -> Iterator[AnyTable]:
    """Parts of the table: the first patches or tests that remain after shuffling, for each pair of sizes."""
    draw = random.Random(f"{kept.task} {len(kept.table.candidates)}")
    rows, columns = list(kept.table.candidates), kept.table.names(trusted=False)
    trusted = set(kept.table.names(trusted=True))
    for n in PATCHES:
        for m in TESTS:
            if (n > len(rows) and n != PATCHES[-1]) or (m > len(columns) and m != TESTS[-1]):
                continue
            for _ in range(DRAWS):
                some = set(draw.sample(rows, min(n, len(rows))))
                tests = {*trusted, *draw.sample(columns, min(m, len(columns)))}
                yield ExecutionTable(
                    {name: row for name, row in kept.table.candidates.items() if name in some},
                    {name: column for name, column in kept.table.tests.items() if name in tests},
                    {place: cell for place, cell in kept.table.cells.items() if place[0] in some and place[1] in tests},
                )


def choices_of(runs: Sequence[Kept]) -> Choices:
    """All parts of all tables; every task counts once. Parts in which no patch is possible are left out."""
    x, right, counts, z, tasks = [], [], [], [], []
    for run in runs:
        for part in parts(run):
            found = patch_features(part)
            if found.behaviours:
                x += found.of_behaviour
                right += [any(run.right[name] for name in behaviour) for behaviour in found.behaviours]
                counts.append(len(found.behaviours))
                z.append(found.of_none)
                tasks.append(run.task)
    of_task = Counter(tasks)
    weight = np.array([1 / of_task[task] / len(of_task) for task in tasks])
    return Choices(x=np.array(x), right=np.array(right), counts=np.array(counts), z=np.array(z), weight=weight)


def weights_of(runs: Sequence[Kept]) -> PatchWeights:
    """The weights fitted on these runs, rounded."""
    at = fit_logit(choices_of(runs), ridge=RIDGE).round(4).tolist()
    return PatchWeights(
        dict(zip(FEATURES, at[: len(FEATURES)], strict=True)),
        dict(zip(NONE_FEATURES, at[len(FEATURES) :], strict=True)),
    )


@dataclass(frozen=True)
class Stated:
    """What was said about the most probable patch of one table, and whether it is right."""

    probability: float
    right: bool


def stated(runs: Sequence[Kept], weights: PatchWeights) -> list[Stated]:
    """What is said about each whole table."""
    found = []
    for run in runs:
        first = next((h for h in patch_confidence(run.table, weights).hypotheses if h.cluster), None)
        if first is not None:
            found.append(Stated(first.probability, run.right[first.cluster[0]]))
    return found


def report(said: Sequence[Stated]) -> str:
    """A line for each bin of stated probabilities, and the expected calibration error."""
    lines, error = [], 0.0
    for low, high in pairwise(BINS):
        some = [each for each in said if low <= each.probability < high]
        if some:
            mean, share = (
                sum(values) / len(some) for values in zip(*((s.probability, s.right) for s in some), strict=True)
            )
            error += abs(mean - share) * len(some) / len(said)
            lines.append(f"  {low:.2f}-{min(high, 1):.2f}: {len(some):4} stated {mean:.3f} right {share:.3f}")
    return "\n".join([*lines, f"  expected calibration error {error:.3f} of {len(said)}"])


def main() -> None:
    """Do what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["fit", "measure"])
    parser.add_argument("kept", type=Path, nargs="+")
    parser.add_argument("--to", type=Path, help="write the weights to this file")
    asked = parser.parse_args()
    runs = [run for folder in asked.kept for run in read_kept(folder)]
    sources = sorted({run.source for run in runs})
    print(f"{len(runs)} runs of {len({run.task for run in runs})} tasks")
    if asked.what == "measure":
        for source in (*sources, ""):
            print(
                source or "all",
                report(stated([r for r in runs if r.source == source or not source], shipped_patch_weights())),
                sep="\n",
            )
        return
    for source in sources if len(sources) > 1 else ():
        weights = weights_of([run for run in runs if run.source != source])
        print(
            f"{source}, fitted on the others",
            report(stated([r for r in runs if r.source == source], weights)),
            sep="\n",
        )
    weights = weights_of(runs)
    record = {"of_behaviour": dict(weights.of_behaviour), "of_none": dict(weights.of_none)}
    print(json.dumps(record, indent=1))
    print("all", report(stated(runs, weights)), sep="\n")
    if asked.to:
        asked.to.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
