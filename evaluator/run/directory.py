"""The directory of an evaluation, and the search for the run that a command continues."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from engines import write_atomically
from evaluator.run.settings import Settings


@dataclass(frozen=True)
class RunDirectory:
    """The paths of the files of an evaluation."""

    path: Path

    @property
    def config(self) -> Path:
        """The file of the settings, as JSON."""
        return self.path / "config.json"

    def samples(self, role: str) -> Path:
        """The file of a role's samples, one on each line."""
        return self.path / "samples" / f"{role}.jsonl"

    def batches(self, roles: Sequence[str]) -> Path:
        """The file of the state of batches that ask one model for the samples of these roles."""
        return self.path / f"batches-{'-'.join(roles)}.json"

    @property
    def tables(self) -> Path:
        """The file of execution tables, with a line for each problem."""
        return self.path / "tables.jsonl"

    @property
    def metrics(self) -> Path:
        """The file of the metrics, in the modes `release` and `standard`."""
        return self.path / "metrics.json"

    @property
    def report(self) -> Path:
        """The page of the report."""
        return self.path / "report.html"

    def read_settings(self) -> Settings:
        """The settings of the run. Raises ProblemError if the directory holds none."""
        try:
            return Settings.from_record(self._read_config()["settings"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ProblemError(f"{self.path} holds no evaluation ({error})") from None

    def problem_names(self) -> list[str]:
        """The names of the run's problems, in order; none where their list cannot be read."""
        try:
            names: list[str] = json.loads((self.path / "problems.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return []
        return names

    def write_config(self, settings: Settings, facts: dict[str, Any], problems: Sequence[str] = ()) -> None:
        """Write the settings and further facts about the run; a new directory is made, with the names of the problems.

        A new directory appears with complete files. An existing one keeps its problem names and the time of its start.
        Raises ProblemError where the new directory cannot be made.
        """
        if self.config.is_file():
            facts = {**facts, "begun": self._read_config().get("begun", "unknown")}
            write_atomically(self.config, _config(settings, facts))
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=self.path.parent, ignore_cleanup_errors=True) as folder:
            ready = Path(folder) / self.path.name
            ready.mkdir()
            (ready / "config.json").write_text(_config(settings, facts), encoding="utf-8")
            (ready / "problems.json").write_text(json.dumps([*problems]) + "\n", encoding="utf-8")
            try:
                ready.rename(self.path)
            except OSError as error:
                raise ProblemError(f"{self.path}: cannot be made ({error.strerror}); give the command again") from error

    def _read_config(self) -> dict[str, Any]:
        config: dict[str, Any] = json.loads(self.config.read_text(encoding="utf-8"))
        return config


def find_or_choose(outputs: Path, settings: Settings, fresh: bool) -> RunDirectory:
    """The newest run under `outputs` whose settings have the same identity.

    Where there is none, or `fresh` is set, a directory OUTPUTS/MODEL/DATASET/TIME that does not exist yet. Raises
    ProblemError where the settings of a run in OUTPUTS/MODEL/DATASET cannot be read.
    """
    parent = outputs / _models(settings) / _slug(Path(settings.dataset).stem)
    if not fresh:
        for path in sorted(parent.glob("*"), reverse=True):
            run = RunDirectory(path)
            if run.config.is_file() and run.read_settings().identity() == settings.identity():
                return run
    begun = time.strftime("%Y-%m-%d_%H-%M-%S")
    path, number = parent / begun, 1
    while path.exists():
        number += 1
        path = parent / f"{begun}-{number}"
    return RunDirectory(path)


def _config(settings: Settings, facts: dict[str, Any]) -> str:
    return json.dumps({"settings": settings.to_record(), **facts}, indent=1) + "\n"


def _models(settings: Settings) -> str:
    specs = dict.fromkeys(role.model for role in settings.roles.values())
    return "+".join(_slug(spec) for spec in specs)


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("-.")[-60:] or "model"
