"""A system-call filter: what no solution of a problem needs and what exploits and leftovers are made of.

Programs get EPERM, as from a kernel that forbids it. The filter binds PID 1 and, inherited, everything it forks, so it
costs nothing for an execution. See seccomp(2) and classic BPF in the kernel's documentation.
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
"""Or-ed with the error number the call then fails with."""

LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
NUMBER_AT, ARCHITECTURE_AT, ARGUMENTS_AT = 0, 4, 16

NEW_NAMESPACE = 0x7E020000
"""Every CLONE_NEW... flag of clone(2)."""
IPC_CREAT = 0o1000
X32 = 0x40000000

# Calls with the same number everywhere: open_tree to fspick, io_uring_*, pidfd_getfd, mount_setattr.
SINCE_424 = (*range(425, 434), 438, 442)

ARCHITECTURES: dict[str, tuple[int, dict[str, int]]] = {
    "x86_64": (
        0xC000003E,
        {
            **{"unshare": 272, "setns": 308, "mount": 165, "umount2": 166, "pivot_root": 155, "chroot": 161},
            **{"ptrace": 101, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "bpf": 321},
            **{"perf_event_open": 298, "userfaultfd": 323, "add_key": 248, "request_key": 249, "keyctl": 250},
            **{"open_by_handle_at": 304, "kexec_load": 246, "init_module": 175, "finit_module": 313, "mq_open": 240},
            **{"clone": 56, "clone3": 435, "shmget": 29, "semget": 64, "msgget": 68},
        },
    ),
    "aarch64": (
        0xC00000B7,
        {
            **{"unshare": 97, "setns": 268, "mount": 40, "umount2": 39, "pivot_root": 41, "chroot": 51},
            **{"ptrace": 117, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "bpf": 280},
            **{"perf_event_open": 241, "userfaultfd": 282, "add_key": 217, "request_key": 218, "keyctl": 219},
            **{"open_by_handle_at": 265, "kexec_load": 104, "init_module": 105, "finit_module": 273, "mq_open": 180},
            **{"clone": 220, "clone3": 435, "shmget": 194, "semget": 190, "msgget": 186},
        },
    ),
}


def install() -> None:
    """Bind this process and all it will ever fork. Needs no_new_privs; a machine that is in no table gets no filter."""
    known = ARCHITECTURES.get(os.uname().machine)
    if known is None:
        return
    code = b"".join(_filter(*known))
    program = ctypes.create_string_buffer(code)
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(program)))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"the system-call filter was refused: {os.strerror(number)}")


def _filter(architecture: int, numbers: dict[str, int]) -> list[bytes]:
    numbers = dict(numbers)
    clone, clone3 = numbers.pop("clone"), numbers.pop("clone3")
    creators = {numbers.pop("shmget"): 2, numbers.pop("semget"): 2, numbers.pop("msgget"): 1}
    code = [
        _step(LOAD, ARCHITECTURE_AT),
        # System calls of another architecture have other numbers; nothing here makes any.
        *(_step(EQUAL, architecture, 1, 0), _step(RETURN, DENY | errno.ENOSYS)),
        _step(LOAD, NUMBER_AT),
        *(_step(AT_LEAST, X32, 0, 1), _step(RETURN, DENY | errno.ENOSYS)),
        # Its flags lie in memory where no filter can read them; the C library falls back to clone.
        *(_step(EQUAL, clone3, 0, 1), _step(RETURN, DENY | errno.ENOSYS)),
        _step(EQUAL, clone, 0, 4),
        _step(LOAD, ARGUMENTS_AT),
        *(_step(ANY_BIT, NEW_NAMESPACE, 0, 1), _step(RETURN, DENY | errno.EPERM)),
        _step(RETURN, ALLOW),
    ]
    for number, flags in creators.items():
        # System V objects outlive the process that makes them: none is made, by flag or by the key IPC_PRIVATE.
        code += [
            _step(EQUAL, number, 0, 6),
            *(_step(LOAD, ARGUMENTS_AT), _step(EQUAL, 0, 2, 0)),
            *(_step(LOAD, ARGUMENTS_AT + 8 * flags), _step(ANY_BIT, IPC_CREAT, 0, 1)),
            _step(RETURN, DENY | errno.ENOSPC),
            _step(RETURN, ALLOW),
        ]
    for number in (*numbers.values(), *SINCE_424):
        code += [_step(EQUAL, number, 0, 1), _step(RETURN, DENY | errno.EPERM)]
    return [*code, _step(RETURN, ALLOW)]


def _step(operation: int, operand: int, then: int = 0, otherwise: int = 0) -> bytes:
    """One instruction; `then` and `otherwise` are how many instructions to skip after a test."""
    return struct.pack("HBBI", operation, then, otherwise, operand)
