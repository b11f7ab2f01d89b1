"""Accuracies that the CURE paper (arXiv 2506.03136) reports for a data set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class PublishedRow:
    """One model's accuracies on a data set, in %: of unit tests, of one-shot code, and of best-of-n."""

    model: str
    unit_tests: float
    code: float
    best_of_n: float
    trained: bool
    """Whether the model is one that the paper's authors trained by CURE."""


@dataclass(frozen=True)
class Published:
    """The accuracies of all models in the paper for one data set."""

    dataset: str
    problems: int
    """Number of problems in the file of the data set that the paper's authors published."""
    source: str
    """The paper and the table in it, as a reference."""
    what: str
    """A sentence on what the numbers of a row are."""
    rows: tuple[PublishedRow, ...]


def published(dataset: str) -> Published | None:
    """The paper's accuracies for the data set with this name or file name; None for a set that is not in the paper."""
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
