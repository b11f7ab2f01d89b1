"""What is done to a process of the jail: its limits, its user id, and whether others may look into it."""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
from math import ceil

from sandbox.runner.frames import Limits

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
MAX_FD = 4096
OPEN_FILES = 64
STACK = 64 << 20
SHARED_SLACK = 1 << 30
"""Address space beyond the memory limit, for libraries and for the arenas that threads reserve but do not use."""
SMALLEST_FILE_LIMIT = 1 << 20

Bounds = tuple[tuple[int, tuple[int, int]], ...]
"""Kinds of resource limits, soft and hard."""

_refused: set[int] = set()
_slack = SHARED_SLACK
_setrlimit = resource.setrlimit
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def _control(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def hide() -> None:
    """Close this process to ptrace, /proc/PID/mem and /proc/PID/fd of others, same user id or not."""
    _control(PR_SET_NO_NEW_PRIVS, 1)
    _control(PR_SET_DUMPABLE, 0)


def mapped(uid: int) -> int:
    """`uid` where this user namespace knows it, else one it does: engines may map them (rootless, userns-remap)."""
    with open("/proc/self/uid_map", "rb") as lines:
        ranges = [(int(first), int(count)) for first, _, count in (line.split() for line in lines)]
    if any(first <= uid < first + count for first, count in ranges):
        return uid
    first, count = max(ranges, key=lambda known: known[1])
    if count < 2:
        raise OSError("this user namespace has no second user id for programs")
    # Never the first: that is the runner's own.
    return first + 1 + uid % (count - 1)


def is_mapped() -> bool:
    """Whether user ids here are others outside."""
    with open("/proc/self/uid_map", "rb") as lines:
        return lines.read().split() != [b"0", b"0", b"4294967295"]


def join_group(uid: int | None) -> None:
    """Take the group of programs before there are any, so that none has to."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)


def offer_to_oom_killer(uid: int | None) -> None:
    """Be the first to go when memory runs out: the program, not its runner and not its neighbours."""
    # What lies in /proc of a process that is not dumpable is the machine's root's, who is nobody in a user namespace.
    _control(PR_SET_DUMPABLE, 1)
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(fd, b"1000")
    os.close(fd)
    if uid is not None:
        _control(PR_SET_DUMPABLE, 0)


def drop_to(uid: int | None, dumpable: bool = True) -> None:
    """Become `uid` for good; None keeps the user id. A dumpable process may open its own /proc/self/fd (/dev/stdin)."""
    if uid is not None:
        os.setresuid(uid, uid, uid)
        if dumpable:
            make_dumpable()


def make_dumpable() -> None:
    """Let this process open its own entries in /proc, which changing the user id has closed to it."""
    _control(PR_SET_DUMPABLE, 1)


def file_limit(limits: Limits) -> int:
    """Bytes to which a file of the program may grow, its standard streams included."""
    return max(limits.output, SMALLEST_FILE_LIMIT)


def bounds(limits: Limits, executions: int = 1, file_size: int | None = None) -> Bounds:
    """Resource limits of a process that does this many executions; CPU time is a backstop with a grain of 1 s."""
    wanted = (
        (resource.RLIMIT_CPU, executions * ceil(limits.cpu_s) + 1),
        (resource.RLIMIT_DATA, limits.memory),
        (resource.RLIMIT_AS, limits.memory + _slack),
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
        if kind not in _refused:
            result.append((kind, (value, value)))
    return tuple(result)


def without_processes(bounds: Bounds) -> tuple[Bounds, Bounds]:
    """All but the limit on processes, and that alone."""
    own = tuple(pair for pair in bounds if pair[0] == resource.RLIMIT_NPROC)
    return tuple(pair for pair in bounds if pair not in own), own


def learn() -> None:
    """Find out which limits this kernel takes, and whether that on data binds; gVisor's kernel is not all of Linux."""
    global _slack
    for kind in (resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK):
        try:
            _setrlimit(kind, resource.getrlimit(kind))
        except ValueError:
            _refused.add(kind)
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    _setrlimit(resource.RLIMIT_DATA, (0, hard))
    try:
        mmap.mmap(-1, 1 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS).close()
    except OSError:
        pass
    else:
        # All of the address space is bounded instead: little more than the interpreter has before the program starts.
        with open("/proc/self/statm", "rb") as pages:
            _slack = int(pages.read().split()[0]) * resource.getpagesize()
    _setrlimit(resource.RLIMIT_DATA, (soft, hard))


def limit(bounds: Bounds) -> None:
    """Bind the calling process and its children."""
    for kind, pair in bounds:
        _setrlimit(kind, pair)


def streams(stdin: int, stdout: int, stderr: int, keep: tuple[int, ...] = ()) -> None:
    """Make these three descriptors 0, 1 and 2, and close every other but those in `keep`."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    low = 3
    if keep:
        for fd in sorted(keep):
            os.closerange(low, fd)
            low = fd + 1
    os.closerange(low, MAX_FD)
