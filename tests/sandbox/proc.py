"""Processes of this machine, read from /proc."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path


def children(pid: int) -> list[int]:
    """Child processes of `pid`."""
    found: list[int] = []
    for threads in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += map(int, threads.read_text().split())
    return found


def descendants(pid: int) -> list[int]:
    """All processes below `pid`."""
    return [below for child in children(pid) for below in (child, *descendants(child))]


def lives(pid: int) -> bool:
    """Whether a process has not ended; one that ended and was not waited for counts as ended."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    return False
