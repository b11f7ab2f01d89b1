"""`cure-agent train PRESET|FILE.toml`: runs the training loop, in as many processes as the configuration says."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config import Config, load
from trainer.distributed.launch import launch
from trainer.errors import Interrupted, TrainerError

if TYPE_CHECKING:
    from types import FrameType

    from trainer.distributed.world import World


def start(target: str, out: Path, overrides: tuple[str, ...]) -> int:
    """Run here, or in processes of their own where there are to be several; the exit code."""
    config = load(target, overrides)
    count = processes(config)
    if count == 1 or "RANK" in os.environ:
        run(config, out)
        return 0
    return launch([target, str(out), *overrides], count)


def run(config: Config, out: Path) -> None:
    """Train in this process, alone or as one of a launcher's."""
    try:
        import torch  # noqa: F401 (the question is whether it is there)
        import transformers  # noqa: F401
    except ImportError as error:
        raise TrainerError(
            f"training needs torch and transformers: pip install 'cure-agent[local]' ({error})"
        ) from error
    from trainer.distributed.world import join_world

    with join_world(config.train.device) as world:
        _train(config, out, world)


def _train(config: Config, out: Path, world: World) -> None:
    from contextlib import nullcontext

    from trainer.loop import train
    from trainer.progress.progress import Progress
    from trainer.progress.terminal import TerminalProgress
    from trainer.record.recorder import Recorder

    recorder = Recorder(out, config, world)
    try:
        with TerminalProgress(config.steps, recorder.step) if world.rank == 0 else nullcontext(Progress()) as show:
            asyncio.run(_until_ended(train(config, recorder, world, show)))
    finally:
        recorder.close()


async def _until_ended(training: Coroutine[None, None, None]) -> None:
    """Run until done. SIGTERM and Ctrl-C cancel it, so that everything opened is closed; a second one ends it hard."""
    task = asyncio.ensure_future(training)
    loop = asyncio.get_running_loop()
    caught: list[int] = []

    def end(number: int, _: FrameType | None = None) -> None:
        caught.append(number)
        signal.signal(number, signal.SIG_DFL)
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
