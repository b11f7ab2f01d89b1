"""Solves held-out micro problems end to end and runs every answer on the hidden tests.

Prints how many problems were solved, how many answers of each exit status are right, and the calibration of the stated
confidence.

    python benchmarks/solve_micro.py --count 100                                  # the bundled model, held-out kinds
    python benchmarks/solve_micro.py --problems examples/micro-heldout.json       # a file instead
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from agent import Outcome, SolveSettings, create_run, solve_problem
from agent.runs.recorder import Recorder
from cure.problem import Problem
from cure.problem.file import load_problems
from cure.session import open_session

BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 1.0001)


async def solve_all(problems: list[Problem], settings: SolveSettings, sandbox: str) -> list[Outcome]:
    """The outcome of every problem; the seed of the n-th problem is n larger than that of the settings."""
    console = Console(stderr=True)
    outcomes = []
    with tempfile.TemporaryDirectory() as state:
        async with open_session((settings.coder, settings.tester), sandbox) as session:
            for i, problem in enumerate(track(problems, "solving", console=console)):
                outcome = await solve_problem(
                    problem,
                    settings.model_copy(update={"seed": settings.seed + i}),
                    engines={"coder": session.engines[settings.coder], "tester": session.engines[settings.tester]},
                    sandbox=session.sandbox,
                    recorder=Recorder(create_run(Path(state))),
                )
                outcomes.append(outcome)
    return outcomes


def right(outcome: Outcome) -> bool:
    """Whether there is an answer and it passes every hidden test."""
    scored = outcome.state.scored
    return scored is not None and scored.passed == scored.total


def show(console: Console, outcomes: list[Outcome], seconds: float) -> None:
    solved = sum(map(right, outcomes))
    console.print(f"{solved} of {len(outcomes)} answers pass every hidden test")
    view = Table(title="what the status is worth", title_justify="left")
    for heading in ("status", "exit code", "problems", "answer right"):
        view.add_column(heading)
    counts = Counter((outcome.result.status, outcome.result.exit_code) for outcome in outcomes)
    for (status, code), count in sorted(counts.items(), key=lambda item: item[0][1]):
        correct = sum(right(outcome) for outcome in outcomes if outcome.result.status == status)
        view.add_row(status, str(code), str(count), str(correct))
    console.print(view)
    bands = Table(title="stated P(right)", title_justify="left")
    for heading in ("stated", "answers", "mean stated", "right"):
        bands.add_column(heading, justify="right")
    answered = [outcome for outcome in outcomes if outcome.chosen is not None]
    for low, high in pairwise(BANDS):
        inside = [outcome for outcome in answered if low <= outcome.result.confidence < high]
        if inside:
            mean = sum(outcome.result.confidence for outcome in inside) / len(inside)
            accuracy = sum(map(right, inside)) / len(inside)
            bands.add_row(f"{low:.2f} – {min(high, 1):.2f}", str(len(inside)), f"{mean:.3f}", f"{accuracy:.3f}")
    console.print(bands)
    tokens = sum(outcome.state.tokens for outcome in outcomes) / len(outcomes)
    console.print(f"{tokens:.0f} tokens and {seconds / len(outcomes):.2f} s a problem")


def held_out(count: int, seed: int) -> list[Problem]:
    """Problems of kinds the bundled model never saw in training."""
    from trainer.micro.problems import problem

    return [problem(seed, "heldout", index) for index in range(count)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", help="a problem file instead of generated problems")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=77)
    parser.add_argument("--model", default="micro")
    parser.add_argument("--sandbox", default="auto")
    parser.add_argument("--confident", type=float, default=SolveSettings().confident)
    parser.add_argument("-n", type=int, default=8)
    parser.add_argument("-m", type=int, default=8)
    parser.add_argument("--repair-rules", type=int, default=SolveSettings().repair_rules)
    options = parser.parse_args()
    problems = load_problems(options.problems) if options.problems else held_out(options.count, options.seed)
    settings = SolveSettings(
        coder=options.model,
        tester=options.model,
        n=options.n,
        m=options.m,
        max_tokens=512,
        confident=options.confident,
        repair_rules=options.repair_rules,
    )
    start = time.monotonic()
    outcomes = asyncio.run(solve_all(problems, settings, options.sandbox))
    show(Console(width=100), outcomes, time.monotonic() - start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
