"""Append-only files of JSON lines: written lines survive a kill, a last line that a kill cut off is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any, BinaryIO


def complete_records(lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Place (offset in bytes) and record of each line, up to the first that is no complete JSON object."""
    place = 0
    for line in lines:
        record = _parsed(line)
        if record is None:
            return
        yield place, record
        place += len(line)


def placed_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The complete records of a file, each after its offset in bytes, for `line_at`; none if there is no file."""
    if path.is_file():
        with path.open("rb") as file:
            yield from complete_records(file)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The complete records of a file, one at a time; none if there is no file."""
    return (record for _, record in placed_lines(path))


def line_at(file: BinaryIO, place: int) -> dict[str, Any]:
    """The record at the offset in bytes `place`, which `placed_lines` gave."""
    file.seek(place)
    record = _parsed(file.readline())
    assert record is not None, "no complete record begins at this offset"
    return record


class Lines:
    """Appends records to a file; the operating system has each of them before `append` returns."""

    def __init__(self, path: Path) -> None:
        """Open the file for appending, and cut it off at the first line that is no complete JSON object."""
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("ab")
        if not path.is_file():
            return
        with path.open("rb") as file:
            whole = sum(len(line) for line in takewhile(lambda line: _parsed(line) is not None, file))
        os.truncate(path, whole)

    def append(self, record: dict[str, Any]) -> None:
        """Write a record."""
        text = json.dumps(record, ensure_ascii=False, separators=(",", ":"))
        self._file.write(text.encode(errors="surrogatepass") + b"\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The record; None for a line that is incomplete or no JSON object."""
    if not line.endswith(b"\n"):
        return None
    try:
        record = json.loads(line.decode(errors="surrogatepass"))
    except ValueError:
        return None
    return record if isinstance(record, dict) else None
