"""TensorBoard, W&B and trackio, each where it is asked for and installed.

A run that is taken up again makes the steps behind its last checkpoint again, bit for bit, and metrics.jsonl is cut
back to match. Trackers cannot be cut back, and each does something else with a step that comes twice:

- TensorBoard keeps both points, so its curves would run back and forth;
- W&B drops what comes for an earlier step than the last, with a warning;
- trackio keeps both rows.

So nothing is passed on twice: `trackers.json` in the run's directory says how far each tracker has been told. What
metrics.jsonl has beyond that, as when a tracker is asked for later, is passed on when the run is opened.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Protocol

from trainer.config import Config
from trainer.config.schema import TrackersConfig
from trainer.errors import TrainerError
from trainer.record.measure import Metrics

FILE = "trackers.json"


class Tracker(Protocol):
    """Somewhere numbers go."""

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        """Pass on the numbers of a step; they are written when this returns, or soon after."""

    def close(self) -> None:
        """Write what is held back."""


class TensorBoard:
    """Event files in the run's directory, under `tensorboard/`."""

    def __init__(self, directory: Path) -> None:
        from torch.utils.tensorboard import SummaryWriter

        writer: Any = SummaryWriter
        self._writer = writer(str(directory / "tensorboard"))

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        for name, value in numbers.items():
            self._writer.add_scalar(name, value, step)
        # It would hold them back for two minutes, and a run that is killed would not pass them on again.
        self._writer.flush()

    def close(self) -> None:
        self._writer.close()


class WandB:
    """A run of W&B. The same run when it is taken up again; offline every start is a part of it, for `wandb sync`."""

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
            # The bars on the terminal are not for the record.
            settings=module.Settings(console="off"),
        )

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        self._run.log(dict(numbers), step=step)

    def close(self) -> None:
        self._run.finish()


class Trackio:
    """A run of trackio: in its local database, or in a Space. Its name has a part of its own: others may share ours."""

    def __init__(self, directory: Path, project: str, identity: str, settings: dict[str, Any]) -> None:
        import trackio

        module: Any = trackio
        self._finish: Callable[[], None] = module.finish
        """Unlike the run's own, it does not leave the run to be finished once more when the interpreter ends."""
        with redirect_stdout(sys.stderr):
            name = f"{directory.name}-{identity[:4]}"
            self._run = module.init(project=project, name=name, config=settings, resume="allow")

    def log(self, step: int, numbers: Mapping[str, float]) -> None:
        self._run.log(dict(numbers), step=step)

    def close(self) -> None:
        with redirect_stdout(sys.stderr):
            self._finish()


class Trackers:
    """Passes numbers on; metrics.jsonl is written without it. A tracker that fails is left, and the run goes on."""

    def __init__(self, wanted: TrackersConfig, directory: Path, config: Config) -> None:
        """Open those wanted and tell them what they have missed. Raises TrainerError where one cannot be had."""
        self._file = directory / FILE
        known = json.loads(self._file.read_text(encoding="utf-8")) if self._file.is_file() else {}
        identity = str(known.get("id") or uuid.uuid4().hex[:12])
        self._told: dict[str, list[int]] = {name: list(told) for name, told in known.get("told", {}).items()}
        """How far each tracker has been told: a step, and 0 for its own figures or 1 for the evaluation after it."""
        self._identity = identity
        settings = config.model_dump(mode="json")
        self._trackers: dict[str, Tracker] = {}
        if wanted.tensorboard:
            self._open("tensorboard", lambda: TensorBoard(directory))
        if (project := wanted.wandb) is not None:
            self._open("wandb", lambda: WandB(directory, project, identity, settings))
        if (space := wanted.trackio) is not None:
            self._open("trackio", lambda: Trackio(directory, space, identity, settings))
        if self._trackers and (metrics := directory / "metrics.jsonl").is_file():
            for line in map(json.loads, metrics.read_text(encoding="utf-8").splitlines()):
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
        """Pass on the numbers of a step, or of the evaluation after it, to those that have not been told them."""
        at = [step, int(any(name.startswith("eval/") for name in metrics))]
        numbers = {name: value for name, value in metrics.items() if isinstance(value, (int, float))}
        told = False
        for name, tracker in list(self._trackers.items()):
            if at > self._told.get(name, [-1, 0]):
                told |= self._try(name, lambda tracker=tracker: tracker.log(step, numbers))  # type: ignore[misc]
                self._told[name] = at
        if told:
            partial = self._file.with_name(FILE + ".partial")
            partial.write_text(json.dumps({"id": self._identity, "told": self._told}) + "\n", encoding="utf-8")
            partial.replace(self._file)

    def close(self) -> None:
        """Write what is held back."""
        for name, tracker in list(self._trackers.items()):
            self._try(name, tracker.close)
        self._trackers.clear()

    def _try(self, name: str, act: Callable[[], None]) -> bool:
        """Whether it went well. Days of training shall not end with a tracker."""
        try:
            act()
        except Exception as error:  # noqa: BLE001 (of whatever kind: other people's code, and a network)
            del self._trackers[name]
            sys.stderr.write(f"trackers.{name} failed, nothing more goes there: {' '.join(str(error).split())}\n")
            return False
        return True
