"""Reads the rows of a published set, JSON or JSON lines, plain or gzipped, and fields of a row."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cure.case_file import read_text
from evaluator.datasets.errors import DatasetError


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of the file, which holds a JSON list of objects or one object per line.

    Raises ProblemError where the file cannot be read or holds anything else.
    """
    text = read_text(str(path))
    try:
        if text.lstrip().startswith("["):
            rows = json.loads(text)
        else:
            rows = [json.loads(line) for line in text.split("\n") if line.strip()]
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: is neither JSON nor JSON lines ({str(error)[:100]})") from error
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise DatasetError(f"{path}: expected a list of problems, or one problem per line")
    return list(rows)


def text_of(row: Mapping[str, Any], field: str, where: str) -> str:
    """The field's text; raises DatasetError naming the field if the value is not text."""
    value = row.get(field)
    if not isinstance(value, str):
        raise DatasetError(f"{where}: {field!r} is {type(value).__name__}, expected text")
    return value


def list_of(row: Mapping[str, Any], field: str, where: str) -> list[Any]:
    """The field's list, empty where it is absent or an empty object (MBPP+); raises DatasetError for anything else."""
    value = row.get(field)
    if value is None or value == {}:
        return []
    if not isinstance(value, list):
        raise DatasetError(f"{where}: {field!r} is {type(value).__name__}, expected a list")
    return value
