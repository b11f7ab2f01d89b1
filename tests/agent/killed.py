"""Runs `cure-agent` again and again in forks of one process, each of which may kill itself after some recorded event.

Reads lines of JSON from standard input, `{"arguments": [...], "state": FOLDER, "kill_after": 3}`, and answers each
with the exit code on a line. Standard output of the command goes to FOLDER/stdout; every (program, input) that the
sandbox is asked to run is a line of FOLDER/executions.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from agent.command import main
from agent.runs.store import RunWriter
from sandbox.backends.trusted import Trusted
from settings.registry import SECTIONS

LOADED = (
    "agent.commands.running",
    "agent.commands.resume",
    "agent.commands.replay",
    "agent.solve.graph",
    "engines.http.engine",
)
"""Modules that take long to import; they are imported once, before the forks."""


def kill_after(count: int) -> None:
    """Make this process kill itself as soon as `count` events are recorded."""
    emit = RunWriter.emit
    left = count

    def emit_and_die(self: RunWriter, event: Any) -> None:
        nonlocal left
        emit(self, event)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    RunWriter.emit = emit_and_die  # type: ignore[method-assign]  # replaced for this test


def count_executions(path: Path) -> None:
    """Make the sandbox append a line to the file for every program and input that it is asked to run."""
    run = Trusted.run

    def run_and_tell(self: Trusted, jobs: Any) -> Any:
        with path.open("a") as lines:
            for job in jobs:
                lines.writelines(json.dumps([job.source, text.decode()]) + "\n" for text in job.inputs)
        return run(self, jobs)

    Trusted.run = run_and_tell  # type: ignore[method-assign]  # replaced for this test


def command(arguments: list[str], state: Path, kill: int | None) -> None:
    """Run the command and end this process."""
    state.mkdir(exist_ok=True)
    os.environ["CURE_AGENT_STATE"] = str(state)
    for number, name in ((1, "stdout"), (2, "stderr")):
        os.dup2(os.open(state / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    count_executions(state / "executions")
    if kill is not None:
        kill_after(kill)
    main(arguments)


def serve() -> None:
    """Answer the lines of standard input until it ends."""
    for name in (*LOADED, *(place.partition(":")[0] for place in SECTIONS.values())):
        import_module(name)
    for line in sys.stdin:
        order = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                command(order["arguments"], Path(order["state"]), order.get("kill_after"))
            except SystemExit as end:
                sys.stdout.flush()
                os._exit(end.code if isinstance(end.code, int) else 1)
            except BaseException:  # noqa: BLE001 (the fork must not continue its parent's loop)
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(99)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    serve()
