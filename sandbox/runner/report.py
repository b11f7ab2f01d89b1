"""One page shared by runner and program process: how far it came, and the name of what it died of."""

from __future__ import annotations

import mmap
import struct

NOTHING, OUT_OF_MEMORY, COMPILED, NOT_PLAIN = 0, 1, 2, 3
NAME_AT, NAME_SIZE = 2, 62
PROGRESS_AT = 64
PROGRESS = struct.Struct("<qd")
"""Position of the input being run, -1 while compiling; CPU seconds of the process when it began."""


class Report:
    """The page. A program can write to it too, which changes no more than the words about its own failure."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._empty = bytes(PROGRESS_AT)

    def reset(self) -> None:
        self._page[:PROGRESS_AT] = self._empty
        self.begin(-1, 0.0)

    def compiled(self) -> None:
        self._page[0] = COMPILED

    def not_plain(self) -> None:
        self._page[0] = NOT_PLAIN

    def out_of_memory(self) -> None:
        # One byte, no allocation: there may be nothing left to allocate from.
        self._page[0] = OUT_OF_MEMORY

    def died_of(self, name: str) -> None:
        encoded = name.encode(errors="replace")[:NAME_SIZE]
        self._page[1] = len(encoded)
        self._page[NAME_AT : NAME_AT + len(encoded)] = encoded

    def begin(self, position: int, cpu_s: float) -> None:
        """Note that the input at `position` begins now."""
        PROGRESS.pack_into(self._page, PROGRESS_AT, position, cpu_s)

    @property
    def progress(self) -> tuple[int, float]:
        position, cpu_s = PROGRESS.unpack_from(self._page, PROGRESS_AT)
        return position, cpu_s

    @property
    def was_compiled(self) -> bool:
        return self._page[0] >= COMPILED

    @property
    def is_not_plain(self) -> bool:
        return self._page[0] == NOT_PLAIN

    @property
    def ran_out_of_memory(self) -> bool:
        return self._page[0] == OUT_OF_MEMORY

    @property
    def name(self) -> str:
        size = min(self._page[1], NAME_SIZE)
        text = self._page[NAME_AT : NAME_AT + size].decode(errors="replace")
        return "".join(character if character.isprintable() else "?" for character in text)
