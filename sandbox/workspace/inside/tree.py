"""CPU time and memory of all processes of a PID namespace together, measured by its PID 1."""

from __future__ import annotations

import os
import time
from contextlib import suppress

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
CPU_FILES = ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")
MEMORY_FILES = ("/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat")
OOM_FILES = ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")


class Tree:
    """Measures all processes but PID 1, from the creation of this object on."""

    def __init__(self) -> None:
        self._waited = _waited_s()
        self._group = _group_cpu_s()
        self._own = time.process_time()
        self._oom_kills = _oom_kills()

    def measure(self) -> tuple[float, int]:
        """CPU seconds of all processes, ended ones included, and kB of anonymous memory of living ones."""
        ticks = pages = 0
        for name in os.listdir("/proc"):
            if not name.isdigit() or name == "1":
                continue
            with suppress(OSError):
                with open(f"/proc/{name}/stat", "rb") as stat:
                    fields = stat.read().rpartition(b")")[2].split()
                with open(f"/proc/{name}/statm", "rb") as statm:
                    sizes = statm.read().split()
                # Times of the process, and of children it has waited for; PID 1 waits for all others.
                ticks += sum(int(field) for field in fields[11:15])
                pages += max(0, int(sizes[1]) - int(sizes[2]))
        cpu_s = ticks / TICKS + _waited_s() - self._waited
        if self._group is not None:
            # Only this figure includes children whose parent ignores SIGCHLD.
            cpu_s = max(cpu_s, (_group_cpu_s() or 0.0) - self._group - (time.process_time() - self._own))
        return cpu_s, pages * PAGE_KB

    def exact_memory_kb(self, sum_kb: int) -> int:
        """kB of memory, counting pages that processes share once; `sum_kb` where the kernel does not report it."""
        for path in MEMORY_FILES:
            found = _number_after(path, (b"total_rss ", b"anon "))
            if found is not None:
                return found // 1024
        total = 0
        for name in os.listdir("/proc"):
            if name.isdigit() and name != "1":
                found = _number_after(f"/proc/{name}/smaps_rollup", (b"Pss_Anon:",))
                if found is None and os.path.exists(f"/proc/{name}"):
                    return sum_kb
                total += found or 0
        return total

    def oom_killed(self) -> bool:
        """Whether the kernel killed a process because the control group ran out of memory."""
        return _oom_kills() > self._oom_kills


def _waited_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _group_cpu_s() -> float | None:
    found = _number_after(CPU_FILES[0], (b"usage_usec ",))
    if found is not None:
        return found / 1e6
    found = _number_after(CPU_FILES[1], (b"",))
    return None if found is None else found / 1e9


def _oom_kills() -> int:
    return next((found for path in OOM_FILES if (found := _number_after(path, (b"oom_kill ",))) is not None), 0)


def _number_after(path: str, names: tuple[bytes, ...]) -> int | None:
    """The number after one of these names, from the first line that starts with one; None if there is none."""
    try:
        with open(path, "rb") as file:
            for line in file:
                for name in names:
                    if line.startswith(name):
                        return int(line[len(name) :].split()[0])
    except (OSError, ValueError, IndexError):
        return None
    return None
