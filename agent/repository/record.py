"""The record of a task in a repository, as a run stores it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import RunError


@dataclass(frozen=True, kw_only=True)
class TaskRecord:
    """What a run is about: a task, and the state of a repository."""

    task: str
    root: str
    """The top of the repository's working tree."""
    standing: str
    """The directory that the user stood in, relative to the root."""
    commit: str
    """The snapshot of the working tree, a commit in the repository's objects."""
    head: str | None
    """The commit that was checked out; None before the first commit."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Paths that the snapshot does not hold, each with the reason."""

    @property
    def directory(self) -> Path:
        """The directory that the user stood in."""
        return Path(self.root) / self.standing

    @property
    def name(self) -> str:
        """The first line of the task, at most 72 characters."""
        line = self.task.strip().partition("\n")[0]
        return line if len(line) <= 72 else line[:71] + "…"

    def to_json(self) -> str:
        """The record as JSON."""
        return json.dumps(asdict(self))


def task_record(text: str) -> TaskRecord:
    """The record in this JSON. Raises RunError where it is none."""
    try:
        fields = json.loads(text)
        fields["left_out"] = tuple(map(tuple, fields["left_out"]))
        return TaskRecord(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(f"the run's record of its task cannot be read: {error}") from error
