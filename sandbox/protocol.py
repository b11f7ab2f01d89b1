"""The Sandbox seam: jobs in, executions out as each finishes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What became of one execution. Equality with an expected output is not a verdict."""

    OK = "ok"
    """Ended by itself with exit status 0."""
    CRASH = "crash"
    """Exit status other than 0, a signal, an uncaught exception, or a source that does not compile."""
    TIMEOUT = "timeout"
    """Used up its CPU seconds, or the wall-clock guard."""
    MEMORY = "memory"
    """Went over its memory limit."""
    OUTPUT_LIMIT = "output_limit"
    """Wrote more than it may."""
    NOT_RUN = "not_run"
    """Given up on purpose, after too many time-outs of the same program."""
    SANDBOX_ERROR = "sandbox_error"
    """Ours, never the program's: no statement about the program, and never a reward."""


@dataclass(frozen=True)
class Limits:
    """What one execution may use."""

    cpu_s: float = 1.0
    """CPU seconds of the execution and its waited-for children."""
    wall_s: float | None = None
    """Wall-clock guard in seconds; None means max(3 x cpu_s, cpu_s + 2)."""
    memory_mb: int = 256
    output_bytes: int = 1 << 20
    """Most bytes of stdout; stderr has the same limit, of which only the tail is kept."""
    processes: int = 16

    @property
    def wall_guard_s(self) -> float:
        """Seconds after which an execution is a `timeout` even if it used little CPU (it sleeps, or waits)."""
        return self.wall_s if self.wall_s is not None else max(3 * self.cpu_s, self.cpu_s + 2)


@dataclass(frozen=True)
class Job:
    """One program and the inputs it is to be run on."""

    key: str
    source: str
    """Python source, run as `python main.py` would."""
    inputs: tuple[bytes, ...]
    """Standard input of each execution."""
    limits: Limits = Limits()
    strict: bool = False
    """A fork for every input. By default the inputs of a plain program may share a process, with the same verdicts."""
    give_up_after: int | None = None
    """Time-outs of this program after which its other inputs are `not_run`; None runs them all."""


@dataclass(frozen=True)
class Execution:
    """One program on one input."""

    job: str
    """Key of the job."""
    index: int
    """Which of the job's inputs."""
    verdict: Verdict
    stdout: bytes = b""
    stderr_tail: bytes = b""
    exit_code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_memory_kb: int = 0
    reason: str = ""
    """Why, in a few words for a person: `cpu`, `wall`, `compile error`, an exception's name, what broke."""
    shared: bool = False
    """Whether it ran in one process with other inputs of its program."""


class Sandbox(Protocol):
    """Runs jobs. Every (job, input) gets exactly one execution; executions arrive in any order."""

    @property
    def isolation(self) -> str:
        """What separates a program from this machine, in words for `doctor` and for records, e.g. `docker`."""

    def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        """Executions of all jobs, as each finishes. May be called concurrently; closing it gives up what is left."""

    async def close(self) -> None:
        """End every process and container of this sandbox. Idempotent."""
