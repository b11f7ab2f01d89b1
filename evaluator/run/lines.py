"""A file of JSON lines that grows: what was written is never lost, a line that was cut by a kill is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


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
                    if not _is_whole(line):
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
    if not path.is_file():
        return
    with path.open("rb") as file:
        for line in file:
            if not _is_whole(line):
                return
            yield json.loads(line.decode(errors="surrogatepass"))


def _is_whole(line: bytes) -> bool:
    if not line.endswith(b"\n"):
        return False
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
