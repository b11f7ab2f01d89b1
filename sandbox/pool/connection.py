"""A connection to Python in a jail: how it gets its modules, and how the host notices that it is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandboxError

START_S = 30.0
SANDBOX = Path(__file__).parents[1]
"""The folder of the package `sandbox`."""


class JailLost(SandboxError):
    """The process in a jail ended, or sent what it never sends."""


class Connection(Protocol):
    """Standard input and output of the process in a jail."""

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises JailLost when the process ends before."""

    def write(self, data: bytes) -> None:
        """Hand over `data`; never blocks, since the process may itself be waiting for its output to be read."""

    def complaint(self) -> str:
        """What the process or its backend wrote to standard error, in one line; perhaps empty."""

    async def end(self) -> None:
        """End the process and everything in its jail."""


def boot_command(python: str, uid: int | None, directories: Sequence[str]) -> list[str]:
    """The command that loads modules from standard input and calls `main` of the last one.

    `main` gets `uid`, the user id that programs run under (None: the user id of the process itself), and `directories`.
    """
    boot = (SANDBOX / "runner/boot.py").read_text()
    return [python, "-s", "-P", "-B", "-c", boot, "-" if uid is None else str(uid), *directories]


async def boot(
    connection: Connection, modules: Mapping[str, Sequence[str]], ready: Callable[[], Awaitable[None]]
) -> None:
    """Send the modules that `boot_command` waits for, and return when `ready` does, which waits for the answer.

    `modules` are names by package (`runner` is `sandbox.runner`): packages before their modules, and each module after
    those it imports. Raises SandboxError in the backend's own words when no answer comes; the jail has ended then.
    """
    try:
        connection.write(boot_payload(modules))
        async with asyncio.timeout(START_S):
            await ready()
    except BaseException as error:
        await asyncio.shield(connection.end())
        if isinstance(error, (JailLost, TimeoutError)):
            raise SandboxError(connection.complaint() or str(error) or "the jail did not answer in time") from error
        raise


def boot_payload(modules: Mapping[str, Sequence[str]]) -> bytes:
    """What `boot_command` reads: a length (8 bytes, little-endian), then names and sources with NUL between them."""
    parts = ["sandbox", ""]
    for package, names in modules.items():
        parts += [f"sandbox.{package}", ""]
        folder = SANDBOX.joinpath(*package.split("."))
        for name in names:
            parts += [f"sandbox.{package}.{name}", (folder / f"{name}.py").read_text()]
    text = "\0".join(parts).encode()
    return len(text).to_bytes(8, "little") + text
