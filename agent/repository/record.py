"""The record of a task in a repository, as a run stores it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from agent.errors import RunError

MOST_LINES = 60
"""Lines of a patch that was not accepted that prompts show."""


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
    remarks: tuple[tuple[str, str], ...] = ()
    """Patches of earlier runs that the user did not accept, each with what is wrong with it, in the user's words."""

    @property
    def directory(self) -> Path:
        """The directory that the user stood in."""
        return Path(self.root) / self.standing

    @property
    def wording(self) -> str:
        """The task as prompts show it: with the patches that were not accepted, and why."""
        said = [
            f"This change was proposed before and not accepted:\n\n```diff\n{_beginning(patch)}\n```\n\n"
            f"What is wrong with it: {words}"
            for patch, words in self.remarks
        ]
        return "\n\n".join([self.task, *said])

    @property
    def name(self) -> str:
        """The first line of the task, at most 72 characters."""
        line = self.task.strip().partition("\n")[0]
        return line if len(line) <= 72 else line[:71] + "…"

    def to_json(self) -> str:
        """The record as JSON."""
        return json.dumps(asdict(self))


def _beginning(patch: str) -> str:
    """The first lines of a patch, so that a long one does not fill the prompt."""
    lines = patch.strip("\n").split("\n")
    more = len(lines) - MOST_LINES
    return "\n".join([*lines[:MOST_LINES], *([f"(... {more} lines left out)"] if more > 0 else [])])


def task_record(text: str) -> TaskRecord:
    """The record in this JSON. Raises RunError where it is none."""
    try:
        fields = json.loads(text)
        for name in ("left_out", "remarks"):
            fields[name] = tuple(map(tuple, fields.get(name, ())))
        return TaskRecord(**fields)
    except (ValueError, TypeError, KeyError) as error:
        raise RunError(f"the run's record of its task cannot be read: {error}") from error
