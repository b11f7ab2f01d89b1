"""Sends the numbers of a run to TensorBoard, W&B and trackio, whichever the configuration names.

A run that is continued repeats the steps after its last checkpoint, bit for bit, and their lines in metrics.jsonl are
replaced. Trackers cannot take numbers back, and treat a repeated step differently:

- TensorBoard keeps both points, so its curves would run back and forth;
- W&B drops numbers of an earlier step than the last, with a warning;
- trackio keeps both rows.

So each number is passed on once: `trackers.json` in the run's directory has the last step sent to each tracker.
When the run is opened, later lines of metrics.jsonl, such as those from before a tracker was configured, are sent.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from engines import write_atomically
from trainer.config import Config
from trainer.config.schema import TrackersConfig
from trainer.errors import TrainerError
from trainer.record.measure import Metrics
from trainer.record.run_directory import RunDirectory

FILE = "trackers.json"
"""File in the run's directory with the last step sent to each tracker, and the run's id at the trackers."""


class Tracker(Protocol):
    """A service or a file that keeps the numbers of a run."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Pass on the numbers of a step. The tracker writes them now or soon."""

    def close(self) -> None:
        """Write numbers that are held back, and close the tracker."""


class TensorBoard:
    """Event files in the run's directory, under `tensorboard/`."""

    def __init__(self, directory: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        writer: Any = SummaryWriter
        self._writer = writer(str(directory / "tensorboard"))

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)
        # Without a flush, numbers are held back for two minutes, and lost if the run is killed.
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class WandB:
    """A run of W&B, continued when the training run is continued; offline, each start writes files for `wandb sync`."""

    def __init__(self, directory: Path, project: str, identity: str, settings: dict[str, Any]) -> None:
        import wandb

        module: Any = wandb
        self._run = module.init(
            project=project,
            id=identity,
            name=directory.name,
            config=settings,
            resume="allow",
            dir=str(directory),
            # Progress bars are not to be recorded as output.
            settings=module.Settings(console="off"),
        )

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        self._run.log(dict(numbers), step=step)

    def close(self) -> None:
        self._run.finish()


class Trackio:
    """A run of trackio, in its local database or in a Space. Part of the run's id makes the name unique."""

    def __init__(self, directory: Path, project: str, identity: str, settings: dict[str, Any]) -> None:
        import trackio

        module: Any = trackio
        self._finish: Callable[[], None] = module.finish
        """`trackio.finish`, since after the run's own method trackio would finish the run again at interpreter exit."""
        with redirect_stdout(sys.stderr):
            name = f"{directory.name}-{identity[:4]}"
            self._run = module.init(project=project, name=name, config=settings, resume="allow")

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        self._run.log(dict(numbers), step=step)

    def close(self) -> None:
        with redirect_stdout(sys.stderr):
            self._finish()


class Trackers:
    """Passes numbers on to all trackers. A tracker that fails is not used again; the run goes on.

    Nothing is lost: metrics.jsonl has all numbers.
    """

    def __init__(self, wanted: TrackersConfig, directory: Path, config: Config) -> None:
        """Open the trackers wanted and send the lines they lack. Raises TrainerError where one cannot be opened."""
        self._file = directory / FILE
        known = json.loads(self._file.read_text(encoding="utf-8")) if self._file.is_file() else {}
        identity = str(known.get("id") or uuid.uuid4().hex[:12])
        self._sent: dict[str, list[int]] = {name: list(last) for name, last in known.get("told", {}).items()}
        """Last numbers sent to each tracker: a step, and 0 for the step itself or 1 for the evaluation after it."""
        self._identity = identity
        settings = config.model_dump(mode="json")
        self._trackers: dict[str, Tracker] = {}
        if wanted.tensorboard:
            self._open("tensorboard", lambda: TensorBoard(directory))
        if (project := wanted.wandb) is not None:
            self._open("wandb", lambda: WandB(directory, project, identity, settings))
        if (space := wanted.trackio) is not None:
            self._open("trackio", lambda: Trackio(directory, space, identity, settings))
        if self._trackers:
            for line in RunDirectory(directory).read_metrics():
                self.log(line["step"], {name: value for name, value in line.items() if name not in ("step", "kind")})

    def _open(self, name: str, make: Callable[[], Tracker]) -> None:
        try:
            self._trackers[name] = make()
        except ImportError as error:
            missing = "cure-agent[trackers]"
            raise TrainerError(f"trackers.{name} needs the package {name}: pip install '{missing}' ({error})") from None
        except Exception as error:
            raise TrainerError(f"trackers.{name}: {' '.join(str(error).split())}") from error

    def log(self, step: int, metrics: Metrics) -> None:
        """Send the numbers of a step, or of the evaluation after it, to the trackers that do not have them yet."""
        at = [step, int(any(name.startswith("eval/") for name in metrics))]
        numbers = {name: value for name, value in metrics.items() if isinstance(value, (int, float))}
        has_sent = False
        for name, tracker in list(self._trackers.items()):
            if at > self._sent.get(name, [-1, 0]):
                has_sent |= self._try(name, lambda tracker=tracker: tracker.log(step, numbers))  # type: ignore[misc]
                self._sent[name] = at
        if has_sent:
            write_atomically(self._file, json.dumps({"id": self._identity, "told": self._sent}) + "\n")

    def close(self) -> None:
        """Write numbers that are held back, and close all trackers."""
        for name, tracker in list(self._trackers.items()):
            self._try(name, tracker.close)
        self._trackers.clear()

    def _try(self, name: str, act: Callable[[], None]) -> bool:
        """Whether `act` succeeded. An error is reported once, and that tracker is not used again."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 (errors of foreign code and of a network must not end days of training)
            del self._trackers[name]
            sys.stderr.write(f"trackers.{name} failed, it gets no further numbers: {' '.join(str(error).split())}\n")
            return False
        return True
