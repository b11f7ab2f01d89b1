"""Makes tasks and pools of answers, and prints how many there are.

    python -m benchmarks.repository_tasks rebuild --python VENV/bin/python
    python -m benchmarks.repository_tasks prepare --python VENV/bin/python
    python -m benchmarks.repository_tasks pools --python VENV/bin/python
    python -m benchmarks.repository_tasks table
    python -m benchmarks.repository_tasks applied --python VENV/bin/python

`rebuild` makes the repositories of repo_bench out of source releases, which pip fetches once. `prepare` makes a task of
every bug, and `pools` answers of coders and testers with measured truth; both keep what is stored, so that a second
call goes on where an earlier one ended. VENV needs pytest and what README.md of repo_bench lists. `applied` reads all
answers as the agent reads them, where the functions that the fix changes were shown, and prints how many are refused,
and how many have another truth then.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.repository_tasks.build_pools import build_pools, table, tasks_with_pools
from benchmarks.repository_tasks.prepare import Places, prepare
from benchmarks.repository_tasks.repo_bench import rebuild
from benchmarks.repository_tasks.task import SOURCES
from benchmarks.repository_tasks.trials import Bench


def main() -> int:
    """Do what the command line says; 1 where a task or pool could not be made."""
    asked = _parser().parse_args()
    places = Places(asked.data, asked.store, asked.built, asked.releases)
    sources = tuple(asked.sources.split(","))
    if asked.what == "rebuild":
        rebuild(asked.data, asked.python, asked.built, asked.releases)
        return 0
    if asked.what == "table":
        print(table(asked.store, sources))
        return 0
    bench = Bench(asked.python)
    if asked.what == "applied":
        print(asyncio.run(_applied(asked.store, sources, asked.limit, bench)))
        return 0
    if asked.what == "prepare":
        failed = asyncio.run(prepare(places, sources, asked.limit, bench))
    else:
        failed = asyncio.run(build_pools(asked.store, sources, asked.limit, bench))
    print("\n".join(failed), file=sys.stderr)
    return 1 if failed else 0


async def _applied(store: Path, sources: Sequence[str], limit: int | None, bench: Bench) -> str:
    from benchmarks.repository_tasks import applied

    found = []
    for task, pool in tasks_with_pools(store, sources, limit):
        used = bench if task.source == "repo_bench" else bench.quick()
        found += [*await applied.apply_edits(task, pool, used), *await applied.apply_tests(task, pool, used)]
    for each in found:
        if each.answer.right != each.right:
            print(f"{each.task} {each.answer.id}: {each.refused or 'another truth'}", file=sys.stderr)
    return applied.table(found)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["rebuild", "prepare", "pools", "table", "applied"])
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder of real data")
    parser.add_argument("--store", type=Path, default=Path("runs/repository"), help="folder of stored tasks and pools")
    parser.add_argument("--built", type=Path, default=Path("runs/repo_bench"), help="repositories of repo_bench")
    parser.add_argument("--releases", type=Path, default=Path("~/.cache/repo_bench").expanduser())
    parser.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter for the tests")
    parser.add_argument("--sources", default=",".join(SOURCES), help="sources, separated by commas")
    parser.add_argument("--limit", type=int, help="at most this many tasks of each source")
    return parser


if __name__ == "__main__":
    sys.exit(main())
