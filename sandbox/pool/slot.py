"""The host's side of one started runner: sends and receives frames over the backend's connection."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sandbox.pool.connection import Connection, JailLost, boot
from sandbox.protocol import Execution, Job, Limits, Verdict
from sandbox.runner import frames

Answer = list[tuple[int, Execution]] | int
"""Pairs of a job's number and an execution (its `job` is empty); or the number of a job that is handed back."""

FRAME_OVERHEAD = 1 << 16
"""Bytes that a frame of results may have in addition to the outputs of programs."""
MODULES = {
    "runner": (
        *("frames", "report", "confine", "bounds", "seccomp", "clean", "verdict", "processes", "jail", "channel"),
        *(
            "program",
            "executed",
            "plain",
            "surroundings",
            "shared",
            "compiled",
            "tasks",
            "zygote",
            "forker",
            "records",
            "jobs",
        ),
        *("warm", "text", "gaps", "serve"),
    )
}
"""Runner modules in import order: each one after the modules it imports."""


@dataclass(frozen=True)
class Size:
    """The largest memory limit of a process, in MiB, and the largest number of processes that a slot supports."""

    memory_mb: int = 256
    processes: int = 16

    def cover(self, limits: Limits) -> Size:
        """The smallest size that supports what this size supports, and executions under these limits."""
        return Size(max(self.memory_mb, limits.memory_mb), max(self.processes, limits.processes))


class Launcher(Protocol):
    """A backend: starts jails with a runner in each."""

    @property
    def isolation(self) -> str:
        """The isolation of programs from this machine, in words."""

    @property
    def packages(self) -> Mapping[str, str]:
        """Versions of the packages that programs can import besides the standard library, by name."""

    async def launch(self, size: Size) -> Connection:
        """A new jail, its Python waiting for the runner's modules. Raises SandboxError when none starts."""

    async def close(self) -> None:
        """Remove the remains of all jails."""


class Slot:
    """A started runner. It runs one execution at a time, in the order in which inputs were sent."""

    def __init__(self, connection: Connection, size: Size) -> None:
        self.connection = connection
        self.size = size
        self._number = 0
        self._largest = 0

    @classmethod
    async def start(cls, launcher: Launcher, size: Size) -> Slot:
        """A slot ready for programs. Raises SandboxError in the backend's own words when its runner does not start."""
        slot = cls(await launcher.launch(size), size)
        await boot(slot.connection, MODULES, slot._greeting)
        return slot

    async def _greeting(self) -> None:
        kind, payload = await self._frame()
        if kind != frames.READY or frames.READY_BODY.unpack(payload)[0] != frames.VERSION:
            raise JailLost("the runner answered with another protocol")

    def send(self, job: Job, indices: Sequence[int], strict: bool) -> int:
        """Send `job` with the inputs of these indices to the runner; returns the number that its results will carry."""
        self._number += 1
        limits = job.limits
        self._largest = max(self._largest, limits.output_bytes)
        bounds = frames.Limits(
            limits.cpu_s, limits.wall_guard_s, limits.memory_mb << 20, limits.output_bytes, limits.processes
        )
        source = job.source.encode(errors="surrogatepass")
        inputs = [(index, job.inputs[index]) for index in indices]
        self.connection.write(frames.job_frame(self._number, source, bounds, strict, inputs))
        return self._number

    async def receive(self) -> Answer:
        """The next executions, or the number of a job whose remaining inputs the runner hands back to the host.

        Raises JailLost when the runner ends or sends anything else.
        """
        kind, payload = await self._frame()
        try:
            if kind == frames.RESULTS:
                return read_results(payload)
            if kind == frames.BACK:
                return int(frames.BACK_BODY.unpack(payload)[0])
        except (ValueError, struct.error) as error:
            raise JailLost(str(error)) from error
        raise JailLost(f"the runner sent a frame of kind {kind}")

    async def _frame(self) -> tuple[int, bytes]:
        kind, size = frames.HEADER.unpack(await self.connection.read_exactly(frames.HEADER.size))
        if size > frames.LARGEST_BATCH + frames.LARGEST_SHARED + self._largest + FRAME_OVERHEAD:
            raise JailLost("the runner sent a frame larger than any results")
        return kind, await self.connection.read_exactly(size)


def read_results(payload: bytes) -> list[tuple[int, Execution]]:
    """The pairs of job number and execution in the payload of a RESULTS frame.

    Raises ValueError if a record is cut, or its kind or verdict is unknown.
    """
    results = []
    at = 0
    try:
        while at < len(payload):
            kind, number, index = frames.RECORD_HEAD.unpack_from(payload, at)
            at += frames.RECORD_HEAD.size
            if kind == frames.SHARED:
                cpu_s, wall_s, peak_kb, reason, errors, output = frames.SHARED_BODY.unpack_from(payload, at)
                signal = frames.NONE
                verdict, exit_code = (frames.CRASH, frames.UNCAUGHT) if reason else (frames.OK, 0)
                at += frames.SHARED_BODY.size
            elif kind == frames.JUDGED:
                body = frames.JUDGED_BODY.unpack_from(payload, at)
                verdict, exit_code, signal, cpu_s, wall_s, peak_kb, reason, errors, output = body
                at += frames.JUDGED_BODY.size
            else:
                raise ValueError(f"record of kind {kind}")
            errors_at = at + reason
            output_at = errors_at + errors
            end = output_at + output
            if end > len(payload):
                raise ValueError("record is cut")
            execution = Execution(
                job="",
                index=index,
                verdict=Verdict(frames.VERDICTS[verdict]),
                stdout=payload[output_at:end],
                stderr_tail=payload[errors_at:output_at],
                exit_code=None if exit_code == frames.NONE else exit_code,
                signal=None if signal == frames.NONE else signal,
                cpu_s=cpu_s,
                wall_s=wall_s,
                peak_memory_kb=peak_kb,
                reason=_printable(payload[at:errors_at]) if reason else "",
                shared=kind == frames.SHARED,
            )
            results.append((number, execution))
            at = end
    except IndexError:
        raise ValueError(f"record with verdict {verdict}, which does not exist") from None
    except struct.error as error:
        raise ValueError(f"sizes in the results contradict each other: {error}") from error
    return results


def _printable(words: bytes) -> str:
    return "".join(c if c.isprintable() else "?" for c in words.decode(errors="replace"))
