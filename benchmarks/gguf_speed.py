"""Tokens per CPU second of a GGUF model: samples of a prompt in one, in successive and in concurrent requests.

python benchmarks/gguf_speed.py MODEL.gguf [--threads 1] [--samples 8] [--tokens 96]
"""

from __future__ import annotations

import argparse
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from engines.gguf.server import Capacity, LlamaServer

LINES = "".join(
    f"Line {number}: the integer a_{number} is read from standard input and added to the running total "
    "modulo 1000007.\n"
    for number in range(14)
)
PROMPT = (
    "<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n"
    f"<|im_start|>user\nSolve this in Python.\n{LINES}<|im_end|>\n<|im_start|>assistant\n"
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--samples", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=96)
    given = parser.parse_args()
    ways = {
        "one request": [given.samples],
        "one after another": [1] * given.samples,
        "single requests at once": [1] * given.samples,
    }
    print(f"{given.model.name}, {given.threads} threads, {given.samples} samples of at most {given.tokens} tokens")
    for way, counts in ways.items():
        # A new server each time, since a server that has answered keeps the prompt in its cache.
        server = LlamaServer("benchmark", given.model, Capacity(given.threads, given.samples, 2048, 0))
        began, used = time.perf_counter(), time.process_time()
        with ThreadPoolExecutor(len(counts) if "at once" in way else 1) as threads:
            drawn = [threads.submit(sample, server, n, seed, given.tokens) for seed, n in enumerate(counts)]
            tokens = sum(done.result() for done in drawn)
        wall, cpu = time.perf_counter() - began, time.process_time() - used
        server.close()
        print(f"{way:24} {tokens / cpu:6.1f} tokens per CPU second, {tokens / wall:6.1f} per second", flush=True)


def sample(server: LlamaServer, count: int, seed: int, most: int) -> int:
    """Number of tokens that a request for `count` samples gave."""
    counted: list[int] = []

    def take(event: dict[str, Any]) -> bool:
        counted.extend([event["usage"]["completion_tokens"]] if event.get("usage") else [])
        return False

    body = {"prompt": PROMPT, "n": count, "max_tokens": most, "seed": seed, "stream": True, "samplers": ["temperature"]}
    server.ask({**body, "temperature": 0.8}, take)
    return sum(counted)


if __name__ == "__main__":
    main()
