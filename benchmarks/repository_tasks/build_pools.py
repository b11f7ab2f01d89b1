"""Makes and stores the pools of stored tasks, and counts what is in them."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.repository_tasks.pools import (
    CoderAnswer,
    Pool,
    TesterAnswer,
    make_pool,
    pool_file,
    read_pool,
    write_pool,
)
from benchmarks.repository_tasks.store import read_tasks
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.trials import Bench
from sandbox import SandboxError


async def build_pools(store: Path, sources: Sequence[str], limit: int | None, bench: Bench) -> list[str]:
    """Store the pools that are not stored yet; returns why some could not be made."""
    failed = []
    for task in read_tasks(store, sources, limit):
        if pool_file(store, task.id).exists():
            continue
        began = time.monotonic()
        used = bench if task.source == "repo_bench" else bench.quick()
        try:
            write_pool(store, await make_pool(task, used))
        except (SandboxError, ValueError) as error:
            failed.append(f"{task.id}: {error}")
        print(f"{task.id}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return failed


def table(store: Path, sources: Sequence[str]) -> str:
    """Numbers of tasks and answers, a line per source, then of answers by kind."""
    tasks = [task for task in read_tasks(store, sources) if pool_file(store, task.id).exists()]
    lines = ["source         tasks  right edits  wrong edits  right tests  wrong tests  tasks without a right test"]
    for source in dict.fromkeys(task.source for task in tasks):
        pools = [read_pool(store, task.id) for task in tasks if task.source == source]
        without = sum(not any(each.right for each in pool.tester) for pool in pools)
        counts = "".join(f"{count:13}" for count in _counts(pools))
        lines.append(f"{source:14}{len(pools):6}{counts}{without:13}")
    for source in dict.fromkeys(task.source for task in tasks):
        pools = [read_pool(store, task.id) for task in tasks if task.source == source]
        lines += ["", f"{source}: edits by kind (right, wrong)", *_kinds(each for p in pools for each in p.coder)]
        lines += [f"{source}: tests by kind (right, wrong)", *_kinds(each for p in pools for each in p.tester)]
    return "\n".join(lines)


def _counts(pools: Sequence[Pool]) -> list[int]:
    edits = [each.right for pool in pools for each in pool.coder]
    tests = [each.right for pool in pools for each in pool.tester]
    return [sum(edits), len(edits) - sum(edits), sum(tests), len(tests) - sum(tests)]


def _kinds(answers: Iterable[CoderAnswer | TesterAnswer]) -> list[str]:
    """A line per kind with the numbers of right and wrong answers."""
    counted = Counter((each.kind, each.right) for each in answers)
    kinds = dict.fromkeys(kind for kind, _ in sorted(counted))
    return [f"  {kind:18}{counted[kind, True]:6}{counted[kind, False]:6}" for kind in kinds]


def tasks_with_pools(
    store: Path, sources: Sequence[str], limit: int | None = None
) -> list[tuple[RepositoryTask, Pool]]:
    """Stored tasks that have a pool, with it; at most `limit` of each source."""
    tasks = read_tasks(store, sources, limit)
    return [(task, read_pool(store, task.id)) for task in tasks if pool_file(store, task.id).exists()]
