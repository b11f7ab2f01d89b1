"""The formats that `datasets convert` reads. A new format is a file with a `Format` and a line in `FORMATS`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.functional.format import Format, Row
from evaluator.datasets.functional.humaneval import HUMANEVAL, HUMANEVAL_PLUS
from evaluator.datasets.functional.livecodebench import LIVECODEBENCH
from evaluator.datasets.functional.mbpp import MBPP, MBPP_PLUS

FORMATS: dict[str, Format] = {
    "humaneval": HUMANEVAL,
    "mbpp": MBPP,
    "evalplus-humaneval": HUMANEVAL_PLUS,
    "evalplus-mbpp": MBPP_PLUS,
    "livecodebench": LIVECODEBENCH,
}


def format_of(rows: Sequence[Row], path: Path) -> str:
    """The name of the format that recognises the first row; raises DatasetError if none does."""
    row = rows[0]
    for name, known in FORMATS.items():
        if known.recognise(row):
            return name
    if "question" in row and "test_input" in row:
        raise DatasetError(f"{path}: is in CURE's stdin/stdout form already; `cure-agent datasets check` checks it")
    raise DatasetError(
        f"{path}: the format is not one of {', '.join(FORMATS)}; its first row has {', '.join(row)[:100]}"
    )
