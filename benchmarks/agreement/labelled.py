"""Third-party programs with recorded verdicts on their outputs, read from `shared/data`.

A program is recorded as passed on an input if it ended by itself and its output had exactly the expected tokens, which
whitespace separates.
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
"""Memory limit of an execution, in MB; the recordings had none, and no right program among them needs as much."""
NEAR = 2.0
"""An execution slower than its time limit divided by this may exceed the limit in another run."""
GAVE_UP_AFTER = 2
"""Time-outs of a program in a set of inputs after which the recording ran none of the set's remaining inputs, and
recorded these as failed."""
KATTIS_CPU_S = 6.0
"""CPU seconds per test in the recording of the contest programs, whatever the limit of the problem."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """A program, its inputs, and what was recorded about its outputs."""

    key: str
    source: str
    inputs: tuple[str, ...]
    expected: tuple[str, ...]
    cpu_s: float
    """Limit of the CPU time of an execution, in seconds."""
    passed: tuple[bool, ...] | None = None
    """For every input whether the program ended by itself with the expected output; None: not recorded."""
    first_set: int | None = None
    """How many inputs, from the first on, were recorded as a set of their own; None: all inputs are one set."""
    solved: bool | None = None
    """Whether all inputs passed, where nothing is recorded for each of them."""

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
    """Reference solutions, which pass every hidden test, and submissions; inputs are hidden, then generated tests."""
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
    return Labelled(
        key=key,
        source=source,
        inputs=inputs,
        expected=expected,
        cpu_s=row["test_time_limit"],
        passed=flags,
        first_set=len(row["test_input"]),
    )


def _apps(path: Path) -> Iterator[Labelled]:
    for row in _read(path):
        turns = Counter[str]()
        for item in row["submissions"]:
            turns[item["model"]] += 1
            yield Labelled(
                key=f"{row['task_id']} {item['model']} {turns[item['model']]}",
                source=item["code"],
                inputs=tuple(row["test_input"]),
                expected=tuple(row["test_output"]),
                cpu_s=row["test_time_limit"],
                solved=item["is_solved"],
            )


def _kattis(path: Path) -> Iterator[Labelled]:
    """Programs that stayed well below the time limit; on all others this recording gave up after three time-outs."""
    for row in _read(path):
        for item in row["submissions"]:
            if item["max_time_s"] * NEAR > KATTIS_CPU_S:
                continue
            yield Labelled(
                key=f"{row['task_id']} {item['category']}/{item['name']}",
                source=item["code"],
                inputs=tuple(row["test_input"]),
                expected=tuple(row["test_output"]),
                cpu_s=KATTIS_CPU_S,
                passed=tuple(flag == "1" for flag in item["passed_exact"]),
            )
