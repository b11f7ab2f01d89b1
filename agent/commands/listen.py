"""`cure-agent listen`: receives problems from the browser extension competitive-companion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from cure.problem.file import ProblemFile

PORT = 27121


@click.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="Port to listen on; 0 takes any free one.",
)
@click.option("--to", "folder", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default="here",
              help="Write problems into this folder.")  # fmt: skip
@click.option(
    "--solve", "solves", is_flag=True, help="Solve every problem received; the program is written beside its file."
)
@click.option("--count", type=click.IntRange(1), help="End after this number of problems.")
@click.argument("solve_options", nargs=-1, type=click.UNPROCESSED)
def listen(port: int, folder: Path, solves: bool, count: int | None, solve_options: tuple[str, ...]) -> int:
    """Receive problems that the browser extension competitive-companion sends, and write each as CURE's JSON.

    SOLVE_OPTIONS, after --, are those of `cure-agent solve`. Paths of files go to standard output, everything else to
    standard error. Ends after --count problems, with the highest exit code of the solves, or on Ctrl-C, with 130.
    """
    from cure.interrupt import run_interruptible

    if solve_options and not solves:
        raise click.UsageError("options of solve need --solve")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.BadParameter(f"{folder}: {error.strerror}", param_hint="--to") from error
    return run_interruptible(_listen(port, folder, list(solve_options) if solves else None, count))


async def _listen(port: int, folder: Path, solve_options: list[str] | None, count: int | None) -> int:
    """The highest exit code of the solves; with `solve_options` None problems are only written."""
    import asyncio
    import json
    from functools import partial

    from agent.receiver import HOST, receiving
    from cure.errors import ProblemError
    from cure.problem.companion import is_companion
    from cure.problem.file import read_problem_file

    loop = asyncio.get_running_loop()
    arrived: asyncio.Queue[ProblemFile] = asyncio.Queue()

    def read(value: object) -> ProblemFile:
        if not is_companion(value):
            raise ProblemError("this is no problem in the format of competitive-companion")
        try:
            return read_problem_file("received.json", json.dumps(value))
        except ProblemError as error:
            wrong = str(error).removeprefix("received.json: ")
            loop.call_soon_threadsafe(partial(click.echo, f"refused: {wrong}", err=True))
            raise ProblemError(wrong) from None

    def deliver(found: ProblemFile) -> None:
        loop.call_soon_threadsafe(arrived.put_nowait, found)

    worst = taken = 0
    with receiving(port, read, deliver) as used:
        click.echo(f"listening on {HOST}:{used} for problems from competitive-companion; Ctrl-C ends it", err=True)
        while count is None or taken < count:
            path = _write(await arrived.get(), folder)
            click.echo(path)
            taken += 1
            if solve_options is not None:
                worst = max(worst, await _solve(path, solve_options))
    return worst


def _write(received: ProblemFile, folder: Path) -> Path:
    """Write the problem to a file and return its path; a number is added to a name that another problem's file has."""
    import json
    import re

    from cure.problem.file import to_record

    (problem,) = received.problems
    for note in received.notes:
        click.echo(f"note: {note.replace('received.json', problem.name, 1)}", err=True)
    content = json.dumps(to_record(problem), ensure_ascii=False, indent=1) + "\n"
    stem = re.sub(r"[^\w.-]+", "-", problem.name).strip("-.")[:80] or "problem"
    number = 1
    while True:
        path = folder / (f"{stem}.json" if number == 1 else f"{stem}-{number}.json")
        try:
            if not path.exists():
                path.write_text(content, encoding="utf-8")
            elif path.read_text(encoding="utf-8", errors="replace") != content:
                number += 1
                continue
        except OSError as error:
            raise click.UsageError(f"cannot write {path}: {error.strerror}") from error
        return path


async def _solve(path: Path, options: list[str]) -> int:
    """The exit code of `cure-agent solve` on the file, run in a child process that is ended on cancellation."""
    import asyncio
    import sys

    command = (sys.executable, "-m", "agent", "solve", str(path), "--out", str(path.with_suffix(".py")), *options)
    process = await asyncio.create_subprocess_exec(*command, stdin=asyncio.subprocess.DEVNULL)
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()
