"""Is the stated confidence true? Real programs and generated tests, both by CodeGen-16B, on HumanEval+ in stdio form.

For every problem a table of 16 programs x (public examples + generated tests) is executed and read; the stated
P(right) of the selected program is compared with the outcome on its hidden tests. Prints accuracy by band of
confidence, the expected calibration error, and coverage at several thresholds, for whole tables and for random parts
of them, with and without public examples.

    python benchmarks/confidence_calibration.py ../shared/data/stdio-he-mbpp/humaneval_plus_stdio.json.gz
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track
from rich.table import Table

from cure.problem import UnitTest
from cure.problem.row import problem_from_row
from cure.select import Prior, confidence, rank_by_agreement
from cure.table import Candidate, GrowingTable, ProgramExecutor, ProgramTable, judging_of
from sandbox import Sandbox, open_sandbox

BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0001)
THRESHOLDS = (0.5, 0.8, 0.9, 0.95)


@dataclass(frozen=True)
class Labelled:
    """A table, and which of its candidates are right by the hidden tests."""

    table: ProgramTable
    right: frozenset[str]


async def build(rows: list[dict[str, Any]], sandbox: Sandbox) -> list[Labelled]:
    tables = []
    for row in track(rows, "executing", console=Console(stderr=True)):
        growing = GrowingTable(ProgramExecutor(sandbox, judging_of(problem_from_row(row, "row", ""))))
        for i, (stdin, expected) in enumerate(zip(row["example_input"], row["example_output"], strict=True)):
            growing.add_test(f"e{i}", UnitTest(stdin, expected, "public"))
        for i, (stdin, expected) in enumerate(
            zip(row["generated_case_input"], row["generated_case_output"], strict=True)
        ):
            growing.add_test(f"t{i}", UnitTest(stdin, expected))
        programs = [item for item in row["submissions"] if item["model"] == "codegen-16B"]
        for i, item in enumerate(programs):
            growing.add_candidate(f"c{i}", Candidate(item["code"]))
        right = frozenset(f"c{i}" for i, item in enumerate(programs) if "0" not in item["passed"])
        tables.append(Labelled(await growing.settle(), right))
    return tables


def part(table: ProgramTable, candidates: list[str], tests: list[str]) -> ProgramTable:
    """The table restricted to those rows and columns."""
    return ProgramTable(
        {name: table.candidates[name] for name in candidates},
        {name: table.tests[name] for name in tests},
        {(c, t): cell for (c, t), cell in table.cells.items() if c in candidates and t in tests},
    )


def variants(
    tables: list[Labelled], size: int, examples: bool, draws: int
) -> Iterator[tuple[ProgramTable, frozenset[str]]]:
    """Random parts of size x size, a fixed number per table."""
    rng = random.Random(0)
    for labelled in tables:
        trusted, generated = labelled.table.names(trusted=True), labelled.table.names(trusted=False)
        for _ in range(draws):
            rows = rng.sample(list(labelled.table.candidates), min(size, len(labelled.table.candidates)))
            columns = rng.sample(generated, min(size, len(generated)))
            yield part(labelled.table, rows, (trusted if examples else []) + columns), labelled.right


def judged(tables: list[Labelled], size: int, examples: bool, draws: int, prior: Prior) -> list[tuple[float, bool]]:
    """The stated confidence of every selected program that may be handed over, and whether the program is right."""
    pairs = []
    for table, right in variants(tables, size, examples, draws):
        best = rank_by_agreement(table).best
        assert best is not None
        stated = confidence(table, prior).of(best)
        if stated > 0:
            pairs.append((stated, best in right))
    return pairs


def calibration_error(pairs: list[tuple[float, bool]], bins: int = 10) -> float:
    """Mean distance between stated confidence and accuracy over equal bins, weighted by their size (ECE)."""
    total = 0.0
    for i in range(bins):
        inside = [(p, right) for p, right in pairs if i / bins <= p < (i + 1) / bins or (i == bins - 1 and p == 1.0)]
        total += abs(sum(p for p, _ in inside) - sum(right for _, right in inside))
    return total / len(pairs)


def show(console: Console, name: str, pairs: list[tuple[float, bool]]) -> None:
    view = Table(title=f"{name}: {len(pairs)} answers, ECE {calibration_error(pairs):.3f}", title_justify="left")
    for heading in ("stated P(right)", "answers", "mean stated", "right"):
        view.add_column(heading, justify="right")
    for low, high in pairwise(BANDS):
        inside = [(p, right) for p, right in pairs if low <= p < high]
        if inside:
            mean, accuracy = (sum(column) / len(inside) for column in zip(*inside, strict=True))
            view.add_row(f"{low:.2f} – {min(high, 1):.2f}", str(len(inside)), f"{mean:.3f}", f"{accuracy:.3f}")
    console.print(view)
    for threshold in THRESHOLDS:
        kept = [right for p, right in pairs if p >= threshold]
        accuracy = f"{sum(kept) / len(kept):.3f}" if kept else "–"
        console.print(f"  from {threshold:.2f}: {len(kept) / len(pairs):.2f} of the answers, {accuracy} right")


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--sandbox", default="auto")
    options = parser.parse_args()
    with gzip.open(options.data) as file:
        rows = [row for row in json.load(file) if row.get("submissions") and row.get("generated_case_input")]
    sandbox = await open_sandbox(options.sandbox)
    try:
        tables = await build(rows, sandbox)
    finally:
        await sandbox.close()
    console = Console(width=100)
    for size, draws in ((16, 1), (8, 8), (4, 8)):
        for examples in (True, False):
            name = f"{size} x {size}, {'with' if examples else 'without'} public examples"
            show(console, name, judged(tables, size, examples, draws, Prior()))


if __name__ == "__main__":
    asyncio.run(main())
