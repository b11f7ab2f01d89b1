"""Programs of others with a recorded verdict for what they print: the data of `shared/data` that can be run.

Recorded as passed is what ended by itself with exactly the expected tokens, as `cure.table.compare.release` has it.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sandbox import Job, Limits

MEMORY_MB = 512
"""The recordings had no limit on memory; this one is beyond what any of their right programs needs."""
NEAR = 2.0
"""An execution that takes more than its time limit divided by this may be within the limit only sometimes."""
GAVE_UP_AFTER = 2
"""Time-outs of a program after which the recording did not run the rest of the set and wrote it down as failed."""
KATTIS_CPU_S = 6.0
"""CPU seconds the recording of the contest programs allowed for a test, whatever the problem's own limit."""


@dataclass(frozen=True)
class Labelled:
    """A program, the inputs it was run on, and what the recording says of its outputs."""

    key: str
    source: str
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    cpu_s: float
    passed: tuple[bool, ...] | None = None
    """Recorded for every input whether the program ended by itself with the expected output; None: not recorded."""
    first_set: int | None = None
    """How many of the inputs were recorded together, the others apart from them; None: all."""
    solved: bool | None = None
    """Recorded for all inputs together, where nothing is recorded for each."""

    def job(self, strict: bool) -> Job:
        """The program on all its inputs."""
        inputs = tuple(text.encode() for text in self.inputs)
        return Job(self.key, self.source, inputs, Limits(cpu_s=self.cpu_s, memory_mb=MEMORY_MB), strict)


def load(folder: Path) -> list[Labelled]:
    """Every labelled program below `folder`, always in the same order."""
    functions = folder / "stdio-he-mbpp"
    return [
        *_functions(functions / "humaneval_plus_stdio.json.gz"),
        *_functions(functions / "mbpp_plus_stdio.json.gz"),
        *_apps(folder / "apps" / "apps_stdio.json.gz"),
        *_kattis(folder / "kattis" / "kattis_discrimination.json.gz"),
    ]


def _read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path) as file:
        rows: list[dict[str, Any]] = json.load(file)
    return rows


def _functions(path: Path) -> Iterator[Labelled]:
    """Reference solutions, which all pass, and submissions, on hidden tests and on the generated ones."""
    for row in _read(path):
        hidden = tuple(row["test_input"]), tuple(row["test_output"])
        generated = tuple(row.get("generated_case_input", ())), tuple(row.get("generated_case_output", ()))
        inputs, expected = hidden[0] + generated[0], hidden[1] + generated[1]
        passed = "1" * len(hidden[0]) + row.get("generated_case_reference", "")
        key = f"{row['task_id']} reference"
        yield _recorded(key, row["reference_solution"], inputs, expected, passed, row)
        for item in row.get("submissions", ()):
            key = f"{row['task_id']} {item['model']} {item['index']}"
            passed = item["passed"] + item.get("generated_case_passed", "")
            yield _recorded(key, item["code"], inputs, expected, passed, row)


def _recorded(
    key: str,
    source: str,
    inputs: tuple[str, ...],
    expected: tuple[str, ...],
    passed: str,
    row: dict[str, Any],
) -> Labelled:
    assert len(inputs) == len(expected) == len(passed), key
    flags = tuple(flag == "1" for flag in passed)
    return Labelled(key, source, inputs, expected, row["test_time_limit"], flags, len(row["test_input"]))


def _apps(path: Path) -> Iterator[Labelled]:
    for row in _read(path):
        turns = Counter[str]()
        for item in row["submissions"]:
            turns[item["model"]] += 1
            yield Labelled(
                f"{row['task_id']} {item['model']} {turns[item['model']]}",
                item["code"],
                tuple(row["test_input"]),
                tuple(row["test_output"]),
                row["test_time_limit"],
                solved=item["is_solved"],
            )


def _kattis(path: Path) -> Iterator[Labelled]:
    """Programs that stayed well below the time limit: the recording gave up on the others after three time-outs."""
    for row in _read(path):
        for item in row["submissions"]:
            if item["max_time_s"] * NEAR > KATTIS_CPU_S:
                continue
            yield Labelled(
                f"{row['task_id']} {item['category']}/{item['name']}",
                item["code"],
                tuple(row["test_input"]),
                tuple(row["test_output"]),
                KATTIS_CPU_S,
                tuple(flag == "1" for flag in item["passed_exact"]),
            )
