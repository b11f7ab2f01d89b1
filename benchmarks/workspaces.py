"""Seconds to open, use and reset workspaces: `python benchmarks/workspaces.py --files 2000 --megabytes 40`.

The options give the size of the directory that the workspaces are opened on.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from sandbox import SandboxUnavailable
from sandbox.workspace import Command, open_workspace, shell
from sandbox.workspace.backends import bubblewrap

WAYS = {"bubblewrap, overlay": (True,), "bubblewrap, copy": (False,), "docker": (), "none": ()}


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--megabytes", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        fill(Path(place), wanted.files, wanted.megabytes << 20)
        print(f"seconds, median of {wanted.rounds}; {wanted.files} files, {wanted.megabytes} MB")
        print(f"{'':22}{'open':>8}{'true':>8}{'changes':>8}{'reset':>8}")
        for way, overlays in WAYS.items():
            if overlays:
                bubblewrap.OVERLAYS = overlays
            try:
                rows = [await once(Path(place), way.partition(",")[0]) for _ in range(wanted.rounds)]
            except SandboxUnavailable as error:
                print(f"{way:22} {error}")
                continue
            print(f"{way:22}" + "".join(f"{statistics.median(column):8.3f}" for column in zip(*rows, strict=True)))


def fill(place: Path, files: int, size: int) -> None:
    for number in range(files):
        folder = place / f"folder{number // 50}"
        folder.mkdir(exist_ok=True)
        (folder / f"file{number}").write_bytes(os.urandom(size // files))


async def once(place: Path, kind: str) -> list[float]:
    """Seconds to open a workspace, run `true`, list changes, and reset."""
    started = time.perf_counter()
    workspace = await open_workspace(place, kind=kind)
    seconds = [time.perf_counter() - started]

    async def timed(what: Callable[[], Awaitable[object]]) -> None:
        begun = time.perf_counter()
        await what()
        seconds.append(time.perf_counter() - begun)

    await timed(lambda: workspace.run(Command(("true",))))
    await workspace.run(Command(shell("echo x > new")))
    await timed(workspace.changes)
    await timed(workspace.reset)
    await workspace.close()
    return seconds


if __name__ == "__main__":
    asyncio.run(main())
