"""Writes files so that a kill or a full disk never leaves half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_atomically(path: Path, content: str | bytes | Iterable[str]) -> None:
    """Write a file of this text, bytes or pieces of text, so that a reader finds either the old file or the new one.

    The content is on the disk when this returns. Lone surrogates are written as they are. Raises OSError.
    """
    beside = path.with_name(f"{path.name}.partial-{os.getpid()}")
    pieces = (content,) if isinstance(content, str | bytes) else content
    try:
        with beside.open("wb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else piece.encode(errors="surrogatepass"))
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
