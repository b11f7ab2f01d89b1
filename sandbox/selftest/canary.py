"""Puts a file, a variable, a socket and a process on the host, and checks whether hostile programs reached them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from sandbox.selftest.host import CANARY

WORD = "hostile"
"""Part of the name of every file that a hostile program makes."""
SHARED = ("/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/dev/mqueue", "/run", "/etc")
PROCESSES = 300
"""More new processes on the host than this count as the work of a hostile program."""
CONTENT = b"only the self-test writes here\n"


class Canary:
    """The objects that the self-test has put on the host, and the state of the host at that time."""

    def __init__(self, directory: Path, process: subprocess.Popen[bytes], server: socket.socket) -> None:
        self.file = directory / "canary"
        self.file.write_bytes(CONTENT)
        self.process = process
        self._server = server
        self._names = _hostile_names()
        self._count = _processes()
        self._hostname = os.uname().nodename
        self._null = Path("/dev/null").stat().st_mode

    def harm(self) -> str:
        """The harm that a program has done to the host, in words; empty if none."""
        if self.process.poll() is not None or _state(self.process.pid) in "TZ":
            return "a process of the host was signalled"
        if self.file.read_bytes() != CONTENT:
            return "a file of the host was changed"
        # EINVAL where the socket is not bound, because another self-test has the name.
        with suppress(OSError):
            self._server.accept()
            return "a socket of the host was reached"
        if new := _hostile_names() - self._names:
            return f"files appeared on the host: {', '.join(sorted(new))}"
        if (count := _processes()) > self._count + PROCESSES:
            return f"the host has {count - self._count} more processes than before"
        if os.uname().nodename != self._hostname or Path("/dev/null").stat().st_mode != self._null:
            return "the host's name or devices were changed"
        return ""


@contextmanager
def canary() -> Iterator[Canary]:
    """A canary that exists as long as a self-test runs."""
    with tempfile.TemporaryDirectory(prefix=f"{CANARY}-") as directory, socket.socket(socket.AF_UNIX) as server:
        server.setblocking(False)
        # Another self-test may have bound the name already, and then notices connections from programs of both tests.
        with suppress(OSError):
            server.bind(f"\0{CANARY}")
            server.listen()
        process = subprocess.Popen([sys.executable, "-I", "-S", "-c", "input()"], stdin=subprocess.PIPE)
        os.environ["CURE_AGENT_SELFTEST_KEY"] = CANARY
        try:
            yield Canary(Path(directory), process, server)
        finally:
            del os.environ["CURE_AGENT_SELFTEST_KEY"]
            process.kill()
            process.communicate()


def _hostile_names() -> set[str]:
    names = set()
    for directory in SHARED:
        with suppress(OSError):
            names |= {str(path) for path in Path(directory).iterdir() if WORD in path.name}
    return names


def _processes() -> int:
    return sum(path.name.isdigit() for path in Path("/proc").iterdir())


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
