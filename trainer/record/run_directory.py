"""A run on disk: its configuration, metrics, journals and checkpoints."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.json_lines import read_lines
from engines import write_atomically
from trainer.config import Config, dump, load
from trainer.errors import TrainerError

CHANGEABLE = ("steps", "checkpoints", "evaluation", "trackers", "execution", "rollout")
"""Parts of the configuration that may change when a run is continued: completed steps do not depend on them."""


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run, and how its files are read and written."""

    path: Path

    @property
    def rollouts(self) -> Path:
        """Directory of the steps' journals."""
        return self.path / "rollouts"

    @property
    def metrics(self) -> Path:
        """Path of the metrics: one line of JSON for each step and each evaluation."""
        return self.path / "metrics.jsonl"

    @property
    def config(self) -> Path:
        """Path of the resolved configuration, a TOML file."""
        return self.path / "config.toml"

    def open(self, config: Config) -> int:
        """The last step with a checkpoint, 0 for a new run, after beginning or continuing the run in this directory.

        Metrics of later steps are removed, because those steps are made again. Raises TrainerError where the directory
        holds something else, or a run with another configuration.
        """
        self.rollouts.mkdir(parents=True, exist_ok=True)
        if self.config.is_file():
            self._compare(load(str(self.config)), config)
        elif any(self.path.glob("checkpoints/*")) or self.metrics.exists():
            raise TrainerError(f"{self.path} holds something else than a run of this program; name another with --out")
        write_atomically(self.config, dump(config))
        for partial in self.path.glob("checkpoints/*.partial"):
            shutil.rmtree(partial)
        last = max((step for step, _ in self.checkpoints()), default=0)
        if self.metrics.is_file():
            kept = [line for line in self.read_metrics() if line["step"] <= last]
            write_atomically(self.metrics, (json.dumps(line) + "\n" for line in kept))
        return last

    def _compare(self, before: Config, now: Config) -> None:
        old, new = (flat_values(config, set(CHANGEABLE)) for config in (before, now))
        for name in sorted(old.keys() | new.keys()):
            if old.get(name) != new.get(name):
                raise TrainerError(
                    f"{self.path} was begun with {name} = {old.get(name)!r}, not {new.get(name)!r}: go on with the "
                    f"same configuration, or name another directory with --out"
                )

    def checkpoints(self) -> list[tuple[int, Path]]:
        """Steps with a complete checkpoint, in order, and its directory."""
        found = [path for path in self.path.glob("checkpoints/step-*") if path.suffix != ".partial"]
        return sorted((int(path.name.removeprefix("step-")), path) for path in found)

    def checkpoint(self, step: int) -> Path:
        """The directory of a step's checkpoint."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def prepare_checkpoint(self, step: int) -> Path:
        """The empty directory to write the checkpoint of a step into."""
        partial = self.checkpoint(step).with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        return partial

    def publish_checkpoint(self, step: int, state: dict[str, Any]) -> None:
        """Sync the checkpoint to disk with its `state.json`, then rename it to its final name."""
        partial = self.checkpoint(step).with_suffix(".partial")
        (partial / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        for file in (*partial.rglob("*"), partial):
            _sync(file)
        final = self.checkpoint(step)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        _sync(final.parent)

    def prune(self, keep_last: int, keep_every: int | None) -> None:
        """Remove all checkpoints but the last `keep_last` and those of steps divisible by `keep_every`."""
        for step, path in self.checkpoints()[:-keep_last]:
            if keep_every is None or step % keep_every:
                shutil.rmtree(path)

    def read_metrics(self) -> list[dict[str, Any]]:
        """The complete lines of the metrics, each with `step` and `kind`; none before the first step."""
        return [line for line in read_lines(self.metrics) if {"step", "kind"} <= line.keys()]

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add a line to the metrics; it is on disk when this returns."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())


def flat_values(config: Config, exclude: set[str]) -> dict[str, object]:
    """Values of the configuration by dotted name, without the keys and sections in `exclude`."""

    def flatten(name: str, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            return {name: value}
        parts = [flatten(f"{name}.{key}" if name else key, part) for key, part in value.items()]
        return {key: leaf for part in parts for key, leaf in part.items()}

    return flatten("", config.model_dump(mode="json", exclude=exclude))


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
