"""Starts the processes of a run on this host, where no launcher (torchrun, deepspeed) has started them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import FrameType

EXIT_TIMEOUT_S = 5.0
"""Seconds that the other processes have to end by themselves after one has failed."""
TERMINATION_TIMEOUT_S = 30.0
"""Seconds between SIGTERM and SIGKILL."""


def launch(arguments: list[str], count: int) -> int:
    """The exit code of `python -m trainer ARGUMENTS` in `count` processes: 0 if all succeed.

    When a process fails, the others are ended, and the exit code is that of rank 0, or of the failed one if rank 0
    succeeded; 128 + N stands for a process that signal N ended. SIGTERM and SIGINT are passed on to all processes.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    children = [_start(arguments, rank, count, port) for rank in range(count)]
    previous = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def pass_on(number: int, _: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    for number in previous:
        signal.signal(number, pass_on)
    try:
        return _watch(children)
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
        _end(children, subprocess.Popen.kill)


def _start(arguments: list[str], rank: int, count: int, port: int) -> subprocess.Popen[bytes]:
    places = {"RANK": rank, "LOCAL_RANK": rank, "WORLD_SIZE": count, "LOCAL_WORLD_SIZE": count, "MASTER_PORT": port}
    environment = {
        "OMP_NUM_THREADS": "1",
        **os.environ,
        **{name: str(value) for name, value in places.items()},
        "MASTER_ADDR": "127.0.0.1",
    }
    # The child gets its own process group, so that Ctrl-C reaches the child only once, through this process.
    return subprocess.Popen([sys.executable, "-m", "trainer", *arguments], env=environment, process_group=0)


def _watch(children: list[subprocess.Popen[bytes]]) -> int:
    """The exit code, once all processes have ended. The first failure ends the others."""
    while any(child.poll() is None for child in children):
        failed = [child.returncode for child in children if child.poll()]
        if failed:
            _wait(children, EXIT_TIMEOUT_S)
            _end(children, subprocess.Popen.terminate)
            _wait(children, TERMINATION_TIMEOUT_S)
            return _code(children, failed[0])
        time.sleep(0.05)
    return _code(children, next((child.returncode for child in children if child.returncode), 0))


def _wait(children: list[subprocess.Popen[bytes]], seconds: float) -> None:
    until = time.monotonic() + seconds
    while any(child.poll() is None for child in children) and time.monotonic() < until:
        time.sleep(0.02)


def _code(children: list[subprocess.Popen[bytes]], failed: int) -> int:
    """The exit code of the first process, which writes the error message; `failed` where it ended without an error."""
    code = children[0].returncode or failed
    return code if code >= 0 else 128 - code


def _end(children: list[subprocess.Popen[bytes]], how: Callable[[subprocess.Popen[bytes]], None]) -> None:
    for child in children:
        if child.poll() is None:
            how(child)
