"""Moves the interpreter's code and constants out of the page cache into memory of this process.

A fork copies the page tables of such memory, which uses huge pages where the kernel offers them. Page tables of a
mapped file are instead filled again in every child, page fault by page fault, and torn down when the child ends.
"""

from __future__ import annotations

import ctypes

HUGE = 2 << 20
READ, WRITE, EXECUTE = 1, 2, 4
PRIVATE_ANONYMOUS = 0x22
MAY_MOVE_FIXED = 3
MADV_HUGEPAGE = 14
FAILED = ctypes.c_void_p(-1).value


def keep_text() -> bool:
    """Whether code and constants were moved. If not, nothing has changed."""
    found = _text()
    return found is not None and _replace(*found)


def _text() -> tuple[int, int] | None:
    """First and end address of the read-only mappings around the interpreter's code; None if not found."""
    code = ctypes.cast(ctypes.pythonapi.Py_IsInitialized, ctypes.c_void_p).value or 0
    start = end = 0
    inside = False
    with open("/proc/self/maps", encoding="utf-8", errors="replace") as lines:
        for line in lines:
            addresses, permissions, *_ = line.split(None, 5)
            low, high = (int(address, 16) for address in addresses.split("-"))
            if not permissions.startswith("r-") or low != end:
                if inside:
                    break
                start = low
            end = high
            if permissions.startswith("r-"):
                inside = inside or low <= code < high
            else:
                end = 0
    return (start, end) if inside else None


def _replace(start: int, end: int) -> bool:
    """Whether this memory was replaced by a copy; one system call does so, which works even for running code."""
    libc = ctypes.CDLL(None, use_errno=True)
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    libc.mmap.restype = libc.mremap.restype = pointer
    libc.mmap.argtypes = [pointer, size, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    libc.mremap.argtypes = [pointer, size, size, ctypes.c_int, pointer]
    libc.munmap.argtypes = [pointer, size]
    libc.mprotect.argtypes = libc.madvise.argtypes = [pointer, size, ctypes.c_int]
    length = end - start
    room = length + HUGE
    raw = libc.mmap(None, room, READ | WRITE, PRIVATE_ANONYMOUS, -1, 0)
    if raw == FAILED:
        return False
    # The copy lies relative to huge pages as the original does, or huge pages could not be moved in one piece.
    copy = raw + (start - raw) % HUGE
    libc.madvise(copy, length, MADV_HUGEPAGE)
    ctypes.memmove(copy, start, length)
    done = (
        libc.mprotect(copy, length, READ | EXECUTE) == 0
        and libc.mremap(copy, length, length, MAY_MOVE_FIXED, start) == start
    )
    if not done:
        libc.munmap(raw, room)
        return False
    libc.munmap(raw, copy - raw)
    libc.munmap(copy + length, raw + room - copy - length)
    return True
