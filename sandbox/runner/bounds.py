"""The resource limits of a process, without those that this kernel refuses."""

from __future__ import annotations

import mmap
import resource
from math import ceil
from typing import NamedTuple

from sandbox.runner.confine import Bounds, allowed, raisable
from sandbox.runner.frames import Limits

OPEN_FILES = 64
QUEUED_SIGNALS = 256
"""Limit on queued signals; those of all processes of a user count together, see setrlimit(2)."""
STACK = 64 << 20
"""Soft limit on the stack, in bytes; programs may raise it."""
SHARED_SLACK = 1 << 30
"""Bytes of address space beyond the memory limit, for libraries and for arenas that threads reserve but do not use."""
SMALLEST_FILE_LIMIT = 1 << 20
"""Bytes that a program may write to a file even if its limit on output is smaller."""


class Kernel(NamedTuple):
    """Properties that differ between kernels: gVisor's lacks some features of Linux."""

    refused: frozenset[int]
    """Kinds of limits that the kernel refuses to set."""
    slack: int
    """Bytes of address space beyond the memory limit; fewer where the kernel does not enforce the limit on data."""

    def bounds(self, limits: Limits, executions: int = 1, file_size: int | None = None) -> Bounds:
        """Limits of a process that does `executions` executions; the limit on CPU time is rounded up, plus one second.

        `file_size` is the most bytes of a file that the process writes, by default `file_limit(limits)`.
        """
        wanted = (
            (resource.RLIMIT_CPU, executions * ceil(limits.cpu_s) + 1),
            (resource.RLIMIT_AS, limits.memory + self.slack),
            (resource.RLIMIT_FSIZE, file_limit(limits) if file_size is None else file_size),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_NPROC, limits.processes),
            # Not 0: a host may pipe core dumps to a crash handler, which 0 does not prevent: see core(5).
            (resource.RLIMIT_CORE, 1),
            (resource.RLIMIT_MSGQUEUE, 0),
            (resource.RLIMIT_MEMLOCK, 0),
            (resource.RLIMIT_SIGPENDING, QUEUED_SIGNALS),
        )
        return (
            *allowed(pair for pair in wanted if pair[0] not in self.refused),
            # Programs set the size of their stack, as they do outside; the address space bounds it.
            (resource.RLIMIT_STACK, raisable(resource.RLIMIT_STACK, STACK, resource.RLIM_INFINITY)),
            (resource.RLIMIT_DATA, raisable(resource.RLIMIT_DATA, limits.memory, limits.memory + self.slack)),
        )


def this_kernel() -> Kernel:
    """Properties of the kernel that this process runs on, found out by trying."""
    refused = set()
    for kind in (resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK):
        try:
            resource.setrlimit(kind, resource.getrlimit(kind))
        except ValueError:
            refused.add(kind)
    slack = SHARED_SLACK
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    # One page, not 0: Linux does not enforce 0, so that valgrind works.
    resource.setrlimit(resource.RLIMIT_DATA, (resource.getpagesize(), hard))
    try:
        mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        pass
    else:
        # Bound the whole address space instead, with little more than the interpreter has before the program starts.
        with open("/proc/self/statm", "rb") as pages:
            slack = int(pages.read().split()[0]) * resource.getpagesize()
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    return Kernel(frozenset(refused), slack)


def file_limit(limits: Limits) -> int:
    """Maximum bytes of any file that a program writes, standard output and error included."""
    return max(limits.output, SMALLEST_FILE_LIMIT)


def without_processes(bounds: Bounds) -> tuple[Bounds, Bounds]:
    """The bounds without the limit on processes, and that limit alone."""
    own = tuple(pair for pair in bounds if pair[0] == resource.RLIMIT_NPROC)
    return tuple(pair for pair in bounds if pair not in own), own
