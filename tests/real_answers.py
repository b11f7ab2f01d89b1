"""Stored answers of real models, and what both extractions read from them.

Run as a program, this module writes the counts to `extraction.json` anew.
"""

from __future__ import annotations

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.real_prompts.store import stored
from cure.extract import extractor
from cure.extract.result import Extracted

FOLDER = Path(__file__).parent / "data" / "real_answers"
COUNTS = FOLDER / "extraction.json"


@cache
def answers() -> list[dict[str, Any]]:
    """Every stored answer."""
    return stored(FOLDER / "answers.jsonl.gz")


def read(mode: str, answer: dict[str, Any]) -> Extracted[Any]:
    """The program or the test in an answer, read by the extraction `mode`: "robust" or "release"."""
    how = extractor(mode)
    return how.program(answer["text"]) if answer["role"] == "coder" else how.test(answer["text"])


def counts() -> dict[str, dict[str, int]]:
    """How many answers of each model, role and form were read by each extraction, and why the others were not."""
    found: dict[str, Counter[str]] = {}
    for answer in answers():
        for mode in ("robust", "release"):
            kind = " ".join([answer["model"], answer["role"], answer["form"], mode])
            result = read(mode, answer)
            cut = ", cut" if answer["finish"] == "length" else ""
            found.setdefault(kind, Counter())[f"{result.reason}{cut}" if result.failed else "read"] += 1
    return {kind: dict(sorted(counter.items())) for kind, counter in sorted(found.items())}


if __name__ == "__main__":
    COUNTS.write_text(json.dumps(counts(), indent=1) + "\n", encoding="utf-8")
