"""The paper's numbers for a data set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PublishedRow:
    """One model's row in the paper's table, in %."""

    model: str
    unit_tests: float
    code: float
    best_of_n: float
    trained: bool
    """Whether the model was trained in the paper."""


@dataclass(frozen=True)
class Published:
    """The paper's table for one set."""

    dataset: str
    problems: int
    """Number of problems in the published file."""
    source: str
    what: str
    """A sentence on what the numbers of a row are."""
    rows: tuple[PublishedRow, ...]


def published(dataset: str) -> Published | None:
    """The paper's numbers for the set with this name or file name; None for a set that is not in the paper."""
    record = _record()
    name = Path(dataset).stem.lower().removesuffix("_test")
    known = next((known for known in record["problems"] if known.lower() == name), None)
    if known is None:
        return None
    trained = set(record["trained"])
    rows = []
    for row in record["rows"]:
        unit_tests, code, best_of_n = row[known]
        rows.append(PublishedRow(row["model"], unit_tests, code, best_of_n, row["model"] in trained))
    return Published(known, record["problems"][known], record["source"], record["what"], tuple(rows))


@cache
def _record() -> dict[str, Any]:
    file = Path(__file__).with_name("published.json")
    record: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return record
