"""`cure-agent train PRESET|FILE.toml`: runs the training loop, in as many processes as the configuration asks for."""

from __future__ import annotations

import os
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

from trainer.config import Config, load
from trainer.distributed.launch import launch
from trainer.errors import Interrupted, TrainerError


def start(target: str, out: Path, overrides: tuple[str, ...]) -> int:
    """The exit code of a run, made in this process or in several that are started here.

    Raises TrainerError where the configuration is wrong, and what `run` raises where the run is made in this process.
    """
    config = load(target, overrides)
    count = processes(config)
    if count == 1 or "RANK" in os.environ:
        run(config, out)
        return 0
    return launch([target, str(out), *overrides], count)


def run(config: Config, out: Path) -> None:
    """Train in this process, alone or as one of the processes that a launcher started.

    Raises TrainerError where torch or transformers is missing or `out` holds another run, Interrupted after SIGTERM or
    Ctrl-C, and what `trainer.loop.train` raises.
    """
    require_packages()
    from cure.interrupt import run_interruptible
    from trainer.distributed.world import join_world
    from trainer.loop import train
    from trainer.progress.progress import Progress
    from trainer.progress.terminal import TerminalProgress
    from trainer.record.recorder import Recorder

    with join_world(config.train.device) as world:
        recorder = Recorder(out, config, world)
        display = TerminalProgress(config.steps, recorder.step) if world.rank == 0 else nullcontext(Progress())
        try:
            with display as progress:
                run_interruptible(train(recorder, progress))
        except KeyboardInterrupt as signal:
            raise Interrupted(f"ended by {signal}; the same command goes on from the last checkpoint") from None
        finally:
            recorder.close()


def require_packages() -> None:
    """Raise TrainerError where torch or transformers is not installed."""
    if missing := [name for name in ("torch", "transformers") if find_spec(name) is None]:
        raise TrainerError(f"training needs {' and '.join(missing)}: pip install 'cure-agent[local]'")


def processes(config: Config) -> int:
    """Number of processes to start on this host: as configured; for `auto` one per GPU, or one on the CPU."""
    wanted = config.train.processes
    if wanted != "auto":
        return wanted
    if config.train.device == "cpu" or find_spec("torch") is None:
        return 1
    import torch

    return max(1, torch.cuda.device_count())
