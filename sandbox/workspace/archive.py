"""Packs directories into tar archives that go into a jail, and unpacks archives that come out of one."""

from __future__ import annotations

import os
import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO

from sandbox.errors import SandboxError
from sandbox.workspace.inside import files


def archive_of(directory: Path, most_mb: int) -> IO[bytes]:
    """A temporary file with the directory as a tar archive. Blocks.

    Raises SandboxError where the archive would have more than `most_mb` megabytes or the directory cannot be read.
    """
    target = tempfile.TemporaryFile()  # noqa: SIM115  # handed on, or closed below
    try:
        with tarfile.open(fileobj=target, mode="w") as archive:
            files.add_tree(archive, str(directory))
        size = target.tell()
        if size > most_mb << 20:
            raise SandboxError(
                f"{directory} has {size >> 20} MB, but its workspace may hold only {most_mb}: give the workspace a "
                "larger quota, or work in a smaller directory"
            )
    except BaseException as error:
        target.close()
        if isinstance(error, OSError):
            raise SandboxError(f"{directory} cannot be copied: {error}") from error
        raise
    return target


def unpack(archive: IO[bytes], folder: Path) -> None:
    """Unpack an untrusted archive of files, directories and symbolic links, never writing through a link. Blocks.

    Links are created but never followed here: only commands in a jail follow them. Raises SandboxError for a path that
    leads out of `folder`, and for members of any other kind, hard links included.
    """
    times = []
    with tarfile.open(fileobj=archive, mode="r:") as members:
        for member in members:
            parts = member.name.split("/")
            target = folder.joinpath(*parts)
            between = [folder.joinpath(*parts[:count]) for count in range(1, len(parts))]
            if member.name.startswith("/") or ".." in parts or any(path.is_symlink() for path in between):
                raise SandboxError(f"the environment holds a path that leads out of it: {member.name}")
            if member.isdir():
                target.mkdir(exist_ok=True)
                target.chmod(0o755)
                times.append((target, member.mtime))
            elif member.issym():
                target.symlink_to(member.linkname)
            elif member.isreg():
                contents = members.extractfile(member)
                assert contents is not None
                with target.open("xb") as file:
                    shutil.copyfileobj(contents, file)
                target.chmod(0o755 if member.mode & 0o111 else 0o644)
                # Python uses bytecode only if its source has the modification time that the bytecode names.
                os.utime(target, (member.mtime, member.mtime))
            else:
                raise SandboxError(
                    f"the environment holds more than files, directories and symbolic links: {member.name}"
                )
    for target, mtime in reversed(times):
        os.utime(target, (mtime, mtime))
