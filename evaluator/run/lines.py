"""A file of JSON lines that grows: what was written is never lost, a line that was cut by a kill is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO


class Lines:
    """Appends records, each whole on disk before `append` returns."""

    def __init__(self, path: Path) -> None:
        """Open the file behind its last whole line."""
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = 0
        if path.is_file():
            with path.open("rb") as file:
                for line in file:
                    if _parsed(line) is None:
                        break
                    whole += len(line)
            os.truncate(path, whole)
        self._file = path.open("ab")

    def append(self, record: dict[str, Any]) -> None:
        """Write a record."""
        self._file.write(
            json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass") + b"\n"
        )
        self._file.flush()

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The whole records of a file, one at a time; nothing where there is none."""
    for _, record in placed_lines(path):
        yield record


def placed_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The same, each with the place at which `line_at` finds it again."""
    if not path.is_file():
        return
    place = 0
    with path.open("rb") as file:
        for line in file:
            record = _parsed(line)
            if record is None:
                return
            yield place, record
            place += len(line)


def line_at(file: BinaryIO, place: int) -> dict[str, Any]:
    """The record at a place that `placed_lines` named."""
    file.seek(place)
    record = _parsed(file.readline())
    assert record is not None, "a whole line was there"
    return record


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record; None for a line that was cut."""
    if not line.endswith(b"\n"):
        return None
    try:
        record: dict[str, Any] = json.loads(line.decode(errors="surrogatepass"))
    except ValueError:
        return None
    return record
