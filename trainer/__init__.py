"""Trains coder and tester by reinforcement learning on execution tables (CURE, Algorithm 1).

`loop` is the algorithm. Its parts in the order of a step: `rollout` samples answers and runs their programs, `update`
turns tables into advantages and a loss, `policy` holds the weights, `record` writes the files of a run.
Around them: `config`, `distributed`, `plan` (`--dry-run`), `progress`, `commands`, `inspect`; `micro` is the micro lab,
small problems and a small model that learns on any machine.

Names are imported on first use, so that `import trainer` alone loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from trainer.config import Config, load
    from trainer.errors import EngineFailed, Interrupted, TrainerError
    from trainer.inspect.recorded import open_run
    from trainer.loop import train
    from trainer.record.recorder import Recorder

_MODULES = {
    "Config": "trainer.config",
    "EngineFailed": "trainer.errors",
    "Interrupted": "trainer.errors",
    "Recorder": "trainer.record.recorder",
    "TrainerError": "trainer.errors",
    "load": "trainer.config",
    "open_run": "trainer.inspect.recorded",
    "train": "trainer.loop",
}

__all__ = ["Config", "EngineFailed", "Interrupted", "Recorder", "TrainerError", "load", "open_run", "train"]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
