"""`cure-agent train PRESET|FILE.toml`: runs the training loop, in as many processes as the configuration says."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config import Config, dump, load
from trainer.errors import Interrupted, TrainerError

if TYPE_CHECKING:
    from types import FrameType

    from trainer.world import World


def start(target: str, out: Path, overrides: tuple[str, ...]) -> None:
    """Run here, or in processes that torchrun starts where there are to be several."""
    config = load(target, overrides)
    count = processes(config)
    if count == 1 or "RANK" in os.environ:
        run(config, out)
        return
    out.mkdir(parents=True, exist_ok=True)
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(count)]
    arguments = [*launcher, "-m", "trainer", target, str(out), *overrides]
    environment = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    child = subprocess.Popen(arguments, env=environment)
    with _forwarding(child):
        code = child.wait()
    if code:
        raise SystemExit(_exit_code(out, code))


def run(config: Config, out: Path) -> None:
    """Train in this process, alone or as one of a launcher's."""
    try:
        import torch  # noqa: F401 (the question is whether it is there)
        import transformers  # noqa: F401
    except ImportError as error:
        raise TrainerError(
            f"training needs torch and transformers: pip install 'cure-agent[local]' ({error})"
        ) from error
    from trainer.world import join_world

    with join_world(config.train.device) as world:
        _train(config, out, world)


def _train(config: Config, out: Path, world: World) -> None:
    from contextlib import nullcontext

    from trainer.loop import train
    from trainer.recorder import Recorder
    from trainer.show import Silent, Terminal

    recorder = Recorder(out, config, world)
    try:
        with Terminal(config.steps, recorder.step) if world.rank == 0 else nullcontext(Silent()) as show:
            asyncio.run(_until_ended(train(config, recorder, world, show)))
    finally:
        recorder.close()


async def _until_ended(training) -> None:  # type: ignore[no-untyped-def]  # a coroutine
    """Run until done; SIGTERM and Ctrl-C end it between two awaits, with everything closed behind it."""
    task = asyncio.ensure_future(training)
    loop = asyncio.get_running_loop()
    caught: list[int] = []

    def end(number: int, _: FrameType | None = None) -> None:
        caught.append(number)
        loop.call_soon_threadsafe(task.cancel)

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    try:
        await task
    except asyncio.CancelledError:
        if not caught:
            raise
        name = signal.Signals(caught[0]).name
        raise Interrupted(f"ended by {name}; the same command goes on from the last checkpoint") from None


def processes(config: Config) -> int:
    """How many processes to start on this host."""
    wanted = config.train.processes
    if wanted != "auto":
        return wanted
    if config.train.device == "cpu":
        return 1
    try:
        import torch
    except ImportError:
        return 1
    return max(1, torch.cuda.device_count())


class _forwarding:  # noqa: N801 (reads as a statement)
    """While it lasts, signals that end this process end the child, which closes what it has opened."""

    def __init__(self, child: subprocess.Popen[bytes]) -> None:
        self._child = child

    def __enter__(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda number, _: self._child.send_signal(number))

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)


def _exit_code(out: Path, code: int) -> int:
    """What the first process said its end was; the launcher only says that one failed."""
    note = out / "exit_code"
    try:
        return int(note.read_text())
    except (OSError, ValueError):
        return 130 if code < 0 else 1
    finally:
        note.unlink(missing_ok=True)


def describe(config: Config) -> str:
    """The resolved configuration as TOML."""
    return dump(config)
