"""Measures rates for comparison: bare forks of an interpreter, and a new interpreter for every test."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sandbox.backends.python import SYSTEM
from sandbox.bench.workload import Workload

FORKS = 1000
INTERPRETED = 64
"""Executions made to measure the rate of new interpreters."""

# Imports modules that programs commonly import, which take some 9 MB of memory.
FORKER = f"""
import math, collections, heapq, bisect, itertools, functools, re, string
import gc, os, sys
gc.collect(); gc.freeze()
sys.stdin.read()
for _ in range({FORKS}):
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
"""


def python() -> str:
    """The system's interpreter, which jails use too, else the interpreter of this process."""
    return str(SYSTEM) if SYSTEM.exists() else sys.executable


def fork_rate(cores: int) -> float:
    """Bare forks and exits per second, by one interpreter per core. Raises OSError where one of them fails."""
    forkers = [subprocess.Popen([python(), "-I", "-S", "-c", FORKER], stdin=subprocess.PIPE) for _ in range(cores)]
    # Time for all interpreters to start; each then waits until its standard input closes.
    time.sleep(0.3)
    started = time.perf_counter()
    for forker in forkers:
        assert forker.stdin is not None
        forker.stdin.close()
    for forker in forkers:
        forker.wait()
    if any(forker.returncode for forker in forkers):
        raise OSError("the fork floor could not be measured")
    return cores * FORKS / (time.perf_counter() - started)


def interpreter_rate(workload: Workload, cores: int) -> float:
    """Executions per second with a new interpreter process for each, by one worker per core."""
    with tempfile.TemporaryDirectory(prefix="cure-agent-") as directory:
        cells = []
        for number in range(INTERPRETED):
            job = workload.jobs[number % len(workload.jobs)]
            file = Path(directory) / f"{job.key}.py"
            file.write_text(job.source)
            cells.append((file, job.inputs[number % len(job.inputs)]))
        started = time.perf_counter()
        with ThreadPoolExecutor(cores) as threads:
            list(threads.map(lambda cell: _run_one(*cell), cells))
        return len(cells) / (time.perf_counter() - started)


def _run_one(file: Path, text: bytes) -> None:
    subprocess.run([python(), file], input=text, capture_output=True, check=True, cwd=file.parent)


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))
