"""Measures all modes and comparisons in turn, round after round, so that a busy machine slows all alike."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable

from sandbox.bench.figures import Figures
from sandbox.bench.floors import cores, fork_rate, interpreter_rate
from sandbox.bench.workload import Workload, fast, mixed
from sandbox.errors import SandboxError
from sandbox.open import open_sandbox
from sandbox.protocol import Job, Sandbox, Verdict

WARM = 8
"""Programs run for warming up, before the measurement."""


async def measure(kind: str, rounds: int, step: Callable[[str], None]) -> Figures:
    """The figures of a sandbox of this kind; `step` gets the name of each measurement before it begins.

    Raises SandboxError on a wrong verdict or output, SandboxUnavailable where no sandbox of this kind works, OSError
    where bare forks cannot be measured.
    """
    started = time.perf_counter()
    sandbox = await open_sandbox(kind)
    try:
        step("first execution")
        await anext(aiter(sandbox.run([Job("first", "print(1)", (b"",))])))
        first_s = time.perf_counter() - started
        small = fast()
        await _seconds(sandbox, Workload(small.jobs[:WARM], small.expected))
        seconds: dict[str, list[float]] = {}
        rates: dict[str, list[float]] = {}
        contenders = {
            "strict": fast().with_jobs(strict=True),
            "default": fast(),
            "mixed": mixed(),
            "endless_alone": mixed().only(Verdict.TIMEOUT),
            "mixed_with_budget": mixed().with_jobs(give_up_after=1),
        }
        for _ in range(rounds):
            step("fork floor")
            rates.setdefault("fork_floor", []).append(await asyncio.to_thread(fork_rate, cores()))
            step("interpreter per test")
            rate = await asyncio.to_thread(interpreter_rate, fast(), cores())
            rates.setdefault("interpreter_per_test", []).append(rate)
            for name, workload in contenders.items():
                step(name.replace("_", " "))
                taken = await _seconds(sandbox, workload, may_give_up=name == "mixed_with_budget")
                seconds.setdefault(name, []).append(taken)
                rates.setdefault(name, []).append(len(workload.expected) / taken)
        medians = {name: statistics.median(values) for name, values in rates.items()}
        del medians["endless_alone"]
        return Figures(
            isolation=sandbox.isolation,
            cores=cores(),
            rounds=rounds,
            first_s=first_s,
            per_second=medians,
            mixed_s=statistics.median(seconds["mixed"]),
            endless_alone_s=statistics.median(seconds["endless_alone"]),
        )
    finally:
        await sandbox.close()


async def _seconds(sandbox: Sandbox, workload: Workload, may_give_up: bool = False) -> float:
    """Seconds for all executions. Raises SandboxError if one has a wrong verdict or output."""
    started = time.perf_counter()
    async for execution in sandbox.run(workload.jobs):
        if may_give_up and execution.verdict is Verdict.NOT_RUN:
            continue
        verdict, stdout = workload.expected[execution.job, execution.index]
        if execution.verdict is not verdict or stdout not in (None, execution.stdout):
            said = f"{execution.verdict} ({execution.reason})"
            raise SandboxError(f"program {execution.job}, input {execution.index} was {said} instead of {verdict}")
    return time.perf_counter() - started
