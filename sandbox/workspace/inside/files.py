"""Jobs on the files of a workspace, done in its jail with the rights of its commands, while no command runs.

A job writes its answer to standard output. A job that fails raises OSError, or Refused for a path.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import sys
import tarfile
from collections.abc import Iterator
from typing import IO, Any

Signature = list[int]
"""Mode, size in bytes, mtime and ctime in nanoseconds of a file; commands cannot set the ctime."""


class Refused(Exception):
    """A path leads out of the workspace or names no file."""


def work(name: str, root: str, options: dict[str, Any], manifest: bytes) -> None:
    """Do the job of this name in `options["root"]`, by default `root`.

    `manifest` is the output of `listing` from when the workspace was new.
    """
    os.umask(0o022)
    os.chdir(options.get("root", root))
    jobs = {"unpack": unpack, "pack": pack, "listing": listing, "read": read, "write": write}
    if name == "compare":
        compare(manifest)
    else:
        jobs[name](options)


def unpack(_: dict[str, Any]) -> None:
    """Unpack a tar archive from standard input into the current directory."""
    with tarfile.open(fileobj=sys.stdin.buffer, mode="r|") as archive:
        # The host made the archive, so it can be trusted; Pythons before 3.11.4 have no filter.
        options: dict[str, Any] = {"filter": "fully_trusted"} if hasattr(tarfile, "fully_trusted_filter") else {}
        archive.extractall(".", **options)


def pack(options: dict[str, Any]) -> None:
    """Write the current directory as a tar archive, in a folder named `options["name"]`, to standard output."""
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", bufsize=1 << 20) as archive:
        add_tree(archive, ".", options["name"])


def add_tree(archive: tarfile.TarFile, directory: str, name: str = ".") -> None:
    """Add files, directories and links below `directory` to the archive, and no sockets, pipes or devices."""

    def plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        # With no inodes to compare, tarfile stores each name of a hard-linked file as a file of its own.
        vars(archive).update(inodes={})
        return member if member.isreg() or member.isdir() or member.issym() else None

    archive.add(directory, name, filter=plain)


def listing(_: dict[str, Any]) -> None:
    """Write the signatures of all files as JSON, by path.

    Write to standard error the number of files and directories that belong to another user or group than this process.
    """
    mine = (os.getuid(), os.getgid())
    foreign = 0
    files = {}
    for path, found in walk("."):
        foreign += (found.st_uid, found.st_gid) != mine
        if not is_directory(found):
            files[path] = signature(found)
    json.dump(files, sys.stdout)
    sys.stderr.write(str(foreign))


def compare(manifest: bytes) -> None:
    """Write a line of JSON for each change: path, kind, and the digest of a `changed` file, else an empty text."""
    for path, kind in differences(".", json.loads(manifest)):
        sys.stdout.write(json.dumps([path, kind, digest(path) if kind == "changed" else ""]) + "\n")


def differences(directory: str, before: dict[str, Signature]) -> Iterator[tuple[str, str]]:
    """Changed paths below `directory` with the kind of change; entries of `before` are consumed."""
    for path, found in walk(directory):
        if is_directory(found):
            continue
        known = before.pop(path, None)
        if known is None:
            yield path, "added"
        elif known != signature(found):
            yield path, "changed"
    for path in before:
        yield path, "deleted"


def walk(directory: str) -> Iterator[tuple[str, os.stat_result]]:
    """Relative path and status of everything below `directory`, except `.git` in the directory itself.

    Links are not followed; the contents of directories that cannot be read are left out.
    """
    waiting = [""]
    while waiting:
        prefix = waiting.pop()
        try:
            entries = list(os.scandir(os.path.join(directory, prefix)))
        except PermissionError:
            continue
        for entry in entries:
            path = prefix + entry.name
            if path == ".git":
                continue
            try:
                found = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            yield path, found
            if is_directory(found):
                waiting.append(path + "/")


def digest(path: str) -> str:
    """A digest of a file's kind, executable bit and contents (a link's target); empty if the file cannot be read."""
    try:
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            return "link " + hashlib.blake2b(os.fsencode(os.readlink(path))).hexdigest()
        if not stat.S_ISREG(found.st_mode):
            return "special"
        with open(path, "rb") as file:
            contents = hashlib.file_digest(file, "blake2b").hexdigest()
        return f"file {bool(found.st_mode & 0o100)} {contents}"
    except OSError:
        return ""


def read(options: dict[str, Any]) -> None:
    """Write a file of at most `options["most"]` bytes to standard output.

    Raises Refused for a larger file and for anything but a regular file.
    """
    path = resolved(options["path"])
    # Opening a named pipe must not wait for a writer.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    found = os.fstat(fd)
    if not stat.S_ISREG(found.st_mode):
        raise Refused(f"{options['path']} is not a file")
    if found.st_size > options["most"]:
        raise Refused(f"{options['path']} has {found.st_size} bytes, more than the {options['most']} that are read")
    with open(fd, "rb") as file:
        _copy(file, sys.stdout.buffer)


def write(options: dict[str, Any]) -> None:
    """Write standard input to a file, creating parent directories. Raises Refused for a path that is not a file."""
    path = resolved(options["path"])
    if os.path.lexists(path) and not os.path.isfile(path):
        raise Refused(f"{options['path']} is not a file")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        _copy(sys.stdin.buffer, file)


def resolved(path: str) -> str:
    """The real path, with links followed. Raises Refused where it lies outside the current directory."""
    root = os.path.realpath(".")
    real = os.path.realpath(path)
    if real != root and not real.startswith(root + "/"):
        raise Refused(f"{path} leads out of the workspace")
    return real


def is_directory(found: os.stat_result) -> bool:
    """Whether this is the status of a directory."""
    return stat.S_ISDIR(found.st_mode)


def signature(found: os.stat_result) -> Signature:
    """The signature of a file with this status."""
    return [found.st_mode, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def _copy(source: IO[bytes], target: IO[bytes]) -> None:
    while chunk := source.read(1 << 20):
        target.write(chunk)
    target.flush()
