"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(file: Path, content: bytes) -> None:
    """Write beside the file, see it onto the disk, and rename it into place."""
    partial = file.with_name(file.name + ".partial")
    with partial.open("wb") as writing:
        writing.write(content)
        writing.flush()
        os.fsync(writing.fileno())
    partial.replace(file)
