"""The process that solves for the terminal UI: `python -P -m tui.solving`.

It reads a job and then orders from standard input, a JSON object a line (`tui.job`), and writes to standard output
where the run is recorded and what failed. The end of standard input stops it as Ctrl-C would, so that a UI that was
killed leaves an interrupted run, which can be continued.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tui.job import Said, SolveJob, job_of

if TYPE_CHECKING:
    from agent.solve.settings import SolveSettings
    from cure.problem import Problem
    from settings.section import Section
    from tui.pausing import Gate

EXIT_INTERRUPTED = 130
PATIENCE_S = 30.0
"""Seconds after a stop until a process that still closes engines and sandbox is ended at once."""


def main() -> int:
    """The exit code of the solve, as that of `cure-agent solve`."""
    screen = Screen()
    try:
        line = next(screen.lines, None)
        return EXIT_INTERRUPTED if line is None else _work(job_of(line), screen)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:  # noqa: BLE001 (every error is shown on the screen, in words)
        screen.tell("failed", _words(error))
        exit_code = getattr(error, "exit_code", 1)
        return exit_code if isinstance(exit_code, int) else 1


class Screen:
    """The pipes from and to the UI. What else is printed goes to standard error, and standard input looks empty."""

    def __init__(self) -> None:
        read, self._written = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(2, 1)
        os.close(nothing)
        self.lines = _lines(read)

    def tell(self, kind: Any, words: str) -> None:
        """Write a message; a UI that is gone is no error."""
        with contextlib.suppress(OSError):
            os.write(self._written, Said(kind, words).to_line())


def _lines(descriptor: int) -> Iterator[bytes]:
    """The lines that can be read there. The descriptor is read without Python's locks, which a thread would hold at the
    end of the process."""
    rest = b""
    while data := os.read(descriptor, 1 << 16):
        *lines, rest = (rest + data).split(b"\n")
        yield from lines


def _work(job: SolveJob, screen: Screen) -> int:
    from agent.errors import RunError
    from agent.runs.record import load_run
    from agent.solve.recorded import settings_of
    from cure.interrupt import run_interruptible
    from cure.problem.file import load_problems
    from settings.gather import gather
    from settings.layers import layer
    from settings.registry import ENGINES

    found = gather(
        [job.kind, *ENGINES], {job.kind: layer(job.chosen, "the screen")}, [f"CURE_AGENT_{job.kind.upper()}"]
    )
    options, engines = found[job.kind].value, [found[name].value for name in ENGINES]
    if job.kind == "solve":
        (problem,) = load_problems("problem.json", json.dumps([job.problem]))
        settings = options.settings()
    else:
        recorded = load_run(Path(job.folder))
        if recorded.state.is_repository or not recorded.state.is_resumable:
            raise RunError(f"run {recorded.id} has no solve to continue; `cure-agent resume {recorded.id}` shows it")
        settings, problem = settings_of(recorded), recorded.problem()
    return run_interruptible(_solve(job, problem, settings, options.sandbox, engines, screen))


async def _solve(
    job: SolveJob, problem: Problem, settings: SolveSettings, sandbox: str, engines: list[Section], screen: Screen
) -> int:
    from rich.console import Console

    from agent.commands.running import solve_in_folder, started, with_styles
    from tui.pausing import Gate, gated

    gate = Gate()
    _obey(screen.lines, gate)
    screen.tell("starting", f"Starting {settings.coder} and the sandbox")
    async with started(Console(stderr=True), settings, sandbox, *engines) as session:
        outcome = await solve_in_folder(
            problem,
            with_styles(settings, session),
            gated(session, gate),
            notice=lambda _: None,
            unused=job.unused,
            resumes=Path(job.folder) if job.folder else None,
            begun=lambda folder: screen.tell("folder", str(folder)),
        )
    return outcome.result.exit_code


def _obey(lines: Iterator[bytes], gate: Gate) -> None:
    """Follow the orders of the UI in a thread of its own; the event loop is that of the caller."""
    loop = asyncio.get_running_loop()

    def follow() -> None:
        for line in lines:
            match json.loads(line)["order"]:
                case "pause":
                    loop.call_soon_threadsafe(gate.close)
                case "go on":
                    loop.call_soon_threadsafe(gate.open)
                case "stop":
                    break
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(PATIENCE_S)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=follow, daemon=True).start()


def _words(error: Exception) -> str:
    """What failed, for a person; an error that no user can act on is named with the place in the code."""
    if isinstance(getattr(error, "exit_code", None), int) or isinstance(error, OSError):
        return str(error)
    traceback.print_exc()
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(place.filename).name}:{place.lineno}"
    return f"cure-agent has a fault: {type(error).__name__}: {error} ({where}); `cure-agent solve --debug` tells more"


if __name__ == "__main__":
    sys.exit(main())
