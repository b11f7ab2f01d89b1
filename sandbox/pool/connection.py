"""Connections to Python in a jail, the boot protocol that sends its modules, and the error for a lost jail."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandboxError

START_S = 30.0
"""Seconds that a jail has to answer once its modules are sent."""
SANDBOX = Path(__file__).parents[1]
"""The folder of the package `sandbox`."""


class JailLost(SandboxError):
    """The process in a jail ended, did not answer in time, or violated the protocol."""


class Connection(Protocol):
    """Standard input and output of the process in a jail."""

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes. Raises JailLost when the process ends before."""

    def write(self, data: bytes) -> None:
        """Queue `data` for sending. Never blocks: the process may itself be waiting for its output to be read."""

    def complaint(self) -> str:
        """The text that the process or its backend wrote to standard error, in one line; empty if none."""

    async def end(self) -> None:
        """End the process and everything in its jail."""


def boot_command(python: str, uid: int | None, directories: Sequence[str]) -> list[str]:
    """The command for a Python that loads modules from standard input and calls `main` of the last one.

    `main` gets `uid`, the user id that programs run under (None: the user id of the process itself), and `directories`,
    which these programs may write to.
    """
    boot = (SANDBOX / "runner/boot.py").read_text()
    return [python, "-s", "-P", "-B", "-c", boot, "-" if uid is None else str(uid), *directories]


async def boot(
    connection: Connection, modules: Mapping[str, Sequence[str]], ready: Callable[[], Awaitable[None]]
) -> None:
    """Send the modules that `boot_command` waits for, and await `ready`, which waits for the jail's first answer.

    `modules` maps packages (`runner` is `sandbox.runner`) to names of their modules, in import order. When no answer
    comes, ends the jail and raises SandboxError with what the jail or its backend wrote to standard error.
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
    """The bytes that a process of `boot_command` reads: a length, then names and sources, separated by NUL.

    The length has 8 bytes, little-endian.
    """
    parts = ["sandbox", ""]
    for package, names in modules.items():
        parts += [f"sandbox.{package}", ""]
        folder = SANDBOX.joinpath(*package.split("."))
        for name in names:
            parts += [f"sandbox.{package}.{name}", (folder / f"{name}.py").read_text()]
    text = "\0".join(parts).encode()
    return len(text).to_bytes(8, "little") + text
