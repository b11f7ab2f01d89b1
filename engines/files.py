"""Writes files so that a kill or a full disk never leaves half of one."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: str | bytes | Iterable[str], durable: bool = True) -> None:
    """Write a file of this text, bytes or pieces of text, so that a reader finds either the old file or the new one.

    Lone surrogates are written as they are. `durable`: the content is on the disk when this returns, not only in the
    system's memory. Raises OSError, which leaves nothing behind.
    """
    # Of two processes that write at once the last one wins, with a complete file.
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
