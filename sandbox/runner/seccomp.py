"""A system-call filter against calls that solutions never need: calls of exploits, and those that leave objects behind.

Programs get an error, mostly EPERM, that a kernel which lacks or forbids the call would return. PID 1 installs the
filter once, and all processes that it forks inherit the filter, at no cost per execution. See seccomp(2) and classic
BPF in the kernel's documentation.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
ALLOW = 0x7FFF0000
DENY = 0x00050000
"""Combined (bitwise or) with the error number that the call fails with."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16

NO_CLONES = 0x7E028000
"""Every CLONE_NEW... flag of clone(2), and CLONE_PARENT, with which a process starts siblings instead of children."""
FAMILIES = (1, 2, 10, 16)
"""Local, IPv4, IPv6 and netlink sockets, which the network namespace confines; others (vsock) reach out of it."""
IPC_CREAT = 0o1000
X32 = 0x40000000

# Calls with one number on all architectures: open_tree to fspick, io_uring_*, pidfd_getfd, mount_setattr.
SINCE_424 = (*range(425, 434), 438, 442)
MEMFD_SECRET = 447

F_SETLEASE, F_SETPIPE_SZ = 1024, 1031
PR_SCHED_CORE = 62
FORBIDDEN_ARGUMENTS = {"fcntl": (1, (F_SETLEASE, F_SETPIPE_SZ)), "prctl": (0, (PR_SCHED_CORE,))}
"""By call: the position of an argument, and the values of that argument with which programs may not make the call.

Leases make others wait for a file, large pipes use up what all processes of a user may have together, and a core
cookie keeps other processes from the neighbouring hardware threads.
"""
WITHOUT_EFFECT = ("sync", "syncfs")
"""Calls of programs that return success without being carried out: they would flush the disks of the machine."""

ONLY_FOR_ITSELF = {
    **dict.fromkeys(("prlimit64", "sched_setaffinity", "sched_setscheduler", "sched_setparam"), ((0, 0),)),
    **{"sched_setattr": ((0, 0),), "setpriority": ((0, 0), (1, 0)), "ioprio_set": ((0, 1), (1, 0))},
}
"""Calls that a process may make for itself only, since they could slow a runner that has the user id of programs.

By call: (position of an argument, required value) pairs. A call with other values is refused.
"""

ARCHITECTURES: dict[str, tuple[int, dict[str, int], dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            **{"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161},
            **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "bpf": 321},
            **{"perf_event_open": 298, "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250},
            **{"open_by_handle_at": 304, "kexec_load": 246, "init_module": 175, "finit_module": 313, "mq_open": 240},
            **{"clone": 56, "clone3": 435, "shmget": 29, "semget": 64, "msgget": 68, "socket": 41},
            **{"prlimit64": 302, "sched_setaffinity": 203, "sched_setscheduler": 144, "sched_setparam": 142},
            **{"sched_setattr": 314, "setpriority": 141, "ioprio_set": 251},
        },
        {
            **{"io_setup": 206, "inotify_init": 253, "inotify_init1": 294, "fanotify_init": 300},
            **{"fcntl": 72, "prctl": 157, "sync": 162, "syncfs": 306},
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            **{"unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51},
            **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "bpf": 280},
            **{"perf_event_open": 241, "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219},
            **{"open_by_handle_at": 265, "kexec_load": 104, "init_module": 105, "finit_module": 273, "mq_open": 180},
            **{"clone": 220, "clone3": 435, "shmget": 194, "semget": 190, "msgget": 186, "socket": 198},
            **{"prlimit64": 261, "sched_setaffinity": 122, "sched_setscheduler": 119, "sched_setparam": 118},
            **{"sched_setattr": 274, "setpriority": 140, "ioprio_set": 30},
        },
        {
            **{"io_setup": 0, "inotify_init1": 26, "fanotify_init": 262},
            **{"fcntl": 25, "prctl": 167, "sync": 81, "syncfs": 267},
        },
    ),
}
"""By machine: its audit number, calls that are filtered for all, and calls that are filtered for programs only.

The latter use up or change what the whole machine shares (AIO slots, file watches). Commands of a workspace, such as
tests and builds, may need them.
"""


def install(programs: bool) -> None:
    """Filter the calls of this process and of all it forks; does nothing on architectures without a table.

    `programs` says whether solutions of problems will run, not commands of a workspace. Needs no_new_privs. Raises
    OSError where the kernel refuses the filter.
    """
    known = ARCHITECTURES.get(os.uname().machine)
    if known is None:
        return
    architecture, numbers, of_programs = known
    code = b"".join(_filter(architecture, numbers, of_programs if programs else {}))
    program = ctypes.create_string_buffer(code)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the system-call filter was refused: {os.strerror(number)}")


def _filter(architecture: int, numbers: dict[str, int], of_programs: dict[str, int]) -> list[bytes]:
    numbers = {**numbers, **of_programs}
    clone, clone3 = numbers.pop("clone"), numbers.pop("clone3")
    creators = {numbers.pop("shmget"): 2, numbers.pop("semget"): 2, numbers.pop("msgget"): 1}
    socket = numbers.pop("socket")
    itself = {numbers.pop(name): arguments for name, arguments in ONLY_FOR_ITSELF.items()}
    code = [
        _step(LOAD, ARCHITECTURE_AT),
        # Calls of another architecture have other numbers; no program here makes any.
        *(_step(EQUAL, architecture, 1, 0), _step(RETURN, DENY | errno.ENOSYS)),
        _step(LOAD, NUMBER_AT),
        *(_step(AT_LEAST, X32, 0, 1), _step(RETURN, DENY | errno.ENOSYS)),
        # clone3 has its flags in memory, which no filter can read; the C library falls back to clone.
        *(_step(EQUAL, clone3, 0, 1), _step(RETURN, DENY | errno.ENOSYS)),
        _step(EQUAL, clone, 0, 4),
        _step(LOAD, ARGUMENTS_AT),
        *(_step(ANY_BIT, NO_CLONES, 0, 1), _step(RETURN, DENY | errno.EPERM)),
        _step(RETURN, ALLOW),
    ]
    for number, flags in creators.items():
        # System V objects outlive their creator: forbid creating them, by the flag or by the key IPC_PRIVATE.
        code += [
            _step(EQUAL, number, 0, 6),
            *(_step(LOAD, ARGUMENTS_AT), _step(EQUAL, 0, 2, 0)),
            *(_step(LOAD, ARGUMENTS_AT + 8 * flags), _step(ANY_BIT, IPC_CREAT, 0, 1)),
            _step(RETURN, DENY | errno.ENOSPC),
            _step(RETURN, ALLOW),
        ]
    code += [_step(EQUAL, socket, 0, 3 + len(FAMILIES)), _step(LOAD, ARGUMENTS_AT)]
    code += [_step(EQUAL, family, len(FAMILIES) - at, 0) for at, family in enumerate(FAMILIES)]
    code += [_step(RETURN, DENY | errno.EAFNOSUPPORT), _step(RETURN, ALLOW)]
    for number, arguments in itself.items():
        code.append(_step(EQUAL, number, 0, 3 * len(arguments) + 1))
        for argument, value in arguments:
            code += [_step(LOAD, ARGUMENTS_AT + 8 * argument), _step(EQUAL, value, 1, 0)]
            code.append(_step(RETURN, DENY | errno.EPERM))
        code.append(_step(RETURN, ALLOW))
    if of_programs:
        for name, (argument, values) in FORBIDDEN_ARGUMENTS.items():
            code.append(_step(EQUAL, numbers.pop(name), 0, len(values) + 3))
            code.append(_step(LOAD, ARGUMENTS_AT + 8 * argument))
            code += [_step(EQUAL, value, len(values) - at, 0) for at, value in enumerate(values)]
            code += [_step(RETURN, ALLOW), _step(RETURN, DENY | errno.EPERM)]
        for name in WITHOUT_EFFECT:
            code += [_step(EQUAL, numbers.pop(name), 0, 1), _step(RETURN, DENY)]
        numbers["memfd_secret"] = MEMFD_SECRET
    for number in (*numbers.values(), *SINCE_424):
        code += [_step(EQUAL, number, 0, 1), _step(RETURN, DENY | errno.EPERM)]
    return [*code, _step(RETURN, ALLOW)]


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; `then` and `otherwise` are numbers of instructions to skip after a test."""
    return struct.pack("HBBI", operation, then, otherwise, operand)
