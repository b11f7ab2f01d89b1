"""Jails made of Linux namespaces by bubblewrap (bwrap)."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import signal
import subprocess
from asyncio.subprocess import Process
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO

from sandbox.backends.python import JailPython, candidates
from sandbox.errors import SandboxError, SandboxUnavailable
from sandbox.pool.slot import Size, Slot, SlotLost, boot_command

INSTALL = "apt-get install bubblewrap"
WRITABLE = {"/tmp": 16 << 20, "/dev/shm": 8 << 20}
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/tmp", "PYTHONHASHSEED": "0"}
READ_LIMIT = 1 << 20


@dataclass(frozen=True)
class Identity:
    """Who makes the jail and who lives in it."""

    caller: int | None
    """User id that bwrap runs under; None for that of this process."""
    program: int | None
    """User id of programs; None for that of the runner, which then relies on its user namespace."""


class Bubblewrap:
    """Starts jails with bwrap. Memory is bounded for every process, but not for a jail as a whole."""

    def __init__(self, executable: str, python: JailPython, identity: Identity) -> None:
        self._python = python
        self._identity = identity
        self._arguments = _arguments(executable, python, identity)
        self._launched = 0

    @property
    def isolation(self) -> str:
        who = "a user id of their own" if self._identity.program is not None else "a user namespace"
        return f"bubblewrap (programs under {who}, {self._python.origin}; memory bounded per process only)"

    async def launch(self, _size: Size) -> PipeConnection:
        # Pipes, not asyncio's own, which may be sockets: the runner moves inputs with splice.
        stdin, to_runner = os.pipe()
        from_runner, stdout = os.pipe()
        complaints = os.memfd_create("complaints")
        reader, writer = os.fdopen(from_runner, "rb", 0), os.fdopen(to_runner, "wb", 0)
        try:
            try:
                process = await self._spawn(stdin, stdout, complaints)
            finally:
                os.close(stdin)
                os.close(stdout)
            return await PipeConnection.open(process, reader, writer, complaints)
        except BaseException as error:
            # Whoever waits for a jail may be cancelled before it has one to end.
            reader.close()
            writer.close()
            os.close(complaints)
            if isinstance(error, OSError):
                raise SandboxUnavailable(f"bubblewrap did not start: {error}") from error
            raise

    async def _spawn(self, stdin: int, stdout: int, stderr: int) -> Process:
        caller, program = self._identity.caller, self._identity.program
        self._launched += 1
        # Limits on processes count per user id, so every jail has its own.
        uid = None if program is None else program + self._launched
        return await asyncio.create_subprocess_exec(
            *self._arguments,
            *boot_command(self._python.executable, uid, tuple(WRITABLE)),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            env={},
            cwd="/",
            user=caller,
            group=caller,
            extra_groups=None if caller is None else [],
            # bwrap's second process is not bound to the first until both are set up: they are ended as a group.
            start_new_session=True,
        )

    async def close(self) -> None:
        """Nothing is left of a jail once its first process has ended."""


class PipeConnection:
    """A runner that is a child process of this one."""

    def __init__(self, process: Process, complaints: int) -> None:
        self._process = process
        self._complaints = complaints
        self._said = ""
        self._reader = asyncio.StreamReader(limit=READ_LIMIT)
        self._read_end: asyncio.ReadTransport
        self._write_end: asyncio.WriteTransport
        self._ended = False

    @classmethod
    async def open(cls, process: Process, reader: FileIO, writer: FileIO, complaints: int) -> PipeConnection:
        """The connection, which owns all four; where it fails the process has ended and the files stay the caller's."""
        connection = cls(process, complaints)
        loop = asyncio.get_running_loop()
        protocol = asyncio.StreamReaderProtocol(connection._reader)
        try:
            connection._read_end, _ = await loop.connect_read_pipe(lambda: protocol, reader)
            try:
                connection._write_end, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, writer)
            except BaseException:
                connection._read_end.close()
                raise
        except BaseException:
            _end_group(process)
            await asyncio.shield(process.wait())
            raise
        return connection

    async def read_exactly(self, size: int) -> bytes:
        try:
            return await self._reader.readexactly(size)
        except (asyncio.IncompleteReadError, OSError) as error:
            raise SlotLost(self.complaint() or "the runner ended") from error

    def write(self, data: bytes) -> None:
        self._write_end.write(data)

    def complaint(self) -> str:
        if not self._ended:
            self._said = " ".join(os.pread(self._complaints, 1000, 0).decode(errors="replace").split())
        return self._said

    async def end(self) -> None:
        if self._ended:
            return
        self.complaint()
        self._ended = True
        _end_group(self._process)
        # Closed by itself when the runner went first, and then no longer to be aborted.
        if not self._write_end.is_closing():
            self._write_end.abort()
        self._read_end.close()
        os.close(self._complaints)
        await self._process.wait()


def _end_group(process: Process) -> None:
    """Kill a process, and its group where it leads one."""
    if process.returncode is None:
        # By its id: the process object would look first whether it has ended, and take its status from who waits.
        for kill in (os.killpg, os.kill):
            with suppress(ProcessLookupError):
                kill(process.pid, signal.SIGKILL)
                return


async def find_bubblewrap() -> Bubblewrap:
    """The first way to make a jail that works on this machine; SandboxUnavailable says what stands in the way."""
    executable = shutil.which("bwrap")
    if executable is None:
        raise SandboxUnavailable(f"bubblewrap is not installed: {INSTALL}")
    complaint = ""
    pythons = list(await asyncio.to_thread(lambda: list(candidates())))
    if not pythons:
        raise SandboxUnavailable("bubblewrap finds no Python >= 3.11 with its whole library: apt-get install python3")
    for identity in identities():
        for python in pythons:
            launcher = Bubblewrap(executable, python, identity)
            try:
                slot = await Slot.start(launcher, Size())
            except SandboxError as error:
                complaint = complaint or str(error)
            else:
                await slot.end()
                return launcher
    raise SandboxUnavailable(explain(complaint))


def identities() -> Iterator[Identity]:
    """Ways to make a jail, the best first. Root keeps just enough of it to change user ids, or leaves it behind.

    A user id of their own keeps programs from the runner without a guard for each system call; forks are cheaper too.
    """
    if os.geteuid() != 0:
        yield Identity(None, None)
        return
    stranger = random.SystemRandom().randrange(1 << 20, 1 << 30)
    yield Identity(None, stranger)
    yield Identity(stranger, None)


def explain(complaint: str) -> str:
    if any(word in complaint for word in ("user", "namespace", "Permission denied", "not permitted")):
        return (
            f"bubblewrap may not make namespaces here ({complaint}): allow user namespaces "
            "(sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), or use Docker"
        )
    return f"bubblewrap does not work here: {complaint}"


def _arguments(executable: str, python: JailPython, identity: Identity) -> list[str]:
    supported = subprocess.run([executable, "--help"], capture_output=True, text=True, check=False).stdout
    arguments = [executable, "--die-with-parent", "--new-session", "--as-pid-1"]
    arguments += ["--hostname", "sandbox", "--cap-drop", "ALL"]
    if identity.program is None:
        arguments += ["--unshare-all", "--unshare-user"]
        if "--disable-userns" in supported:
            arguments += ["--disable-userns"]
    else:
        arguments += ["--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"]
        arguments += [word for name in ("SETUID", "SETGID", "KILL") for word in ("--cap-add", f"CAP_{name}")]
    arguments += ["--clearenv", *(word for pair in ENVIRONMENT.items() for word in ("--setenv", *pair))]
    # Some settings below /proc/sys belong to the user namespace and may be written from inside.
    arguments += [*python.arguments, "--proc", "/proc", "--ro-bind", "/proc/sys", "/proc/sys", "--dev", "/dev"]
    for directory, size in WRITABLE.items():
        bound = ["--size", str(size)] if "--size" in supported else []
        arguments += ["--perms", "1777", *bound, "--tmpfs", directory]
    arguments += ["--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/", "--"]
    return arguments
