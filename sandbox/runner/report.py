"""One page of memory shared by runner and program: the program's progress, and the name of what ended it."""

from __future__ import annotations

import mmap
import struct

NOTHING, OUT_OF_MEMORY, COMPILED, NOT_PLAIN = 0, 1, 2, 3
NAME_AT, NAME_SIZE = 2, 62
PROGRESS_AT = 64
PROGRESS = struct.Struct("<qd")
"""Position of the input that runs, -1 while compiling; CPU seconds of the process when the input began."""


class Report:
    """The shared page. A program can write to the page too, but can falsify only what is reported about itself."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        self._empty = bytes(PROGRESS_AT)

    def reset(self) -> None:
        """Empty the page, before the start of a process that will write to the page."""
        self._page[:PROGRESS_AT] = self._empty
        self.begin(-1, 0.0)

    def compiled(self) -> None:
        """Note that the program was compiled."""
        self._page[0] = COMPILED

    def not_plain(self) -> None:
        """Note that the program is not plain in the sense of `sandbox.runner.plain`."""
        self._page[0] = NOT_PLAIN

    def out_of_memory(self) -> None:
        """Note that memory ran out."""
        # One byte, no allocation: there may be nothing left to allocate from.
        self._page[0] = OUT_OF_MEMORY

    def died_of(self, name: str) -> None:
        """Record the cause of the program's end: the name of an exception, or `exit status N`; for a process that did
        not start, the name and message of the exception. At most NAME_SIZE bytes are kept.
        """
        encoded = name.encode(errors="replace")[:NAME_SIZE]
        self._page[1] = len(encoded)
        self._page[NAME_AT : NAME_AT + len(encoded)] = encoded

    def begin(self, position: int, cpu_s: float) -> None:
        """Note that the input at `position` begins now."""
        PROGRESS.pack_into(self._page, PROGRESS_AT, position, cpu_s)

    @property
    def progress(self) -> tuple[int, float]:
        """Position of the input that runs, and CPU seconds of the process when the input began; see PROGRESS."""
        position, cpu_s = PROGRESS.unpack_from(self._page, PROGRESS_AT)
        return position, cpu_s

    @property
    def was_compiled(self) -> bool:
        """Whether the program was compiled and has not run out of memory."""
        return self._page[0] >= COMPILED

    @property
    def is_not_plain(self) -> bool:
        """Whether the program was compiled and found not to be plain."""
        return self._page[0] == NOT_PLAIN

    @property
    def ran_out_of_memory(self) -> bool:
        """Whether memory ran out."""
        return self._page[0] == OUT_OF_MEMORY

    @property
    def name(self) -> str:
        """The recorded cause of the program's end, without unprintable characters; empty if there is none."""
        size = min(self._page[1], NAME_SIZE)
        text = self._page[NAME_AT : NAME_AT + size].decode(errors="replace")
        return "".join(character if character.isprintable() else "?" for character in text)
