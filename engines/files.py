"""Writes files atomically: a crash or a full disk never leaves a partial file."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: str | bytes | Iterable[str], durable: bool = True) -> None:
    """Write text, bytes or pieces of text to a file atomically: readers find the old file or the new one.

    Lone surrogates are kept. `durable`: call fsync, so that the content survives a power failure. Raises OSError after
    removing the partial file.
    """
    # If two processes write at once, the last one wins, with a complete file.
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    pieces = (content,) if isinstance(content, str | bytes) else content
    try:
        with partial.open("wb") as file:
            for piece in pieces:
                file.write(piece if isinstance(piece, bytes) else piece.encode(errors="surrogatepass"))
            if durable:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
