"""What is done to a process of the jail: its limits, its user id, and whether others may look into it."""

from __future__ import annotations

import ctypes
import os
import resource
import struct

PR_SET_PDEATHSIG, PR_GET_PDEATHSIG = 1, 2
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
MAX_FD = 4096
CAPABILITY_VERSION = 0x20080522

Bounds = tuple[tuple[int, tuple[int, int]], ...]
"""Kinds of resource limits, soft and hard."""

_setrlimit = resource.setrlimit
_prctl = ctypes.CDLL(None, use_errno=True).prctl


def _control(option: int, value: int) -> None:
    if _prctl(option, value, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def hide() -> None:
    """Close this process to ptrace, /proc/PID/mem and /proc/PID/fd of others, same user id or not."""
    _control(PR_SET_NO_NEW_PRIVS, 1)
    _control(PR_SET_DUMPABLE, 0)


def pass_on_no_capabilities() -> None:
    """Keep what capabilities there are, but let no program inherit any: see capset(2)."""
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
        end = ctypes.c_int()
        if _prctl(PR_GET_PDEATHSIG, ctypes.byref(end), 0, 0, 0) != 0:
            raise OSError(ctypes.get_errno(), "prctl of the signal at the parent's death")
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        # What bubblewrap asked for (`--die-with-parent`), and the change of group has undone: see prctl(2).
        if end.value:
            _control(PR_SET_PDEATHSIG, end.value)


def offer_to_oom_killer(uid: int | None, is_mapped: bool) -> None:
    """Be the first to go when memory runs out: the program, not its runner and not its neighbours."""
    # What lies in /proc of a process that is not dumpable is the machine's root's, who is nobody in a user namespace.
    if uid is None or is_mapped:
        _control(PR_SET_DUMPABLE, 1)
    fd = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
    os.write(fd, b"1000")
    os.close(fd)
    if uid is not None and is_mapped:
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


def limit(bounds: Bounds) -> None:
    """Bind the calling process and its children."""
    for kind, pair in bounds:
        _setrlimit(kind, pair)


def streams(stdin: int, stdout: int, stderr: int, keep: tuple[int, ...] = ()) -> None:
    """Make these three descriptors 0, 1 and 2, and close every other but those in `keep`."""
    os.dup2(stdin, 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    close_all_but(*keep)


def close_all_but(*keep: int) -> None:
    """Close every descriptor above 2 that is not one of these."""
    low = 3
    for fd in sorted(keep):
        os.closerange(low, fd)
        low = fd + 1
    os.closerange(low, MAX_FD)
