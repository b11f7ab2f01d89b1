"""Shares of a training step's time by phase, from the metrics of a run.

    cure-agent train micro --out runs/micro && python benchmarks/trainer_overhead.py runs/micro

Generation is the time until the last answer has arrived; executions that end before then cost no time of their own.
`execution seen` is the time from the last answer until the last table is complete. Arithmetic is the time of the
updates of the weights. The rest is planning, loading weights into the engine, rewards, journal, checkpoints, and
waiting for other processes.
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path


def main(run: str) -> None:
    """Print the shares, for the run in this directory."""
    lines = [json.loads(line) for line in (Path(run) / "metrics.jsonl").read_text().splitlines()]
    steps = [line for line in lines if line["kind"] == "step" and "seconds/step" in line]
    # The first step also loads models and libraries.
    steps = steps[1:] or steps
    shares: dict[str, list[float]] = {}
    for line in steps:
        seconds = {name.partition("/")[2]: value for name, value in line.items() if name.startswith("seconds/")}
        total = seconds.pop("step")
        named = {
            "generation": seconds.pop("sampling"),
            "execution seen": seconds.pop("tables"),
            "arithmetic": sum(seconds.pop(name) for name in list(seconds) if name.startswith("update_")),
        }
        rest = total - sum(named.values())
        for name, value in (named | seconds | {"rest in all": rest}).items():
            shares.setdefault(name, []).append(value / total)
    typical = statistics.median(line["seconds/step"] for line in steps)
    print(f"{len(steps)} steps, median {typical:.2f} s; share of a step, median and largest")
    for name, values in shares.items():
        print(f"  {name:<16} {statistics.median(values):6.1%} {max(values):6.1%}")


main(sys.argv[1])
