"""What confines a process of the jail: limits, user id, access by others; and the end of all processes of the jail.

The functions raise OSError where the kernel refuses what they do.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import struct
from collections.abc import Iterable

PR_SET_PDEATHSIG, PR_GET_PDEATHSIG = 1, 2
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
MAX_FD = 4096
CAPABILITY_VERSION = 0x20080522

Bounds = tuple[tuple[int, tuple[int, int]], ...]
"""Pairs of a resource limit's kind and its (soft, hard) value."""

_setrlimit = resource.setrlimit
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def _control(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def require_pid_1() -> None:
    """Raise RuntimeError unless this process is PID 1 of a PID namespace, as the runner and the supervisor must be."""
    if os.getpid() != 1:
        raise RuntimeError("kill(-1) would reach processes outside: this process is not PID 1 of a PID namespace")


def kill_all_others() -> bool:
    """Kill every other process of this PID namespace; returns whether there was one.

    Raises RuntimeError like `require_pid_1`.
    """
    require_pid_1()
    try:
        os.kill(-1, signal.SIGKILL)
    except ProcessLookupError:
        return False
    return True


def hide() -> None:
    """Deny other processes, those of the same user id included, ptrace, /proc/PID/mem and /proc/PID/fd of this process.

    Also sets no_new_privs: no program that this process or its children start gains privileges.
    """
    _control(PR_SET_NO_NEW_PRIVS, 1)
    _control(PR_SET_DUMPABLE, 0)


def pass_on_no_capabilities() -> None:
    """Keep the capabilities of this process, but let no program inherit any: see capset(2). Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    head = ctypes.create_string_buffer(struct.pack("<Ii", CAPABILITY_VERSION, 0))
    # Effective, permitted, inheritable; the lower halves of the sets, then the upper.
    sets = ctypes.create_string_buffer(24)
    if libc.capget(head, sets) == 0:
        words = list(struct.unpack("<6I", sets.raw))
        words[2] = words[5] = 0
        if libc.capset(head, ctypes.create_string_buffer(struct.pack("<6I", *words))) == 0:
            return
    raise OSError(ctypes.get_errno(), "capabilities")


def mapped(uid: int) -> int:
    """`uid` if this user namespace has that id, else an id that the namespace has.

    Engines may map user ids (rootless, userns-remap), and then a namespace has only some ids.

    Raises OSError where the namespace has no second user id.
    """
    with open("/proc/self/uid_map", "rb") as lines:
        ranges = [(int(first), int(count)) for first, _, count in (line.split() for line in lines)]
    if any(first <= uid < first + count for first, count in ranges):
        return uid
    first, count = max(ranges, key=lambda known: known[1])
    if count < 2:
        raise OSError("this user namespace has no second user id for programs")
    # Never the first, which is the user id of the runner.
    return first + 1 + uid % (count - 1)


def is_mapped() -> bool:
    """Whether user ids of this user namespace stand for different ones outside."""
    with open("/proc/self/uid_map", "rb") as lines:
        return lines.read().split() != [b"0", b"0", b"4294967295"]


def join_group(uid: int | None) -> None:
    """Take `uid` as group id (None: keep the group id); programs forked later inherit the group. Raises OSError."""
    if uid is not None:
        end = ctypes.c_int()
        if _prctl(PR_GET_PDEATHSIG, ctypes.byref(end), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl of the signal at the parent's death")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        # The change of group id has cleared the signal, which bubblewrap set for `--die-with-parent`: see prctl(2).
        if end.value:
            _control(PR_SET_PDEATHSIG, end.value)


def offer_to_oom_killer(uid: int | None, is_mapped: bool) -> None:
    """Make this process the first that the kernel kills when memory runs out, before the runner and other programs."""
    # Files in /proc of a process that is not dumpable belong to the machine's root, whom no user namespace has.
    if uid is None or is_mapped:
        _control(PR_SET_DUMPABLE, 1)
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(fd, b"1000")
    os.close(fd)
    if uid is not None and is_mapped:
        _control(PR_SET_DUMPABLE, 0)


def leave_session() -> None:
    """Put this process, which was just forked, into a session of its own.

    A session has one priority, which any process in it may change through /proc/self/autogroup: see sched(7).
    """
    os.setsid()


def drop_to(uid: int | None, dumpable: bool = True) -> None:
    """Become `uid` for good (None: keep the user id). Only a dumpable process may open its own /dev/stdin."""
    if uid is not None:
        os.setresuid(uid, uid, uid)
        if dumpable:
            make_dumpable()


def make_dumpable() -> None:
    """Let this process open its own entries in /proc, which the change of user id has denied it."""
    _control(PR_SET_DUMPABLE, 1)


def limit(bounds: Bounds) -> None:
    """Set resource limits of the calling process and its future children."""
    for kind, pair in bounds:
        _setrlimit(kind, pair)


def allowed(wanted: Iterable[tuple[int, int]]) -> Bounds:
    """Bounds for these (kind, value) pairs, lowered to the hard limits of this process where those are lower."""
    return tuple((kind, raisable(kind, bound, bound)) for kind, bound in wanted)


def raisable(kind: int, soft: int, hard: int) -> tuple[int, int]:
    """A soft and a hard value of a limit, lowered to the hard limit of this process where that is lower."""
    _, most = resource.getrlimit(kind)
    if most == resource.RLIM_INFINITY:
        return soft, hard
    return min(soft, most), most if hard == resource.RLIM_INFINITY else min(hard, most)


def allow_large_stacks() -> None:
    """Raise the limit on data of this process, in which the kernel counts the whole stack that a thread asks for."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    _setrlimit(resource.RLIMIT_DATA, (hard, hard))


def streams(stdin: int, stdout: int, stderr: int, keep: tuple[int, ...] = ()) -> None:
    """Make these descriptors 0, 1 and 2, and close all others except `keep`."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    close_all_but(*keep)


def close_all_but(*keep: int) -> None:
    """Close all descriptors above 2 except these."""
    low = 3
    for fd in sorted(keep):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, MAX_FD)
