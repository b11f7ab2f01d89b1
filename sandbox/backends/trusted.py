"""`--sandbox none`: plain processes with resource limits, which stop mistakes but no attacks; for trusted code."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from math import ceil
from pathlib import Path
from typing import IO

from sandbox.backends.packages import versions
from sandbox.errors import SandboxError
from sandbox.pool.work import given_up_words
from sandbox.protocol import Execution, Job, Limits, Verdict
from sandbox.runner.frames import STDERR_TAIL

POLL_S = 0.01


class Trusted:
    """A Sandbox without isolation: programs run as this user, with this user's files and network."""

    def __init__(self, slots: int) -> None:
        self._turns = asyncio.Semaphore(slots)
        self._closed = False

    @property
    def isolation(self) -> str:
        return "none (plain processes as this user, resource limits only)"

    @property
    def packages(self) -> dict[str, str]:
        found = {}
        for name in versions("contest"):
            with suppress(metadata.PackageNotFoundError):
                found[name] = metadata.version(name)
        return found

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        if self._closed:
            raise SandboxError("the sandbox is closed")
        timeouts: Counter[Job] = Counter()
        works = [(job, index, replace(job, key="", inputs=())) for job in jobs for index in range(len(job.inputs))]
        tasks = {asyncio.create_task(self._execute_one(*work, timeouts)) for work in works}
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def close(self) -> None:
        self._closed = True

    async def _execute_one(self, job: Job, index: int, program: Job, timeouts: Counter[Job]) -> Execution:
        """The execution of one input; `timeouts` counts time-outs so far, by program (a job without key and inputs)."""
        async with self._turns:
            if job.give_up_after is not None and timeouts[program] >= job.give_up_after:
                return Execution(
                    job=job.key, index=index, verdict=Verdict.NOT_RUN, reason=given_up_words(timeouts[program])
                )
            with tempfile.TemporaryDirectory(prefix="cure-agent-") as directory:
                execution = await _execute(job, index, Path(directory))
            timeouts[program] += execution.verdict is Verdict.TIMEOUT
            return execution


async def _execute(job: Job, index: int, directory: Path) -> Execution:
    """The execution of `python -I main.py` in `directory`; its standard streams are files, like in the runner."""
    (directory / "main.py").write_bytes(job.source.encode(errors="surrogatepass"))
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        stdin.write(job.inputs[index])
        stdin.seek(0)
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "main.py"),
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=directory,
            env={"PATH": os.environ.get("PATH", ""), "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
            start_new_session=True,
        )
        ending = asyncio.ensure_future(process.wait())
        try:
            set_limits(process.pid, job.limits, max(job.limits.output_bytes, 1 << 20))
            cpu_s, wall_s, peak_kb, killed = await _watch(process.pid, job, ending)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = await asyncio.shield(ending)
        out = _read(stdout, 0, job.limits.output_bytes + 1)
        err = _read(stderr, -STDERR_TAIL, STDERR_TAIL)
    verdict, reason = _judge(job, killed, code, out, err)
    return Execution(
        job=job.key,
        index=index,
        verdict=verdict,
        stdout=out[: job.limits.output_bytes],
        stderr_tail=err,
        exit_code=code if code >= 0 and not killed else None,
        signal=-code if code < 0 and not killed else None,
        cpu_s=cpu_s,
        wall_s=wall_s,
        peak_memory_kb=peak_kb,
        reason=reason,
    )


def set_limits(pid: int, limits: Limits, file_bytes: int = resource.RLIM_INFINITY) -> None:
    """Set resource limits of process `pid`, whose files may grow to `file_bytes`; do nothing when it has ended."""
    with suppress(ProcessLookupError):
        for kind, bound in (
            (resource.RLIMIT_CPU, ceil(limits.cpu_s) + 1),
            (resource.RLIMIT_DATA, limits.memory_mb << 20),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.prlimit(pid, kind, (bound, bound))
        if file_bytes != resource.RLIM_INFINITY:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (file_bytes, file_bytes))


async def _watch(pid: int, job: Job, ending: asyncio.Future[int]) -> tuple[float, float, int, str]:
    """CPU seconds, wall seconds, peak kB, and the limit that the process exceeded: `cpu`, `wall`, or none (empty)."""
    started = time.monotonic()
    cpu_s, peak_kb = 0.0, 0
    while True:
        cpu_s, peak_kb = _usage(pid, cpu_s, peak_kb)
        wall_s = time.monotonic() - started
        if ending.done():
            return cpu_s, wall_s, peak_kb, ""
        if cpu_s > job.limits.cpu_s:
            return cpu_s, wall_s, peak_kb, "cpu"
        if wall_s > job.limits.wall_guard_s:
            return cpu_s, wall_s, peak_kb, "wall"
        await asyncio.wait({ending}, timeout=POLL_S)


def _usage(pid: int, cpu_s: float, peak_kb: int) -> tuple[float, int]:
    """CPU seconds (with children waited for) and peak kB of a process; if it has ended, the arguments unchanged."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return cpu_s, peak_kb
    peaks = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")]
    return sum(int(ticks) for ticks in fields[11:15]) / os.sysconf("SC_CLK_TCK"), max([peak_kb, *peaks])


def _read(file: IO[bytes], start: int, size: int) -> bytes:
    """At most `size` bytes from offset `start`, which counts from the end if negative."""
    length = os.fstat(file.fileno()).st_size
    return os.pread(file.fileno(), size, start if start >= 0 else max(0, length + start))


def _judge(job: Job, killed: str, code: int, out: bytes, err: bytes) -> tuple[Verdict, str]:
    if killed or code == -signal.SIGXCPU:
        return Verdict.TIMEOUT, killed or "cpu"
    if len(out) > job.limits.output_bytes or (code != 0 and len(out) == job.limits.output_bytes):
        return Verdict.OUTPUT_LIMIT, "stdout"
    if code == 0:
        return Verdict.OK, ""
    if code < 0:
        return Verdict.CRASH, signal.Signals(-code).name
    # For a plain process, only the traceback tells which exception ended it.
    last = err.rstrip().rpartition(b"\n")[2].partition(b":")[0].decode(errors="replace").strip()
    if last == "MemoryError":
        return Verdict.MEMORY, last
    if last in ("SyntaxError", "IndentationError", "TabError") and b'", line' in err and b"in <module>" not in err:
        return Verdict.CRASH, "compile error"
    return Verdict.CRASH, last if last.isidentifier() else f"exit status {code}"
