"""From the tables of a run to its numbers: both modes, cost, verdicts. Nothing is generated or executed."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from statistics import fmean, median
from typing import Any

import numpy as np

from cure.metrics import release, standard
from cure.metrics.tables import ProblemTables
from evaluator.run.case_form import case_of
from evaluator.run.directory import RunDirectory, write_whole
from evaluator.run.execute import read_tables
from evaluator.run.lines import read_lines
from evaluator.run.settings import Settings
from evaluator.run.tables import PASSED, EvaluatedTable

Metrics = dict[str, Any]

WORDS = {
    "P": "right",
    "W": "wrong answer",
    "C": "crash",
    "T": "timeout",
    "M": "memory",
    "O": "output_limit",
    "N": "not_run",
    "S": "sandbox_error",
}


def summarise(directory: RunDirectory) -> Metrics:
    """All numbers of the run, as JSON. What has no data is null, with its reason."""
    settings = directory.read_settings()
    tables = read_tables(directory)
    case = case_of(directory.path.name, settings, tables)
    n = settings.coder.samples if settings.coder is not None else 0
    m = settings.tester.samples if settings.tester is not None else 0
    chosen = standard.Settings(pairs=((n, m),) if n else ())
    return {
        "settings": settings.to_record(),
        "problems_of_run": _names(directory),
        "problems_evaluated": len(tables),
        "reference": _reference(tables),
        "standard": asdict(standard.score(case.problems, chosen)),
        "release": _release(case.tables, settings),
        "verdicts": _verdicts(tables),
        "samples": {role: _samples(directory, role) for role in ("coder", "tester")},
        "limits": {"comparison": dict(Counter(table.comparison for table in tables)),
                   "longest_s": max((table.limit_s for table in tables), default=None)},
        "executions": sum(table.executions for table in tables),
    }  # fmt: skip


def write_summary(directory: RunDirectory, metrics: Metrics) -> None:
    """Write metrics.json and problems.csv."""
    write_whole(directory.metrics, json.dumps(metrics, indent=1) + "\n")
    text = io.StringIO()
    rows = [problem_row(table) for table in read_tables(directory)]
    if rows:
        writer = csv.DictWriter(text, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    write_whole(directory.path / "problems.csv", text.getvalue())


def _release(problems: Sequence[ProblemTables], settings: Settings) -> Metrics:
    n = settings.coder.samples if settings.coder is not None else 0
    m = settings.tester.samples if settings.tester is not None else 0
    pairs = tuple((size, size) for size in (4, 16) if size <= n and size <= m) or (((n, m),) if n and m else ())
    asked = release.Settings(pairs, single_eval=m == 0, max_test=settings.max_test)
    return asdict(release.score(problems, asked))


def _reference(tables: Sequence[EvaluatedTable]) -> Metrics:
    """How many reference solutions pass all hidden tests here; whose does not is named."""
    known = [table for table in tables if table.reference is not None]
    failing = [table.name for table in known if not _passes_hidden(table)]
    rate = (len(known) - len(failing)) / len(known) if known else None
    reason = "" if known else "no problem has a reference solution"
    return {"pass_rate": rate, "problems": len(known), "failing": failing, "reason": reason}


def _passes_hidden(table: EvaluatedTable) -> bool:
    row = table.reference or ""
    return all(row[at] == PASSED for at, column in enumerate(table.columns) if column.suite == "hidden")


def program_verdict(table: EvaluatedTable, row: int) -> str:
    """What became of one program on the hidden tests: right, the first failure's verdict, or why there is none."""
    cells = table.cells[row]
    if not cells:
        return "not extracted"
    hidden = [cells[at] for at, column in enumerate(table.columns) if column.suite == "hidden"]
    failed = next((letter for letter in hidden if letter != PASSED), None)
    if failed is None:
        return WORDS[PASSED] if hidden else "no hidden tests"
    return WORDS[failed]


def _verdicts(tables: Sequence[EvaluatedTable]) -> Metrics:
    programs = Counter(program_verdict(table, row) for table in tables for row in range(len(table.cells)))
    cells = Counter(WORDS[letter] for table in tables for row in table.cells for letter in row)
    why = Counter(reason for table in tables for reason in table.program_failures if reason)
    tests = Counter(reason for table in tables for reason in table.test_failures.values())
    return {
        "programs": dict(programs.most_common()),
        "cells": dict(cells.most_common()),
        "programs_not_extracted": dict(why.most_common(20)),
        "tests_not_extracted": dict(tests.most_common(20)),
    }


def _samples(directory: RunDirectory, role: str) -> Metrics:
    """Numbers, lengths and times of a role's samples."""
    count = failed = truncated = prompt = completion = estimated = 0
    lengths: list[int] = []
    seconds: list[float] = []
    for record in read_lines(directory.samples(role)):
        count += 1
        failed += bool(record["error"])
        truncated += record["finish"] == "length"
        prompt += record["prompt_tokens"]
        completion += record["completion_tokens"]
        estimated += record["estimated"]
        lengths.append(record["completion_tokens"])
        seconds.append(record["seconds"])
    return {
        "samples": count,
        "failed": failed,
        "truncated": truncated,
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "usage_estimated": estimated,
        "mean_length": fmean(lengths) if lengths else None,
        "median_length": median(lengths) if lengths else None,
        "seconds": max(seconds, default=None),
    }


def _names(directory: RunDirectory) -> int:
    try:
        return len(json.loads((directory.path / "problems.json").read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return 0


def problem_row(table: EvaluatedTable) -> dict[str, Any]:
    """One problem as a row of a table for people."""
    hidden, generated = table.passes("hidden"), table.passes("generated")
    right = np.asarray(hidden.all(axis=1) & bool(hidden.shape[1]))
    best = standard.best_of_n(right, generated)
    truth = [
        table.reference[at] == PASSED
        for at, column in enumerate(table.columns)
        if table.reference is not None and column.suite == "generated"
    ]
    return {
        "problem": table.name,
        "programs": len(table.cells),
        "right": int(right.sum()),
        "tests_requested": table.requested_tests,
        "tests_extracted": generated.shape[1],
        "tests_right": sum(truth) if table.reference is not None else "",
        "best_of_n": "" if best is None else round(best, 4),
        "slowest_cpu_s": max(table.cpu_s, default=0.0),
        "limit_s": table.limit_s,
        "executions": table.executions,
    }
