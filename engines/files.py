"""Writes files atomically: a crash or a full disk never leaves a partial file."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path


def write_atomically(path: Path, content: str | bytes | Iterable[str], durable: bool = True) -> None:
    """Write text, bytes or pieces of text to a file atomically: readers find the old file or the new one.

    Lone surrogates are kept. `durable`: call fsync, so that the content survives a power failure. Raises OSError after
    removing the partial file. A device, pipe or socket is written to, and stays what it is.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(b"".join(_pieces(content)))
        return
    # If two processes write at once, the last one wins, with a complete file.
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        with partial.open("wb") as file:
            for piece in _pieces(content):
                file.write(piece)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def _pieces(content: str | bytes | Iterable[str]) -> Iterator[bytes]:
    for piece in (content,) if isinstance(content, str | bytes) else content:
        yield piece if isinstance(piece, bytes) else piece.encode(errors="surrogatepass")
