"""Compares the speed of two checkouts of the project, before and after a change.

    python benchmarks/two_checkouts.py OLD NEW ../shared/data/stdio-he-mbpp/humaneval_plus_stdio.json.gz --rounds 5

Each checkout has its own `.venv`. In every round each job runs once in the one and once in the other, so that
other work on the machine slows both. Printed are medians and the median of the ratios, new to old: above 1
is better for rates, below 1 for seconds.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("data", type=Path, help="stored programs and tests, for the evaluation")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", action="append", choices=list(JOBS), help="only this job; may be repeated")
    options = parser.parse_args()
    checkouts = (options.old.absolute(), options.new.absolute())
    found: dict[str, list[tuple[float, float]]] = {}
    for number in range(options.rounds):
        for name in options.only or JOBS:
            # Which of the two runs first changes from round to round.
            order = checkouts if number % 2 else checkouts[::-1]
            figures = {checkout: JOBS[name](checkout, options.data.absolute()) for checkout in order}
            old, new = (figures[checkout] for checkout in checkouts)
            for figure in old:
                found.setdefault(figure, []).append((old[figure], new[figure]))
    print(f"{'':<44}{'old':>10}{'new':>10}{'new/old':>10}  rounds")
    for figure, pairs in found.items():
        old, new = (statistics.median(column) for column in zip(*pairs, strict=True))
        ratio = statistics.median(after / before for before, after in pairs)
        print(f"{figure:<44}{old:>10.4g}{new:>10.4g}{ratio:>10.3f}  {len(pairs)}")


WORKLOAD = """
import asyncio, json, statistics, time
from dataclasses import replace
from sandbox import open_sandbox
from sandbox.bench.workload import fast

async def rate(sandbox, strict):
    jobs = [replace(job, strict=strict) for job in fast().jobs]
    begun = time.perf_counter()
    count = sum([1 async for _ in sandbox.run(jobs)])
    return count / (time.perf_counter() - begun)

async def main():
    sandbox = await open_sandbox("bubblewrap")
    rates = {mode: [await rate(sandbox, mode == "strict") for _ in range(9)][1:] for mode in ("default", "strict")}
    await sandbox.close()
    print(json.dumps({mode: statistics.median(found) for mode, found in rates.items()}))

asyncio.run(main())
"""
"""A script that runs the small programs of `cure-agent sandbox bench` nine times in each mode, the first uncounted."""


def sandbox(checkout: Path, _: Path) -> Figures:
    """Executions a second under bubblewrap."""
    shown = json.loads(_run(checkout, "python", "-c", WORKLOAD))
    return {f"sandbox, {mode} mode (executions/s)": rate for mode, rate in shown.items()}


FUNCTIONS = """
import asyncio, json, statistics, time
from evaluator.datasets.functional.function import FunctionProblem
from evaluator.datasets.functional.program import Encoding, function_main, function_program
from sandbox import Job, Limits, open_sandbox

PROBLEM = FunctionProblem(name="", statement="", entry_point="f", parameters=("numbers",), reference="", calls=())
NUMBERS = ("row", "list", "int")
MAIN = function_main(PROBLEM, Encoding(inputs=[NUMBERS], outputs={"list": NUMBERS}))
SOURCE = "from typing import List\\n\\ndef f(numbers: List[int]):\\n    return sorted(2 * n for n in numbers)  # %d\\n"

async def rate(sandbox):
    inputs = tuple(b"%d 3 2 1\\n" % number for number in range(100))
    sources = [function_program(SOURCE % number, MAIN) for number in range(8)]
    jobs = [Job(key=source, source=source, inputs=inputs, limits=Limits(cpu_s=1)) for source in sources]
    begun = time.perf_counter()
    right = sum([b"2 4 6" in execution.stdout async for execution in sandbox.run(jobs)])
    return right / (time.perf_counter() - begun)

async def main():
    sandbox = await open_sandbox("bubblewrap")
    rates = [await rate(sandbox) for _ in range(4)][1:]
    await sandbox.close()
    print(json.dumps(statistics.median(rates)))

asyncio.run(main())
"""
"""A script that runs eight functions on a hundred inputs each, four times, the first uncounted."""


def functions(checkout: Path, _: Path) -> Figures:
    """Executions of functions a second under bubblewrap."""
    return {"functions (executions/s)": json.loads(_run(checkout, "python", "-c", FUNCTIONS))}


def evaluator(checkout: Path, data: Path) -> Figures:
    """Seconds of an evaluation of 30 problems with stored answers, scores included."""
    script = (
        "benchmarks/evaluator_speed.py",
        str(data),
        "--problems",
        "30",
        "--sample",
        "2",
        "--sandbox",
        "bubblewrap",
    )
    shown = _run(checkout, "python", *script, "--give-up-after", "1")
    seconds = re.search(r"cells: ([0-9.]+) s", shown)
    assert seconds is not None, shown
    return {"evaluation of 30 problems (s)": float(seconds[1])}


def train_step(checkout: Path, _: Path) -> Figures:
    """Seconds of the second training step of the micro preset, in one process."""
    with tempfile.TemporaryDirectory() as folder:
        changes = ("evaluation.problems=none", "train.processes=1", "execution.sandbox=bubblewrap")
        overrides = [part for change in changes for part in ("--set", change)]
        _run(checkout, "cure-agent", "train", "micro", "--steps", "2", "--out", folder, *overrides)
        lines = (Path(folder) / "metrics.jsonl").read_text().splitlines()
    step = next(record for record in map(json.loads, lines) if record["kind"] == "step" and record["step"] == 2)
    return {"training step, micro preset (s)": step["seconds/step"]}


def solve(checkout: Path, _: Path) -> Figures:
    """Seconds of the demo: three problems, from the command's start to its end."""
    begun = time.perf_counter()
    _run(checkout, "cure-agent", "demo", "--sandbox", "bubblewrap")
    return {"demo, three problems (s)": time.perf_counter() - begun}


JOBS: dict[str, Callable[[Path, Path], Figures]] = {
    "sandbox": sandbox,
    "functions": functions,
    "evaluator": evaluator,
    "train": train_step,
    "solve": solve,
}


def _run(checkout: Path, program: str, *arguments: str) -> str:
    """Standard output of a program of the checkout's environment; its records go to a temporary folder."""
    with tempfile.TemporaryDirectory() as state:
        environment = os.environ | {"CURE_AGENT_STATE": state, "PYTHONPATH": str(checkout)}
        command = [str(checkout / ".venv" / "bin" / program), *arguments]
        done = subprocess.run(command, cwd=checkout, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}: {done.stderr[-2000:]}"
    return done.stdout


if __name__ == "__main__":
    main()
