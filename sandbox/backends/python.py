"""Finds a Python interpreter for bubblewrap jails, and the directories of this machine that it needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 11)
SYSTEM = Path("/usr/bin/python3")
ELSEWHERE = "/opt/python"
LIBRARIES = ("/usr/lib", "/usr/lib64", "/usr/lib32", "/lib", "/lib64")
COMPLETE = (
    "import sys, asyncio, ctypes, decimal, fractions, json, multiprocessing, queue, statistics;"
    "print(*sys.version_info[:2])"
)


@dataclass(frozen=True)
class JailPython:
    """An interpreter with its standard library, as bubblewrap arguments."""

    executable: str
    """Path in the jail."""
    arguments: tuple[str, ...]
    """Read-only binds of interpreter, standard library and shared libraries; no user's files, no other packages."""
    origin: str
    """What messages name: the installation's folder on this machine, for the system's Python the executable."""
    version: tuple[int, int]
    command: str
    """The interpreter's path on this machine."""


def candidates() -> Iterator[JailPython]:
    """The system's Python if it is recent and complete, then the Python of this process if that is another one."""
    system = _system()
    if system is not None:
        yield system
    base = Path(sys.base_prefix).resolve()
    if base != Path("/usr"):
        yield _elsewhere(base)


def _system() -> JailPython | None:
    if not SYSTEM.exists():
        return None
    check = subprocess.run([SYSTEM, "-I", "-c", COMPLETE], capture_output=True, text=True, check=False)
    version = tuple(int(part) for part in check.stdout.split()) if check.returncode == 0 else (0, 0)
    if version < OLDEST:
        return None
    executable = str(SYSTEM.resolve())
    arguments = [*libraries(), "--ro-bind", executable, executable]
    # Hidden, because packages besides the standard library differ between machines.
    packages = "/usr/lib/python3/dist-packages"
    if Path(packages).is_dir():
        arguments += ["--tmpfs", packages, "--remount-ro", packages]
    return JailPython(executable, tuple(arguments), executable, (version[0], version[1]), executable)


def _elsewhere(base: Path) -> JailPython:
    """The interpreter below `base` (pyenv, uv, conda), bound to a path that does not show the user's home."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    executable = f"{ELSEWHERE}/bin/{version}"
    packages = f"{ELSEWHERE}/lib/{version}/site-packages"
    arguments = [
        *libraries(),
        *_folders("/opt", ELSEWHERE, f"{ELSEWHERE}/bin"),
        *("--ro-bind", str((base / "bin" / version).resolve()), executable),
        *("--ro-bind", str(base / "lib"), f"{ELSEWHERE}/lib"),
        *("--setenv", "LD_LIBRARY_PATH", f"{ELSEWHERE}/lib"),
    ]
    if (base / "lib" / version / "site-packages").is_dir():
        arguments += ["--tmpfs", packages, "--remount-ro", packages]
    return JailPython(executable, tuple(arguments), str(base), sys.version_info[:2], str(base / "bin" / version))


def _folders(*paths: str) -> list[str]:
    """Arguments that make folders with mode 0755; folders that bwrap creates implicitly are closed to programs."""
    return [word for path in paths for word in ("--perms", "0755", "--dir", path)]


def libraries() -> list[str]:
    """Arguments that bind directories of shared libraries, links kept as links, and a shell for `os.system`."""
    arguments = _folders("/usr", "/usr/bin")
    for directory in LIBRARIES:
        if Path(directory).is_symlink():
            arguments += ["--symlink", str(Path(directory).readlink()), directory]
        elif Path(directory).is_dir():
            arguments += ["--ro-bind", directory, directory]
    if Path("/bin/sh").exists():
        arguments += ["--ro-bind", str(Path("/bin/sh").resolve()), "/usr/bin/sh", "--symlink", "usr/bin", "/bin"]
    return arguments
