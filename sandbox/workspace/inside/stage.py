"""Makes mounts and then becomes bubblewrap: `python3 -I -S stage.py JSON`, with the standard library alone.

The mounts are an overlay over the directory, and binds of paths that bubblewrap's user could not reach. They lie in a
new mount namespace, on a file system in memory that ends with it. When root runs this script, an id-mapped mount shows
the directory's files as files of the user that commands run under. Any other user makes a user namespace in which the
files keep their owner.
"""

from __future__ import annotations

import ctypes
import json
import os
import struct
import sys
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNS, CLONE_NEWUSER = 0x20000, 0x10000000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 4096, 16384, 1 << 18
# System calls that have the same number on x86, ARM and the other common architectures.
OPEN_TREE, MOVE_MOUNT, MOUNT_SETATTR = 428, 429, 442
AT_FDCWD, AT_EMPTY_PATH, AT_RECURSIVE = -100, 0x1000, 0x8000
OPEN_TREE_CLONE, OPEN_TREE_CLOEXEC, MOVE_MOUNT_F_EMPTY_PATH = 1, 0x80000, 4
MOUNT_ATTR_RDONLY, MOUNT_ATTR_IDMAP = 1, 0x100000


def main() -> None:
    """Make the mounts of the plan in `sys.argv[1]` (JSON), then run its command in place of this process."""
    plan: dict[str, Any] = json.loads(sys.argv[1])
    try:
        if os.geteuid() == 0:
            _call(LIBC.unshare, CLONE_NEWNS)
        else:
            _own_user_namespace()
        _call(LIBC.mount, None, b"/", None, MS_REC | MS_PRIVATE, None)
        _stage(plan["place"], plan)
        _leave_root(plan["caller"])
        os.chdir("/")
        os.execv(plan["command"][0], plan["command"])
    except OSError as error:
        sys.stderr.write(f"mounts for the workspace: {error}\n")
        sys.exit(1)


def _stage(place: str, plan: dict[str, Any]) -> None:
    """Make all mounts below `place`; sources are opened first, because mounting hides the contents of `place`."""
    lower = _lower(plan["directory"], plan["uid"]) if plan["overlay"] else -1
    readable = [(_tree(path, AT_RECURSIVE), os.path.isdir(path)) for path in plan["readable"]]
    _mount("tmpfs", place, "tmpfs", f"size={plan['size']},mode=0755")
    if lower >= 0:
        _overlay(place, lower, plan["uid"])
    for number, (tree, is_directory) in enumerate(readable):
        target = f"{place}/{number}"
        if is_directory:
            os.mkdir(target)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        _attach(tree, target)


def _lower(directory: str, uid: int | None) -> int:
    """The directory as an unattached tree of mounts, its files owned by the user `uid` that commands run under."""
    if uid is None:
        return _tree(directory, AT_RECURSIVE)
    tree = _tree(directory, 0)
    found = os.stat(directory)
    _show_as(tree, found.st_uid, found.st_gid, uid)
    return tree


def _overlay(place: str, lower: int, uid: int | None) -> None:
    for name in ("lower", "upper", "work", "merged"):
        os.mkdir(f"{place}/{name}")
    upper = f"{place}/upper"
    os.chmod(upper, os.fstat(lower).st_mode & 0o777 | 0o700)
    if uid is not None:
        os.chown(upper, uid, uid)
    _attach(lower, f"{place}/lower")
    options = f"lowerdir={place}/lower,upperdir={upper},workdir={place}/work"
    if os.geteuid() != 0:
        # Without root, an overlay marks directories that replace deleted ones by an extended attribute `user.*`.
        # This call fails on old kernels, whose file system in memory has no such attributes.
        os.setxattr(upper, "user.cure-agent", b"")
        options += ",userxattr"
    _mount("overlay", f"{place}/merged", "overlay", options)


def _own_user_namespace() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _call(LIBC.unshare, CLONE_NEWNS | CLONE_NEWUSER)
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        _write(f"/proc/self/{name}", text)


def _show_as(tree: int, uid: int, gid: int, shown: int) -> None:
    """Make an unattached tree read-only, and its files of `uid` and `gid` appear as files of user `shown`."""
    ready, done = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        # Only a user namespace with a process in it can be opened.
        LIBC.unshare(CLONE_NEWUSER)
        os.write(ready[1], b"x")
        os.close(done[1])
        os.read(done[0], 1)
        os._exit(0)
    os.read(ready[0], 1)
    _write(f"/proc/{pid}/uid_map", f"{uid} {shown} 1")
    _write(f"/proc/{pid}/gid_map", f"{gid} {shown} 1")
    namespace = os.open(f"/proc/{pid}/ns/user", os.O_RDONLY)
    attributes = struct.pack("QQQQ", MOUNT_ATTR_IDMAP | MOUNT_ATTR_RDONLY, 0, 0, namespace)
    _system_call(MOUNT_SETATTR, tree, b"", AT_EMPTY_PATH, attributes, len(attributes))
    for fd in (*ready, *done, namespace):
        os.close(fd)
    os.waitpid(pid, 0)


def _leave_root(uid: int | None) -> None:
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def _tree(path: str, flags: int) -> int:
    """A descriptor of an unattached copy of the mounts at `path`."""
    return _system_call(OPEN_TREE, AT_FDCWD, os.fsencode(path), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags)


def _attach(tree: int, target: str) -> None:
    _system_call(MOVE_MOUNT, tree, b"", AT_FDCWD, os.fsencode(target), MOVE_MOUNT_F_EMPTY_PATH)
    os.close(tree)


def _mount(source: str, target: str, kind: str, options: str) -> None:
    arguments = (os.fsencode(source), os.fsencode(target), kind.encode())
    _call(LIBC.mount, *arguments, MS_NOSUID | MS_NODEV, os.fsencode(options))


def _system_call(number: int, *arguments: Any) -> int:
    return _call(LIBC.syscall, number, *arguments)


def _call(function: Any, *arguments: Any) -> int:
    result = function(*[ctypes.c_long(word) if isinstance(word, int) else word for word in arguments])
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{os.strerror(number)} ({getattr(function, '__name__', 'system call')})")
    return int(result)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


if __name__ == "__main__":
    main()
