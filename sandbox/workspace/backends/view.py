"""What bubblewrap shows a command of this machine: programs and libraries, read-only, without users' files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.workspace.jailed import HOME

SYSTEM = ("/bin", "/sbin", "/lib", "/lib64", "/lib32", "/libx32")
SETTINGS = (
    *("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime", "protocols", "services", "mime.types"),
    *("ssl/certs", "ssl/openssl.cnf", "ca-certificates", "pki", "crypto-policies", "gai.conf", "fonts"),
)
"""Files of /etc that commands see, for the dynamic linker, TLS and the like: no accounts, keys or host names."""
RESERVED = (
    *("/", "/bin", "/dev", "/env", "/etc", "/home", "/lib", "/lib64", "/proc", "/run", "/sbin", "/sys", "/tmp", "/usr"),
)
"""Directories of the system, over which no workspace may be opened."""
NEVER_BELOW = ("/dev", "/env", "/proc", "/sys", HOME)
"""Directories in or below which no workspace may be opened."""


@dataclass(frozen=True)
class Mount:
    """One path that is bound into a jail."""

    source: str
    """Path on this machine, or in the mount namespace that bubblewrap starts from."""
    target: str
    writable: bool = False


def place_of(directory: Path) -> Path:
    """The directory's real path, at which commands see it too. Raises SandboxError for a directory of the system.

    The paths inside and outside the jail are equal, because virtual environments, build directories and compilation
    databases hold absolute ones, and because messages then name files as the user knows them.
    """
    if not directory.is_dir():
        raise SandboxError(f"{directory} is not a directory")
    real = directory.resolve()
    if str(real) in RESERVED or any(real.is_relative_to(place) for place in NEVER_BELOW):
        raise SandboxError(f"{real} belongs to the system: a workspace needs a directory of its own")
    return real


def git_directories(directory: Path) -> list[str]:
    """The directory of the repository that a linked worktree belongs to; empty for any other directory.

    The worktree's pointer counts only if the repository points back to it, as git writes it: a forged pointer could
    otherwise expose any directory.
    """
    pointer = directory / ".git"
    if pointer.is_symlink() or not pointer.is_file():
        return []
    word, _, place = pointer.read_text(errors="replace").strip().partition(" ")
    if word != "gitdir:":
        return []
    private = (directory / place).resolve()
    back, common = private / "gitdir", private / "commondir"
    if not back.is_file() or not common.is_file():
        return []
    if Path(back.read_text().strip()).resolve() != pointer.resolve():
        return []
    shared = (private / common.read_text().strip()).resolve()
    if private.is_relative_to(directory) or not private.is_relative_to(shared / "worktrees"):
        return []
    return [str(shared)]


def system() -> Iterator[str]:
    """Arguments of bwrap that bind programs and libraries, and the harmless part of /etc."""
    yield from ("--ro-bind", "/usr", "/usr")
    for directory in SYSTEM:
        if Path(directory).is_symlink():
            yield from ("--symlink", str(Path(directory).readlink()), directory)
        elif Path(directory).is_dir():
            yield from ("--ro-bind", directory, directory)
    yield from parents(["/etc/ssl/certs"])
    for name in SETTINGS:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def settings(uid: int, network: bool) -> dict[str, bytes]:
    """Contents of the files of /etc that are made for the jail, by path."""
    made = {
        "passwd": f"root:x:0:0:root:/:/bin/sh\nuser:x:{uid}:{uid}:user:{HOME}:/bin/sh\n",
        "group": f"root:x:0:\nuser:x:{uid}:\n",
        "nsswitch.conf": "passwd: files\ngroup: files\nhosts: files dns\n",
        "hosts": "127.0.0.1 localhost workspace\n::1 localhost\n",
    }
    found = {f"/etc/{name}": text.encode() for name, text in made.items()}
    resolver = Path("/etc/resolv.conf")
    if network and resolver.is_file():
        found["/etc/resolv.conf"] = resolver.read_bytes()
    return found


def binds(mounts: Iterable[Mount]) -> Iterator[str]:
    """Arguments of bwrap for these mounts, parents before their children."""
    for mount in sorted(mounts, key=lambda mount: mount.target.count("/")):
        yield from parents([mount.target])
        yield from ("--bind" if mount.writable else "--ro-bind", mount.source, mount.target)


def parents(paths: Iterable[str]) -> Iterator[str]:
    """Arguments of bwrap that make the parents of these paths with mode 0755; bwrap's own would be closed to others."""
    for path in paths:
        for directory in list(reversed(Path(path).parents))[1:]:
            yield from ("--perms", "0755", "--dir", str(directory))
