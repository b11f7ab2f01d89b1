"""Small runs of the real loop: the bundled model, a sandbox, two tasks a step."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import torch

from trainer.config import Config, load
from trainer.distributed.world import World
from trainer.loop import train
from trainer.progress.progress import Progress
from trainer.record.recorder import Recorder

SMALL = (
    "train.processes=1",
    "data.tasks_per_step=2",
    "coder.samples=4",
    "tester.samples=4",
    "checkpoints.every=2",
    "checkpoints.keep_last=9",
    "evaluation.problems=none",
    "execution.sandbox=bubblewrap",
    "execution.slots=2",
)
ALONE = World(0, 1, torch.device("cpu"))


def small(*more: str) -> Config:
    """The micro preset with the settings SMALL; `more` are further settings, as KEY=VALUE."""
    return load("micro", (*SMALL, *more))


def run(config: Config, path: Path, progress: Progress | None = None) -> None:
    """Train in this process to the last step, or until an error is raised."""
    torch.set_num_threads(1)
    recorder = Recorder(path, config, ALONE)
    try:
        asyncio.run(train(recorder, progress or Progress()))
    finally:
        recorder.close()


def metrics(path: Path, kind: str = "step") -> list[dict[str, Any]]:
    """The recorded metrics of this kind, without times."""
    lines = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [
        {name: value for name, value in line.items() if not name.startswith("seconds/")}
        for line in lines
        if line["kind"] == kind
    ]


def weights(path: Path, step: int) -> bytes:
    """The weights of a checkpoint, byte for byte."""
    return (path / "checkpoints" / f"step-{step:06d}" / "model.safetensors").read_bytes()


def moments(path: Path, step: int) -> list[torch.Tensor]:
    """The optimiser's tensors of a checkpoint."""
    state = torch.load(path / "checkpoints" / f"step-{step:06d}" / "training.pt", weights_only=True)
    return [tensor for one in state["adam"]["state"].values() for tensor in one.values()]
