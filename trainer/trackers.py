"""TensorBoard, W&B and trackio, each where it is asked for and installed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.config import Config
from trainer.config.schema import Trackers as Wanted
from trainer.errors import TrainerError
from trainer.measure import Metrics


class Trackers:
    """Sends numbers on; metrics.jsonl is written without it. Raises TrainerError where a package is missing."""

    def __init__(self, wanted: Wanted, directory: Path, config: Config) -> None:
        self._tensorboard: Any = None
        self._others: list[Any] = []
        settings = config.model_dump(mode="json")
        if wanted.tensorboard:
            try:
                from torch.utils.tensorboard import SummaryWriter
            except ImportError:
                raise TrainerError("trackers.tensorboard needs the package tensorboard: pip install it") from None
            writer: Any = SummaryWriter
            self._tensorboard = writer(str(directory / "tensorboard"))
        for name, project in (("wandb", wanted.wandb), ("trackio", wanted.trackio)):
            if project is None:
                continue
            try:
                module: Any = __import__(name)
            except ImportError:
                raise TrainerError(f"trackers.{name} needs the package {name}: pip install {name}") from None
            module.init(project=project, name=directory.name, config=settings, resume="allow")
            self._others.append(module)

    def log(self, step: int, metrics: Metrics) -> None:
        """Pass on the numbers of a step."""
        numbers = {name: value for name, value in metrics.items() if isinstance(value, (int, float))}
        for name, value in numbers.items() if self._tensorboard is not None else ():
            self._tensorboard.add_scalar(name, value, step)
        for module in self._others:
            module.log(numbers, step=step)

    def close(self) -> None:
        """Write what is held back."""
        if self._tensorboard is not None:
            self._tensorboard.close()
        for module in self._others:
            module.finish()
