"""A run on disk: its configuration, metrics, journals and checkpoints."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.config import Config, dump, load
from trainer.errors import TrainerError
from trainer.record.journal import Journal
from trainer.record.whole import write_whole

CHANGEABLE = ("steps", "checkpoints", "evaluation", "trackers", "execution", "rollout")
"""What may differ when a run is taken up again: it goes on, and nothing already done would have been otherwise."""


@dataclass(frozen=True)
class RunDirectory:
    """Paths of a run, and how its files are written: beside their place, then renamed into it."""

    path: Path

    @property
    def rollouts(self) -> Path:
        """Journals of the steps."""
        return self.path / "rollouts"

    @property
    def metrics(self) -> Path:
        """One line of JSON for each step and each evaluation."""
        return self.path / "metrics.jsonl"

    @property
    def config(self) -> Path:
        """The configuration as resolved."""
        return self.path / "config.toml"

    def open(self, config: Config) -> int:
        """Begin or take up the run: the last step with a checkpoint, 0 for a new one.

        Raises TrainerError when the directory holds another run. Metrics behind the checkpoint are cut off: those steps
        are made again.
        """
        self.rollouts.mkdir(parents=True, exist_ok=True)
        if self.config.is_file():
            self._compare(load(str(self.config)), config)
        elif any(self.path.glob("checkpoints/*")) or self.metrics.exists():
            raise TrainerError(f"{self.path} holds something else than a run of this program; name another with --out")
        write_whole(self.config, dump(config).encode())
        for partial in self.path.glob("checkpoints/*.partial"):
            shutil.rmtree(partial)
        last = max((step for step, _ in self.checkpoints()), default=0)
        if self.metrics.is_file():
            lines = [json.loads(line) for line in self.metrics.read_bytes().splitlines(keepends=True) if _whole(line)]
            kept = [line for line in lines if line["step"] <= last]
            write_whole(self.metrics, b"".join(json.dumps(line).encode() + b"\n" for line in kept))
        return last

    def _compare(self, before: Config, now: Config) -> None:
        old, new = (one.model_dump(exclude=set(CHANGEABLE)) for one in (before, now))
        if changed := _differences("", old, new):
            name, was, is_now = changed[0]
            raise TrainerError(
                f"{self.path} was begun with {name} = {was!r}, not {is_now!r}: go on with the same configuration, "
                f"or name another directory with --out"
            )

    def checkpoints(self) -> list[tuple[int, Path]]:
        """Steps with a complete checkpoint, in order."""
        found = [path for path in self.path.glob("checkpoints/step-*") if path.suffix != ".partial"]
        return sorted((int(path.name.removeprefix("step-")), path) for path in found)

    def checkpoint(self, step: int) -> Path:
        """Where the checkpoint of a step lies."""
        return self.path / "checkpoints" / f"step-{step:06d}"

    def prepare_checkpoint(self, step: int) -> Path:
        """The empty directory to write the checkpoint of a step into."""
        partial = self.checkpoint(step).with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        return partial

    def publish_checkpoint(self, step: int, state: dict[str, Any]) -> None:
        """Complete the checkpoint: everything is on disk before it gets its name."""
        partial = self.checkpoint(step).with_suffix(".partial")
        (partial / "state.json").write_text(json.dumps(state, indent=1) + "\n", encoding="utf-8")
        for file in (*partial.rglob("*"), partial):
            _sync(file)
        final = self.checkpoint(step)
        shutil.rmtree(final, ignore_errors=True)
        partial.rename(final)
        _sync(final.parent)

    def prune(self, keep_last: int, keep_every: int | None, say: Callable[[str], None] = lambda _: None) -> None:
        """Remove checkpoints that are neither among the last nor at a step to be kept for good."""
        for step, path in self.checkpoints()[:-keep_last]:
            if keep_every is None or step % keep_every:
                say(f"removing {path}")
                shutil.rmtree(path)

    def journal(self, step: int) -> Journal:
        """The journal of a step, begun or taken up."""
        return Journal(self.rollouts, step)

    def append_metrics(self, record: dict[str, Any]) -> None:
        """Add a line to the metrics."""
        with self.metrics.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _differences(name: str, old: object, new: object) -> list[tuple[str, object, object]]:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = sorted(old.keys() | new.keys())
        return [
            found
            for key in keys
            for found in _differences(f"{name}.{key}" if name else key, old.get(key), new.get(key))
        ]
    return [] if old == new else [(name, old, new)]


def _whole(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return line.endswith(b"\n")


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
