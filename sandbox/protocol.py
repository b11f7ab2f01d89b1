"""The interface of all sandboxes: jobs in, executions out as each finishes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What became of one execution. Whether its output is the expected one is no part of the verdict."""

    OK = "ok"
    """The program ended by itself with exit status 0."""
    CRASH = "crash"
    """The program ended with another exit status, a signal or an uncaught exception, or does not compile."""
    TIMEOUT = "timeout"
    """The program used up its CPU seconds, or ran into the wall-clock guard."""
    MEMORY = "memory"
    """The program exceeded its memory limit."""
    OUTPUT_LIMIT = "output_limit"
    """The program wrote more than its limit on output."""
    NOT_RUN = "not_run"
    """The execution was left out on purpose, after too many time-outs of the same program."""
    SANDBOX_ERROR = "sandbox_error"
    """The sandbox failed, not the program: the verdict says nothing about the program, and must not become a reward.

    Before it gives this verdict, a sandbox that is not closed tries again. `Execution.reason` says what failed and what
    to do. The execution counts as missing, and may be requested again.
    """


@dataclass(frozen=True)
class Limits:
    """The resource limits of one execution."""

    cpu_s: float = 1.0
    """CPU seconds of the program and of the children it waits for."""
    wall_s: float | None = None
    """Wall-clock guard in seconds; None means max(3 x cpu_s, cpu_s + 2)."""
    memory_mb: int = 256
    """Memory limit of each process of the program, in MiB."""
    output_bytes: int = 1 << 20
    """Maximum bytes of stdout and of stderr each; of stderr only the tail is kept."""
    processes: int = 16
    """Maximum number of processes and threads that the program has at a time."""

    @property
    def wall_guard_s(self) -> float:
        """Wall seconds after which an execution is a `timeout` even if it used little CPU time (sleeping, waiting)."""
        return self.wall_s if self.wall_s is not None else max(3 * self.cpu_s, self.cpu_s + 2)


@dataclass(frozen=True)
class Job:
    """One program and the inputs to run it on."""

    key: str
    source: str
    """Python source; it runs like `python main.py`."""
    inputs: tuple[bytes, ...]
    """Standard input of each execution."""
    limits: Limits = Limits()
    strict: bool = False
    """Run every input in a process of its own.

    By default, inputs of a plain program (see `runner/plain.py`) share a process, and get the same verdicts.
    """
    give_up_after: int | None = None
    """Time-outs of this program after which its remaining inputs are `not_run`; None runs them all."""


@dataclass(frozen=True, kw_only=True)
class Execution:
    """The outcome of one program on one input."""

    job: str
    """Key of the job."""
    index: int
    """Position of the input in `Job.inputs`."""
    verdict: Verdict
    stdout: bytes = b""
    stderr_tail: bytes = b""
    """The last bytes written to standard error, at most 8192."""
    exit_code: int | None = None
    """Exit status; None where a signal or the sandbox ended the program, or the program was not run."""
    signal: int | None = None
    """Number of the signal that ended the program; None where no signal did, or where the sandbox sent it."""
    cpu_s: float = 0.0
    wall_s: float = 0.0
    peak_memory_kb: int = 0
    reason: str = ""
    """Reason of the verdict for a person: `cpu`, `wall`, `compile error`, an exception's name, what broke."""
    shared: bool = False
    """Whether the input shared a process with other inputs of its program."""


class Sandbox(Protocol):
    """Runs jobs. Every (job, input) gets exactly one execution; executions arrive in any order."""

    @property
    def isolation(self) -> str:
        """The isolation of programs from this machine, in words for `cure-agent doctor` and records: `docker (...)`."""

    @property
    def packages(self) -> Mapping[str, str]:
        """Versions of the packages that programs can import besides the standard library, by name: `numpy`, ..."""

    def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        """Executions of all jobs, as each finishes. May be called concurrently.

        Closing the generator ends the executions that have not finished.

        Raises SandboxError when the sandbox is closed; later failures are `sandbox_error` verdicts of executions.
        """

    async def close(self) -> None:
        """End every process and container of this sandbox. Idempotent."""
