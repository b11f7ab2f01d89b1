"""Speed at which the bundled model samples a training step's rollouts, by the number of samples decoded side by side.

Samples of both roles for held-out micro problems are requested in one call, as in the trainer. Seconds are CPU seconds
of the decoding thread, so that other programs on the machine do not count; `wall` is the time that passes.

    python benchmarks/rollout_speed.py                          # 16 tasks x (16 programs + 16 tests)
    python benchmarks/rollout_speed.py --rows 256 --repeat 5
    python benchmarks/rollout_speed.py --model hf:DIRECTORY     # any checkpoint with the micro tokenizer
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cure.problem.file import load_problems
from cure.prompts import micro
from engines import LocalOptions, Request, Sampling
from engines.local.engine import LocalEngine

HELD_OUT = Path(__file__).parent.parent / "examples" / "micro-heldout.json"


def rollouts(tasks: int, samples: int, max_tokens: int, temperature: float) -> list[Request]:
    """The requests of one step; where there are fewer problems than tasks, they are repeated with other seeds."""
    problems = load_problems(HELD_OUT)
    requests = []
    for task in range(tasks):
        problem = problems[task % len(problems)]
        for role, prompt in (("coder", micro.coder_prompt(problem)), ("tester", micro.tester_prompt(problem))):
            drawn = Sampling(temperature=temperature, max_tokens=max_tokens, seed=1000 * task, stop=micro.STOP)
            requests.append(Request(f"{role}/{task}", prompt, samples, drawn))
    return requests


async def measure(engine: LocalEngine, requests: list[Request]) -> tuple[int, float, float, str]:
    """Tokens, CPU seconds of the decoding thread, wall seconds, and a hash of all samples."""
    started, cpu_started = time.monotonic(), engine.cpu_seconds()
    done = [completion async for completion in engine.complete(requests)]
    seconds, wall = engine.cpu_seconds() - cpu_started, time.monotonic() - started
    assert all(completion.finish != "error" for completion in done)
    sampled = sorted((c.key, c.index, c.token_ids, c.logprobs, c.text, c.finish) for c in done)
    digest = hashlib.sha256(json.dumps(sampled).encode()).hexdigest()
    return sum(c.usage.completion_tokens for c in done), seconds, wall, digest


async def run(arguments: argparse.Namespace) -> None:
    """Measure each number of rows and print a table with the fastest of the repeats."""
    from engines import open_engine

    requests = rollouts(arguments.tasks, arguments.samples, arguments.max_tokens, arguments.temperature)
    table = Table("rows", "samples", "tokens", "tokens / CPU s", "CPU s", "wall s", "samples' hash")
    for rows in arguments.rows:
        engine = await open_engine(arguments.model, LocalOptions(rows=rows, threads=arguments.threads))
        assert isinstance(engine, LocalEngine)
        await measure(engine, requests[:1])
        results = [await measure(engine, requests) for _ in range(arguments.repeat)]
        assert len({digest for *_, digest in results}) == 1, "the same requests gave other samples"
        tokens, seconds, wall, digest = min(results, key=lambda result: result[1])
        samples = sum(request.n for request in requests)
        table.add_row(
            str(rows),
            str(samples),
            f"{tokens:,}",
            f"{tokens / seconds:,.0f}",
            f"{seconds:.2f}",
            f"{wall:.2f}",
            digest[:8],
        )
        await engine.close()
    Console().print(table)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="micro")
    parser.add_argument("--rows", type=int, nargs="+", default=[64, 128, 256, 512])
    parser.add_argument("--tasks", type=int, default=16)
    parser.add_argument("--samples", type=int, default=16, help="samples of each role per task")
    parser.add_argument("--max-tokens", type=int, default=256)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=3)
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
