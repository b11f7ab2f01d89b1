"""Do the ways to run a program agree, with each other and with recorded verdicts? All labelled programs, in every way.

Runs the programs of `benchmarks/agreement/labelled.py` in the default and in the strict mode of each sandbox, and
prints how many executions were compared and every disagreement, with its reason where one is known.

    python benchmarks/sandbox_agreement.py ../shared/data
    python benchmarks/sandbox_agreement.py ../shared/data --kinds bubblewrap --every 10 --json
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from dataclasses import asdict
from functools import partial
from itertools import combinations
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from benchmarks.agreement.compare import Comparison, Executions, between, execute, with_record
from benchmarks.agreement.known import reason_for
from benchmarks.agreement.labelled import Labelled, load
from sandbox import SandboxUnavailable, open_sandbox


async def run_all(programs: list[Labelled], kinds: list[str], console: Console) -> dict[str, tuple[Executions, float]]:
    """For every way to run programs: its executions, and the seconds they took."""
    found = {}
    count = sum(len(program.inputs) for program in programs)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=console) as progress:
        for kind in kinds:
            try:
                sandbox = await open_sandbox(kind)
            except SandboxUnavailable as error:
                console.print(f"{kind}: {error}")
                continue
            for strict in (False, True):
                way = f"{kind} {'strict' if strict else 'default'}"
                task = progress.add_task(way, total=count)
                started = time.perf_counter()
                executions = await execute(sandbox, programs, strict, partial(progress.advance, task))
                found[way] = executions, time.perf_counter() - started
            await sandbox.close()
    return found


def compare_all(programs: list[Labelled], ways: dict[str, Executions]) -> dict[str, Comparison]:
    """Comparisons of every way with the records, and of every two ways with each other."""
    results = {f"{way} - records": with_record(programs, way, executions) for way, executions in ways.items()}
    for first, second in combinations(ways, 2):
        results[f"{first} - {second}"] = between(programs, first, ways[first], second, ways[second])
    return results


def shared(executions: Executions) -> int:
    """How many executions shared a process with others of their program."""
    return sum(execution.shared for row in executions.values() for execution in row)


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder with stdio-he-mbpp, apps and kattis")
    parser.add_argument("--kinds", nargs="+", default=["docker", "bubblewrap"])
    parser.add_argument("--every", type=int, default=1, metavar="K", help="every K-th program only")
    parser.add_argument("--json", action="store_true", help="everything on standard output, for machines")
    options = parser.parse_args()
    console = Console(stderr=True)
    programs = load(options.data)[:: options.every]
    done = await run_all(programs, options.kinds, console)
    results = compare_all(programs, {way: executions for way, (executions, _) in done.items()})
    timed = {
        way: {"seconds": round(seconds, 1), "executions": sum(map(len, rows.values())), "shared": shared(rows)}
        for way, (rows, seconds) in done.items()
    }
    if options.json:
        print(
            json.dumps(
                {"programs": len(programs), "ways": timed, "compared": {k: asdict(c) for k, c in results.items()}}
            )
        )
    else:
        show(len(programs), timed, results)
    return int(any(not reason_for(item) for result in results.values() for item in result.disagreements))


def show(programs: int, timed: dict[str, dict[str, float]], results: dict[str, Comparison]) -> None:
    print(f"{programs} programs")
    for way, figures in timed.items():
        print(f"{way}: {figures['executions']} executions, {figures['shared']} shared, {figures['seconds']} s")
    for name, result in results.items():
        left_out = f"{result.near_limit} near the time limit and {result.not_recorded} not recorded left out"
        print(f"{name}: {result.compared} compared, {left_out}, {len(result.disagreements)} disagreements")
        for item in result.disagreements:
            print(f"    {item} [{reason_for(item) or 'UNEXPLAINED'}]")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
