"""How long the index of a large repository takes: the first time, the second time, and with one file changed.

    python benchmarks/repository_index_speed.py --files 10000             # files drawn from this interpreter's packages
    python benchmarks/repository_index_speed.py --packages torch,sympy    # whole packages, a tree for each

Each line has seconds of wall and CPU time for: words of all files, places for a task (symbols of the best files), the
map. Each start is a process of its own; `warm` has the cache of the first one.
"""

from __future__ import annotations

import argparse
import random
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.files import ChangedFiles, Files, blob_name
from agent.repository.source import build_index, localise, render

TASK = """Columns of tables become too wide when cells have terminal hyperlinks: the address is counted. See
render_table() and the width of text with colours."""


@dataclass(frozen=True)
class Held:
    """Files in memory with the names of their contents, as git has them."""

    contents: dict[str, bytes]
    blobs: dict[str, str] = field(default_factory=dict)

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return self.blobs[path]


def held(root: Path, files: Sequence[Path]) -> Held:
    """These files by their paths below the root."""
    contents = {file.relative_to(root).as_posix(): file.read_bytes() for file in files}
    return Held(contents, {path: blob_name(data) for path, data in contents.items()})


@dataclass(frozen=True)
class Seconds:
    """Wall and CPU seconds."""

    wall: float
    cpu: float

    def __str__(self) -> str:
        return f"{self.wall:.2f} s ({self.cpu:.2f} CPU)"


def seconds(since: tuple[float, float]) -> Seconds:
    """The time since then, a pair of wall and CPU clock."""
    return Seconds(time.perf_counter() - since[0], time.process_time() - since[1])


def now() -> tuple[float, float]:
    """Wall and CPU clock."""
    return time.perf_counter(), time.process_time()


def measure(label: str, files: Files, cache: Path) -> None:
    """Prints how long one start takes."""
    begun = now()
    index = build_index(files, cache)
    words, since = seconds(begun), now()
    found = localise(index, TASK)
    places, since_map = seconds(since), now()
    render(index, found, 1500)
    print(f"  {label:12} {seconds(begun)}: words {words}, places {places}, map {seconds(since_map)}", flush=True)


def start(label: str, root: Path, paths: Sequence[Path], cache: Path) -> None:
    """Prints how long a start takes; that of `one changed` has a file with a function more than before."""
    files = held(root, paths)
    changed = next(path for path in files.paths if b"import" in files.contents[path])
    edit = {changed: files.contents[changed] + b"\n\ndef added(): ...\n"} if label == "one changed" else {}
    measure(label, ChangedFiles(files, edit), cache)


def three_starts(name: str, root: Path, paths: Sequence[Path]) -> None:
    """Prints the figures of one tree."""
    files = held(root, paths)
    megabytes = sum(map(len, files.contents.values())) / 1e6
    skipped = len(build_index(files).skipped)
    print(f"{name}: {len(paths)} files, {megabytes:.0f} MB, {skipped} left out", flush=True)
    with TemporaryDirectory() as folder:
        for label in ("cold", "warm", "one changed"):
            # What an earlier start left in memory makes the garbage collector slow, and caches of words warm.
            process = get_context("spawn").Process(target=start, args=(label, root, paths, Path(folder)))
            process.start()
            process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--packages", help="names of packages, with commas between")
    parser.add_argument("--root", type=Path, default=Path(sysconfig.get_path("purelib")))
    options = parser.parse_args()
    if options.packages:
        for package in options.packages.split(","):
            files = [file for file in (options.root / package).rglob("*") if file.is_file() and file.suffix != ".pyc"]
            three_starts(package, options.root, files)
        return
    every = sorted(options.root.rglob("*.py"))
    drawn = random.Random(0).sample(every, min(options.files, len(every)))
    three_starts(f"drawn from {options.root}", options.root, drawn)


if __name__ == "__main__":
    main()
