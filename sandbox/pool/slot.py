"""One started runner on the host's side: frames over whatever connection its backend gave."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox.errors import SandboxError
from sandbox.protocol import Job, Limits
from sandbox.runner import frames

START_S = 30.0
FRAME_OVERHEAD = 1 << 16
RUNNER = Path(__file__).parents[1] / "runner"
MODULES = (
    *("frames", "report", "confine", "bounds", "seccomp", "clean", "verdict", "processes", "jail", "channel"),
    *("program", "plain", "surroundings", "shared", "compiled", "tasks", "zygote", "forker", "records", "jobs"),
    *("warm", "text", "gaps", "serve"),
)
"""Of the runner, each after those it imports."""


class SlotLost(SandboxError):
    """A runner ended, or answered what no runner answers."""


@dataclass(frozen=True)
class Size:
    """What a slot as a whole must have room for."""

    memory_mb: int = 256
    processes: int = 16

    def cover(self, limits: Limits) -> Size:
        """The size that has room for executions of these limits as well."""
        return Size(max(self.memory_mb, limits.memory_mb), max(self.processes, limits.processes))


class Connection(Protocol):
    """Standard input and output of a runner."""

    async def read_exactly(self, size: int) -> bytes:
        """The next `size` bytes; SlotLost when they do not come."""

    def write(self, data: bytes) -> None:
        """Hand over `data`; never blocks, so that nobody waits for a runner that waits for its reader."""

    def complaint(self) -> str:
        """What runner or backend wrote to standard error, in one line; perhaps empty."""

    async def end(self) -> None:
        """End the runner and everything in its jail."""


class Launcher(Protocol):
    """A backend: starts jails with a runner in each."""

    @property
    def isolation(self) -> str:
        """What separates a program from this machine, in words."""

    async def launch(self, size: Size) -> Connection:
        """A new jail, its Python waiting for the runner's modules; SandboxError when there is none."""

    async def close(self) -> None:
        """Remove whatever is left of the jails."""


def boot_command(python: str, uid: int | None, directories: tuple[str, ...]) -> list[str]:
    """The command that waits for the runner in a jail; programs run as `uid`, None for the runner's own user id."""
    boot = (RUNNER / "boot.py").read_text()
    return [python, "-s", "-P", "-B", "-c", boot, "-" if uid is None else str(uid), *directories]


def boot_payload() -> bytes:
    """What `boot_command` reads first: the length, and the modules of the runner."""
    parts = ["sandbox", "", "sandbox.runner", ""]
    for name in MODULES:
        parts += [f"sandbox.runner.{name}", (RUNNER / f"{name}.py").read_text()]
    text = "\0".join(parts).encode()
    return len(text).to_bytes(8, "little") + text


class Slot:
    """A runner that answered. One execution at a time, in the order of the inputs sent."""

    def __init__(self, connection: Connection, size: Size) -> None:
        self._connection = connection
        self.size = size
        self._number = 0
        self._largest = 0

    @classmethod
    async def start(cls, launcher: Launcher, size: Size) -> Slot:
        """A slot ready for programs; SandboxError with the backend's own words when it does not start."""
        connection = await launcher.launch(size)
        slot = cls(connection, size)
        try:
            connection.write(boot_payload())
            async with asyncio.timeout(START_S):
                kind, payload = await slot._frame()
            if kind != frames.READY or frames.READY_BODY.unpack(payload)[0] != frames.VERSION:
                raise SlotLost("the runner answered with another protocol")
        except BaseException as error:
            await asyncio.shield(connection.end())
            if isinstance(error, (SlotLost, TimeoutError)):
                reason = connection.complaint() or str(error) or "the runner did not answer in time"
                raise SandboxError(reason) from error
            raise
        return slot

    def send(self, job: Job, indices: Sequence[int], strict: bool) -> int:
        """Have the runner run `job` on these of its inputs; the number by which its answers call that."""
        self._number += 1
        limits = job.limits
        self._largest = max(self._largest, limits.output_bytes)
        bounds = frames.Limits(
            limits.cpu_s, limits.wall_guard_s, limits.memory_mb << 20, limits.output_bytes, limits.processes
        )
        source = job.source.encode(errors="surrogatepass")
        inputs = [(index, job.inputs[index]) for index in indices]
        self._connection.write(frames.job_frame(self._number, source, bounds, strict, inputs))
        return self._number

    async def receive(self) -> list[frames.Result] | int:
        """The next results, or the number of a job whose other inputs the runner leaves to the host.

        SlotLost when the runner ends or sends anything else.
        """
        kind, payload = await self._frame()
        try:
            if kind == frames.RESULTS:
                return frames.read_results(payload)
            if kind == frames.BACK:
                number: int = frames.BACK_BODY.unpack(payload)[0]
                return number
        except (ValueError, struct.error) as error:
            raise SlotLost(str(error)) from error
        raise SlotLost(f"the runner sent a frame of kind {kind}")

    async def _frame(self) -> tuple[int, bytes]:
        kind, size = frames.HEADER.unpack(await self._connection.read_exactly(frames.HEADER.size))
        if size > frames.LARGEST_BATCH + frames.LARGEST_SHARED + self._largest + FRAME_OVERHEAD:
            raise SlotLost("the runner sent a frame larger than any results")
        return kind, await self._connection.read_exactly(size)

    def complaint(self) -> str:
        return self._connection.complaint()

    async def end(self) -> None:
        await self._connection.end()
