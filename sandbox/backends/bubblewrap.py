"""Jails made of Linux namespaces by bubblewrap (bwrap)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sandbox.backends.packages import ENVIRONMENT as VARIABLES
from sandbox.backends.packages import NONE, PLACE, chosen, compile_packages, folder, install, versions
from sandbox.backends.pipe import PipeConnection, launch
from sandbox.backends.python import JailPython, candidates
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.pool.connection import boot_command
from sandbox.pool.slot import Size, Slot

INSTALL = "apt-get install bubblewrap"
PROFILE = "/usr/share/apparmor/extra-profiles/bwrap-userns-restrict"
"""The profile of AppArmor that lets bwrap make namespaces, in Ubuntu's package apparmor-profiles."""
WRITABLE = {"/tmp": 16 << 20, "/dev/shm": 8 << 20}
"""Directories that programs may write to, and the most bytes that each may hold."""
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "PYTHONHASHSEED": "0"}


@dataclass(frozen=True)
class Identity:
    """The user ids of bwrap and of the programs in a jail."""

    caller: int | None
    """User id that bwrap runs under; None: the user id of this process."""
    program: int | None
    """User id of programs; None: the runner's user id. Then the runner is safe from programs because it is PID 1 and
    not dumpable, and because of the system-call filter (docs/sandbox.md)."""


class Bubblewrap:
    """A Launcher that uses bwrap. Memory is limited for every process, but not for a jail as a whole."""

    def __init__(self, executable: str, python: JailPython, identity: Identity, packages: str = NONE) -> None:
        """`packages` names the set of Python packages that programs may import."""
        self._packages = packages
        self._python = python
        self._identity = identity
        self._arguments = _arguments(executable, python, identity, packages)
        self._launched = 0

    @property
    def isolation(self) -> str:
        who = "a user id of their own" if self._identity.program is not None else "a user namespace"
        return f"bubblewrap (programs under {who}, {self._python.origin}; memory bounded per process only)"

    @property
    def packages(self) -> dict[str, str]:
        return versions(self._packages)

    async def launch(self, _size: Size) -> PipeConnection:
        self._launched += 1
        program = self._identity.program
        # Limits on processes count per user id, so every jail has its own.
        uid = None if program is None else program + self._launched
        command = boot_command(self._python.executable, uid, tuple(WRITABLE))
        return await launch([*self._arguments, *command], self._identity.caller)

    async def close(self) -> None:
        """Do nothing: the kernel removes a jail when its first process ends."""


async def find_bubblewrap() -> Bubblewrap:
    """A launcher that makes jails in the first way that works on this machine.

    Raises SandboxUnavailable, which says what fails and what to install or allow.
    """
    executable, pythons = await installed()
    packages = chosen()
    if packages != NONE:
        pythons = [python for python in pythons if folder(packages, python.version).is_dir()]
        if not pythons:
            raise SandboxUnavailable(
                f"the packages {packages!r} are not installed: run `cure-agent sandbox build --packages {packages}`"
            )
    complaint = ""
    for identity in identities():
        for python in pythons:
            launcher = Bubblewrap(executable, python, identity, packages)
            try:
                slot = await Slot.start(launcher, Size())
            except SandboxError as error:
                complaint = complaint or str(error)
            else:
                await slot.connection.end()
                return launcher
    raise SandboxUnavailable(explain(complaint))


async def installed() -> tuple[str, list[JailPython]]:
    """The path of bwrap, and the interpreters that a jail can have.

    Raises SandboxUnavailable where bwrap is missing, or there is no such interpreter.
    """
    executable = shutil.which("bwrap")
    if executable is None:
        raise SandboxUnavailable(f"bubblewrap is not installed: {INSTALL}")
    pythons = await asyncio.to_thread(lambda: list(candidates()))
    if not pythons:
        raise SandboxUnavailable(
            "bubblewrap finds no Python >= 3.11 with its whole standard library: apt-get install python3"
        )
    return executable, pythons


async def install_packages(packages: str, say: Callable[[str], None]) -> None:
    """Install a set of packages for the Python that jails have.

    Raises SandboxUnavailable where bwrap or a Python for jails is missing, SandboxError where the installation fails.
    """
    _, pythons = await installed()
    python = pythons[0]
    target = await asyncio.to_thread(install, packages, python.version, say)
    say("compiling the packages")
    await asyncio.to_thread(compile_packages, target, python.command)


def features(executable: str) -> str:
    """What `bwrap --help` prints, which names the options that this bwrap has. Blocks."""
    return subprocess.run([executable, "--help"], capture_output=True, text=True, check=False).stdout


def identities() -> Iterator[Identity]:
    """Pairs of user ids to try for jails, the most isolating first.

    A process that is not root has only its own user id. For root, the first pair runs bwrap as root, without most
    capabilities, and programs under a user id of their own: then programs cannot signal the runner, and forks are
    cheaper. The second pair runs bwrap under another user id.
    """
    if os.geteuid() != 0:
        yield Identity(None, None)
        return
    stranger = random.SystemRandom().randrange(1 << 20, 1 << 30)
    yield Identity(None, stranger)
    yield Identity(stranger, None)


def explain(complaint: str, restricted: bool | None = None) -> str:
    """One line that explains bwrap's error message and says what to do.

    `restricted` says whether AppArmor keeps unprivileged users from user namespaces, as on Ubuntu since 23.10; None
    asks the kernel.
    """
    words = ("user", "namespace", "uid map", "RTM_NEWADDR", "Permission denied", "not permitted")
    if not any(word in complaint for word in words):
        return f"bubblewrap does not work here: {complaint}"
    if _apparmor_restricts() if restricted is None else restricted:
        return (
            f"AppArmor keeps bubblewrap from making namespaces, as on Ubuntu since 23.10 ({complaint}). Allow it for "
            f"bwrap alone: sudo apt install apparmor-profiles && sudo cp {PROFILE} /etc/apparmor.d/ && "
            f"sudo apparmor_parser -r /etc/apparmor.d/{Path(PROFILE).name}; or use Docker"
        )
    return (
        f"bubblewrap may not make namespaces here ({complaint}): allow user namespaces "
        "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or use Docker"
    )


def _apparmor_restricts() -> bool:
    setting = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    return setting.is_file() and setting.read_text().strip() == "1"


def isolation_arguments(
    identity: Identity, supported: str, hostname: str, *, network: bool, more: tuple[str, ...] = ()
) -> list[str]:
    """Arguments of bwrap for its namespaces and capabilities; `supported` are its features, see `features`.

    Where programs have a user id of their own, the first process keeps the capabilities to change user and group ids
    and to signal other users' processes, and the capabilities `more`.
    """
    arguments = ["--die-with-parent", "--new-session", "--as-pid-1", "--hostname", hostname, "--cap-drop", "ALL"]
    if identity.program is None:
        arguments += ["--unshare-all", "--unshare-user", *(["--share-net"] if network else [])]
        return [*arguments, *(["--disable-userns"] if "--disable-userns" in supported else [])]
    arguments += ["--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"]
    arguments += [] if network else ["--unshare-net"]
    capabilities = ("SETUID", "SETGID", "KILL", *more)
    return [*arguments, *(word for name in capabilities for word in ("--cap-add", f"CAP_{name}"))]


def _arguments(executable: str, python: JailPython, identity: Identity, packages: str) -> list[str]:
    supported = features(executable)
    environment = {**ENVIRONMENT, **(VARIABLES if packages != NONE else {})}
    arguments = [executable, *isolation_arguments(identity, supported, "sandbox", network=False)]
    arguments += ["--clearenv", *(word for pair in environment.items() for word in ("--setenv", *pair))]
    # Some settings below /proc/sys belong to the user namespace and may be written from inside.
    arguments += [*python.arguments, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    # Pseudo-terminals are limited in number for the whole machine, containers included, and programs need none.
    arguments += ["--perms", "0755", "--tmpfs", "/dev/pts", "--remount-ro", "/dev/pts"]
    if packages != NONE:
        arguments += ["--perms", "0755", "--dir", str(Path(PLACE).parent), "--perms", "0755", "--dir", PLACE]
        arguments += ["--ro-bind", str(folder(packages, python.version)), PLACE]
    for directory, size in WRITABLE.items():
        bound = ["--size", str(size)] if "--size" in supported else []
        arguments += ["--perms", "1777", *bound, "--tmpfs", directory]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
