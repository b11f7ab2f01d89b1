"""Memory of this process and of the sandbox over many executions: `python benchmarks/sandbox_soak.py --count 100000`.

Memory is read before the executions and after each quarter of them. That of a runner, the first process of a jail
(PID 1), is printed by a program that runs in the jail.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from sandbox import Job, Sandbox, open_sandbox
from sandbox.bench.workload import fast

RUNNER = "print([int(line.split()[1]) for line in open('/proc/1/status') if line.startswith('VmRSS')][0])"


def own_kb() -> int:
    """Resident memory of this process, in kB."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


async def runner_kb(sandbox: Sandbox, slots: int) -> int:
    """Resident memory of the largest runner, in kB."""
    job = Job("memory", f"{RUNNER}\nimport time; time.sleep(0.2)", tuple(b"%d" % n for n in range(2 * slots)))
    return max([int(execution.stdout) async for execution in sandbox.run([job])])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100_000)
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--strict", action="store_true")
    parser.add_argument("--slots", type=int, default=4)
    options = parser.parse_args()
    sandbox = await open_sandbox(options.sandbox, slots=options.slots)
    jobs = [replace(job, strict=options.strict) for job in fast().jobs]
    figures: list[dict[str, float]] = []
    done, started = 0, time.perf_counter()
    while True:
        if done >= len(figures) * options.count // 4:
            runner = await runner_kb(sandbox, options.slots)
            figures.append({"executions": done, "host_kb": own_kb(), "runner_kb": runner})
            print(f"{done}: host {own_kb()} kB, runner {runner} kB", file=sys.stderr)
        if done >= options.count:
            break
        async for execution in sandbox.run(jobs):
            assert execution.verdict == "ok", execution
            done += 1
    seconds = time.perf_counter() - started
    await sandbox.close()
    print(json.dumps({"isolation": sandbox.isolation, "per_second": round(done / seconds, 1), "memory": figures}))


if __name__ == "__main__":
    asyncio.run(main())
