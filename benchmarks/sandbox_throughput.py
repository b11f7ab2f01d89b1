"""Executions per second of each sandbox, beside an interpreter per test: `python benchmarks/sandbox_throughput.py`.

64 small programs x 16 inputs. Rounds of all contenders alternate, so that a busy machine treats them alike; medians.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox import Job, Sandbox, SandboxUnavailable, open_sandbox
from sandbox.pool import default_slots

PROGRAMS = (
    "n = int(input()); print(sum(map(int, input().split())))",
    "import sys\ndef main():\n  data = sys.stdin.read().split(); print(sum(map(int, data[1:])))\nmain()",
    "import heapq, collections\nn, *a = map(int, open(0).read().split())\nheapq.heapify(a)\nprint(sum(a))",
    "import sys, bisect\ndata = list(map(int, sys.stdin.buffer.read().split()))\nprint(sum(data[1:]))",
)


def jobs(programs: int, inputs: int) -> list[Job]:
    """Distinct programs, each on the same inputs: a count, then as many numbers."""
    texts = tuple(b"%d\n%s\n" % (n, b" ".join(b"%d" % (i * n % 97) for i in range(n))) for n in range(5, 5 + inputs))
    return [Job(f"{n}", f"# {n}\n{PROGRAMS[n % len(PROGRAMS)]}", texts) for n in range(programs)]


async def sandboxed(sandbox: Sandbox, work: list[Job]) -> float:
    started = time.perf_counter()
    verdicts = [execution.verdict async for execution in sandbox.run(work)]
    assert set(verdicts) == {"ok"}, verdicts
    return len(verdicts) / (time.perf_counter() - started)


def interpreter_per_test(work: list[Job], workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for job in work:
            files.append(Path(folder) / f"{job.key}.py")
            files[-1].write_text(job.source)
        started = time.perf_counter()
        cells = [(file, text) for file, job in zip(files, work, strict=True) for text in job.inputs]
        with ThreadPoolExecutor(workers) as threads:
            list(threads.map(lambda cell: run_one(*cell), cells))
        return len(cells) / (time.perf_counter() - started)


def run_one(file: Path, text: bytes) -> None:
    subprocess.run([sys.executable, "-I", file], input=text, capture_output=True, check=True)


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", nargs="+", default=["docker", "bubblewrap"])
    options = parser.parse_args()
    rates: dict[str, list[float]] = {}
    sandboxes = {}
    for kind in options.kinds:
        try:
            sandboxes[kind] = await open_sandbox(kind)
        except SandboxUnavailable as error:
            print(f"{kind}: {error}", file=sys.stderr)
        else:
            await sandboxed(sandboxes[kind], jobs(8, 8))
    for _ in range(options.rounds):
        for kind, sandbox in sandboxes.items():
            rates.setdefault(kind, []).append(await sandboxed(sandbox, jobs(64, 16)))
        rate = await asyncio.to_thread(interpreter_per_test, jobs(8, 16), default_slots() // 2)
        rates.setdefault("interpreter_per_test", []).append(rate)
    for sandbox in sandboxes.values():
        await sandbox.close()
    print(json.dumps({name: {"per_second": round(statistics.median(values), 1)} for name, values in rates.items()}))


if __name__ == "__main__":
    asyncio.run(main())
