"""What this machine offers a model: cores and free memory, within the limits of a container."""

from __future__ import annotations

import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")


def physical_cores() -> int:
    """Number of physical cores that this process may use, at least 1; logical ones where the system does not tell."""
    usable = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    siblings = {
        _read(Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")) or str(number)
        for number in usable
    }
    cores = len(siblings) or os.cpu_count() or 1
    return max(1, min(cores, _cpu_quota() or cores))


def free_memory() -> int | None:
    """Bytes of memory usable without swapping; outside Linux, all memory. None where the system does not tell."""
    found = [_available(), _cgroup_room()]
    return min((size for size in found if size is not None), default=None)


def _available() -> int | None:
    for line in _read(Path("/proc/meminfo")).splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    try:
        # macOS and the BSDs report only the total; they compress memory, so the free part is not well defined.
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _cgroup_room() -> int | None:
    """Bytes below the memory limit of this process's container; None without one."""
    limit, used = _read(_CGROUP / "memory.max"), _read(_CGROUP / "memory.current")
    if not (limit.isdigit() and used.isdigit()):
        return None
    # Cached files count as used, but are dropped when memory is wanted.
    cached = [line.split()[1] for line in _read(_CGROUP / "memory.stat").splitlines() if line.startswith("file ")]
    return max(0, int(limit) - int(used) + sum(map(int, cached)))


def _cpu_quota() -> int | None:
    quota, _, period = _read(_CGROUP / "cpu.max").partition(" ")
    return max(1, int(quota) // int(period)) if quota.isdigit() and period.isdigit() else None


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""
