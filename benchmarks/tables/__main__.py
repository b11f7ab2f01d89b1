"""Execution tables of real models: builds those that come with the project, and says what is in them.

    python -m benchmarks.tables build --data ../shared/data
    python -m benchmarks.tables summary
    python -m benchmarks.tables summary benchmarks/tables/data/codegen-16b+codegen-16b.jsonl.gz

`build` executes the stored programs and tests of real models (`benchmarks/tables/sources.py` lists them) and writes a
file for each pair of a coder and a tester. Finished tables are kept in `--work`: the same command, given again, makes
only those that are missing.
`summary` prints for each file how much it holds, and how often some selectors choose a right program.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.tables.build import build, file_of, write
from benchmarks.tables.sources import Sources, gather
from benchmarks.tables.stored import DATA, stored_files
from benchmarks.tables.summary import summaries
from sandbox import open_sandbox

ANSWERS = Path("tests/data/real_answers/answers.jsonl.gz")


def main() -> None:
    given = _parser().parse_args()
    if given.command == "summary":
        print(summaries(given.files or stored_files()))
        return
    sources = gather(given.data, given.answers or [ANSWERS])
    asyncio.run(_build(sources, given))


async def _build(sources: Sources, given: argparse.Namespace) -> None:
    console = Console(stderr=True)
    wanted = [pair for pair in sources.pairs() if not given.only or "+".join(pair) in given.only]
    sandbox = await open_sandbox(given.sandbox)
    bar = Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), console=console
    )
    try:
        with bar:
            for pair in wanted:
                name, begun = "+".join(pair), time.monotonic()
                task = bar.add_task(name, total=len(sources.common(*pair)[: given.limit]))
                tables = await build(
                    sources,
                    pair,
                    given.work / f"{name}.jsonl",
                    sandbox,
                    limit=given.limit,
                    on_table=partial(bar.advance, task),
                )
                write(tables, file_of(pair, given.out))
                bar.remove_task(task)
                console.print(f"{name}: {len(tables)} tables, {time.monotonic() - begun:.0f} s")
    finally:
        await sandbox.close()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    building = commands.add_parser("build", help="execute stored programs and tests, and write the files")
    building.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    building.add_argument("--answers", type=Path, action="append", help=f"file of stored answers (default: {ANSWERS})")
    building.add_argument("--work", type=Path, default=Path("outputs/tables"), help="folder of tables made so far")
    building.add_argument("--out", type=Path, default=DATA, help="folder of the files (default: those of the project)")
    building.add_argument("--only", action="append", metavar="CODER+TESTER", help="build only this file")
    building.add_argument("--limit", type=int, help="only the first problems of each file")
    building.add_argument("--sandbox", default="bubblewrap")
    summing = commands.add_parser("summary", help="counts and first figures of files")
    summing.add_argument("files", type=Path, nargs="*", help="files of tables (default: those of the project)")
    return parser


if __name__ == "__main__":
    main()
