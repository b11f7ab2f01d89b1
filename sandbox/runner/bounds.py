"""The resource limits of a process, as far as the kernel at hand takes them."""

from __future__ import annotations

import mmap
import resource
from math import ceil
from typing import NamedTuple

from sandbox.runner.confine import Bounds
from sandbox.runner.frames import Limits

OPEN_FILES = 64
STACK = 64 << 20
SHARED_SLACK = 1 << 30
"""Address space beyond the memory limit, for libraries and for the arenas that threads reserve but do not use."""
SMALLEST_FILE_LIMIT = 1 << 20


class Kernel(NamedTuple):
    """What differs between kernels; gVisor's is not all of Linux."""

    refused: frozenset[int]
    """Kinds of limits it does not take."""
    slack: int
    """Bytes of address space beyond the memory limit; few where that on data does not bind."""

    def bounds(self, limits: Limits, executions: int = 1, file_size: int | None = None) -> Bounds:
        """Limits of a process that does this many executions; CPU time is a backstop with a grain of 1 s."""
        wanted = (
            (resource.RLIMIT_CPU, executions * ceil(limits.cpu_s) + 1),
            (resource.RLIMIT_DATA, limits.memory),
            (resource.RLIMIT_AS, limits.memory + self.slack),
            (resource.RLIMIT_STACK, STACK),
            (resource.RLIMIT_FSIZE, file_limit(limits) if file_size is None else file_size),
            (resource.RLIMIT_NOFILE, OPEN_FILES),
            (resource.RLIMIT_NPROC, limits.processes),
            # Not 0, which some hosts' handlers of crashes, fed through a pipe, are not bound by: see core(5).
            (resource.RLIMIT_CORE, 1),
            (resource.RLIMIT_MSGQUEUE, 0),
            (resource.RLIMIT_MEMLOCK, 0),
        )
        result = []
        for kind, bound in wanted:
            _, most = resource.getrlimit(kind)
            value = bound if most == resource.RLIM_INFINITY else min(bound, most)
            if kind not in self.refused:
                result.append((kind, (value, value)))
        return tuple(result)


def this_kernel() -> Kernel:
    """What the kernel at hand is like, found out by trying."""
    refused = set()
    for kind in (resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK):
        try:
            resource.setrlimit(kind, resource.getrlimit(kind))
        except ValueError:
            refused.add(kind)
    slack = SHARED_SLACK
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    # A page, not 0, which Linux does not enforce for valgrind's sake.
    resource.setrlimit(resource.RLIMIT_DATA, (resource.getpagesize(), hard))
    try:
        mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        pass
    else:
        # All of the address space is bounded instead: little more than the interpreter has before the program starts.
        with open("/proc/self/statm", "rb") as pages:
            slack = int(pages.read().split()[0]) * resource.getpagesize()
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
    return Kernel(frozenset(refused), slack)


def file_limit(limits: Limits) -> int:
    """Bytes to which a file of the program may grow, its standard streams included."""
    return max(limits.output, SMALLEST_FILE_LIMIT)


def without_processes(bounds: Bounds) -> tuple[Bounds, Bounds]:
    """All but the limit on processes, and that alone."""
    own = tuple(pair for pair in bounds if pair[0] == resource.RLIMIT_NPROC)
    return tuple(pair for pair in bounds if pair not in own), own
