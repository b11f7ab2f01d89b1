"""Makes and stores the tasks of all sources; what is stored is kept."""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.repository_tasks import humanevalpack, quixbugs
from benchmarks.repository_tasks.measure import task_of_built, task_of_program
from benchmarks.repository_tasks.program import neighbours
from benchmarks.repository_tasks.repo_bench import read_built
from benchmarks.repository_tasks.store import task_file, vaguer_wordings, write_task
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.trials import Bench

_NEIGHBOURS = 4


@dataclass(frozen=True)
class Places:
    """Where things are on this machine."""

    data: Path
    """The folder of real data, with `quixbugs`, `humanevalpack` and `repo_bench`."""
    store: Path
    """The folder of stored tasks and pools."""
    built: Path
    """The folder of repositories that `rebuild.py build` made."""
    releases: Path
    """The folder of unpacked releases that it keeps."""


async def prepare(places: Places, sources: Sequence[str], limit: int | None, bench: Bench) -> list[str]:
    """Store the tasks of these sources that are not stored yet; returns why some could not be made."""
    failed = []
    for name, make in _makers(places, sources, limit, bench):
        if task_file(places.store, name).exists():
            continue
        began = time.monotonic()
        try:
            write_task(places.store, await make())
        except ValueError as error:
            failed.append(str(error))
        print(f"{name}: {time.monotonic() - began:.1f} s", file=sys.stderr, flush=True)
    return failed


Make = Callable[[], Awaitable[RepositoryTask]]


def _makers(places: Places, sources: Sequence[str], limit: int | None, bench: Bench) -> Iterator[tuple[str, Make]]:
    words, quick = vaguer_wordings(), bench.quick()
    if "repo_bench" in sources:
        for built in read_built(places.data, places.built, places.releases)[:limit]:
            yield built.id, partial(task_of_built, built, words.get(built.id), bench)
    for source, reader, package in (
        ("quixbugs", quixbugs, quixbugs.PACKAGE),
        ("humanevalpack", humanevalpack, humanevalpack.PACKAGE),
    ):
        if source not in sources:
            continue
        programs = reader.read_programs(places.data)
        extra = {f"{package}/node.py": quixbugs.node_module(places.data)} if source == "quixbugs" else {}
        for number, program in enumerate(programs[:limit]):
            others = neighbours(programs, number, _NEIGHBOURS)
            name = f"{program.source}-{program.number}"
            yield name, partial(task_of_program, program, package, others, extra, words.get(name), quick)
