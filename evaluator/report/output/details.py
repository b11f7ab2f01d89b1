"""Packs each problem for the browser: statement, programs, tests and table, small enough for hundreds in one page.

A program that several samples share is stored once. A problem is one gzip stream in base64, which the page unpacks when
a reader opens it. Long texts are cut with a note; where all problems together are still too large, texts are cut
shorter, and finally the last problems are left out.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cure.plain import visible
from evaluator.report.content.labels import failure_words
from evaluator.report.material.answers import Answers
from evaluator.report.material.facts import chosen
from evaluator.report.material.material import Material
from evaluator.run.summary import program_verdict
from evaluator.run.tables import PASSED, EvaluatedTable

BUDGET = 14_000_000
"""Maximum characters of all packed problems together."""
MOST_COLUMNS = 100
"""Maximum tests of a suite that are shown."""


@dataclass(frozen=True)
class Cuts:
    """Maximum characters of each kind of text."""

    statement: int
    program: int
    test: int
    answer: int


CUT_LEVELS = (
    Cuts(statement=16_000, program=16_000, test=4_000, answer=4_000),
    Cuts(statement=8_000, program=6_000, test=1_000, answer=1_000),
    Cuts(statement=3_000, program=3_000, test=300, answer=300),
    Cuts(statement=1_000, program=1_500, test=100, answer=100),
)
"""Limits to try, in order, until all problems fit the budget."""


@dataclass(frozen=True)
class Packed:
    """The packed problems of a report."""

    blobs: tuple[str | None, ...]
    """One for each problem, in the order of tables; None for a problem that is left out."""
    cuts: Cuts
    note: str
    """A sentence on texts cut shorter than usual and problems left out; empty where there are none."""


def pack(material: Material, budget: int = BUDGET) -> Packed:
    """The packed problems, together at most `budget` characters.

    Texts are cut by the first of CUT_LEVELS with which all problems fit; where none is short enough, the last problems
    are left out.
    """
    blobs: list[str] = []
    for cuts in CUT_LEVELS:
        blobs = []
        size = 0
        for table in material.tables:
            blobs.append(_pack(record(material, table, cuts)))
            size += len(blobs[-1])
            if size > budget and cuts is not CUT_LEVELS[-1]:
                break
        else:
            break
    kept = int(np.searchsorted(np.cumsum([len(blob) for blob in blobs]), budget, side="right"))
    note = ""
    if cuts is not CUT_LEVELS[0]:
        note = (
            f"To keep this file small, texts are cut early: statements at {cuts.statement:,} characters, programs at "
            f"{cuts.program:,}, inputs and outputs of tests at {cuts.test:,}."
        )
    if kept < len(blobs):
        note += f" The last {len(blobs) - kept:,} problems cannot be opened, only their rows are shown."
    return Packed(tuple(blob if at < kept else None for at, blob in enumerate(blobs)), cuts, note.strip())


def record(material: Material, table: EvaluatedTable, cuts: Cuts) -> dict[str, Any]:
    """One problem in the form that the page's script reads."""
    shown = _shown(table)
    sources: dict[str, int] = {}
    picked = chosen(table)
    rows = [_row(table, row, shown, sources, row in picked) for row in range(len(table.cells))]
    _number_outputs(rows)
    failures = dict(zip(table.program_samples, table.program_failures, strict=True))
    return {
        "statement": _text(material.statements.get(table.name, ""), cuts.statement),
        "no_statement": "" if table.name in material.statements else material.no_statements,
        "limit_s": table.limit_s,
        "comparison": table.comparison,
        "programs": [_text(source, cuts.program) for source in sources],
        "columns": [_column(table, at, cuts) for at in shown],
        "rows": rows,
        "reference": None if table.reference is None else "".join(table.reference[at] for at in shown),
        "unread": [
            *_unread(table, "program", failures, material.samples["coder"], cuts),
            *_unread(table, "test", table.test_failures, material.samples["tester"], cuts),
        ],
        "notes": _notes(table, shown),
    }


def _shown(table: EvaluatedTable) -> list[int]:
    """Indices of the first MOST_COLUMNS columns of each suite."""
    counts: dict[str, int] = {}
    shown = []
    for at, column in enumerate(table.columns):
        counts[column.suite] = counts.get(column.suite, 0) + 1
        if counts[column.suite] <= MOST_COLUMNS:
            shown.append(at)
    return shown


def _row(
    table: EvaluatedTable, row: int, shown: Sequence[int], sources: dict[str, int], picked: bool
) -> dict[str, Any]:
    source, cells = table.programs[row], table.cells[row]
    sample = table.program_samples[row]
    if source is None or not cells:
        return {"sample": sample, "verdict": program_verdict(table, row), "cells": ""}
    outputs = table.outputs[row]
    return {
        "sample": sample,
        "program": sources.setdefault(source, len(sources)),
        "verdict": program_verdict(table, row),
        "cells": "".join(cells[at] for at in shown),
        "outputs": [visible(outputs[at]) if outputs else "" for at in shown],
        "passed": {suite: _passed(table, row, suite) for suite in ("hidden", "public", "generated")},
        "chosen": picked,
        "cpu_s": table.cpu_s[row],
        "peak_kb": table.peak_kb[row],
    }


def _passed(table: EvaluatedTable, row: int, suite: str) -> list[int]:
    letters = [table.cells[row][at] for at, column in enumerate(table.columns) if column.suite == suite]
    return [letters.count(PASSED), len(letters)]


def _number_outputs(rows: Sequence[dict[str, Any]]) -> None:
    """Replace digests of outputs by numbers, which are shorter: equal numbers in a column for equal outputs."""
    seen: dict[tuple[int, str], str] = {}
    counts: dict[int, int] = {}
    for row in rows:
        for at, output in enumerate(row.get("outputs", ())):
            if output.startswith("#") and len(output) == 9:
                if (at, output) not in seen:
                    counts[at] = counts.get(at, 0) + 1
                    seen[at, output] = f"#{counts[at]}"
                row["outputs"][at] = seen[at, output]


def _column(table: EvaluatedTable, at: int, cuts: Cuts) -> dict[str, Any]:
    column = table.columns[at]
    return {
        "suite": column.suite,
        "index": column.index,
        "stdin": _text(column.stdin, cuts.test),
        "expected": _text(column.expected, cuts.test),
    }


def _unread(
    table: EvaluatedTable, kind: str, reasons: Mapping[int, str], samples: Answers, cuts: Cuts
) -> list[dict[str, Any]]:
    return [
        {
            "kind": kind,
            "index": index,
            "why": failure_words(reason),
            "answer": _text(samples.text(table.problem, index), cuts.answer),
        }
        for index, reason in reasons.items()
        if reason
    ]


def _notes(table: EvaluatedTable, shown: Sequence[int]) -> list[str]:
    notes = []
    if len(shown) < len(table.columns):
        notes.append(
            f"Of {len(table.columns):,} tests the first {MOST_COLUMNS} of each suite are shown; the counts are of all."
        )
    if not any(column.suite == "hidden" for column in table.columns):
        notes.append("There are no hidden tests, so no program is called right or wrong.")
    if not table.requested_tests:
        notes.append("No tests were asked for, so no program is chosen.")
    elif not any(column.suite == "generated" for column in table.columns):
        notes.append("No test could be read from the tester's answers, so no program is chosen.")
    for role, count in table.truncated.items():
        if count:
            notes.append(f"{count} of the {role}'s answers were cut at the maximum number of tokens.")
    for role, count in table.failed.items():
        if count:
            notes.append(f"{count} of the {role}'s answers are missing: the model did not give them.")
    notes += [f"The sandbox failed on {count} executions: {visible(reason)}" for reason, count in table.lost.items()]
    return notes


def _text(text: str, most: int) -> str:
    """The first `most` characters, control characters escaped, with a note on how many are cut."""
    rest = len(text) - most
    return visible(text if rest <= 0 else f"{text[:most]}\n[... cut: {rest:,} more characters]")


def _pack(entry: Mapping[str, Any]) -> str:
    text = json.dumps(entry, separators=(",", ":"), ensure_ascii=False).encode()
    # mtime=0: equal problems give equal streams.
    return base64.b64encode(gzip.compress(text, compresslevel=9, mtime=0)).decode()
