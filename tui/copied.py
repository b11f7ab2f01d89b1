"""Copied text, for terminals that do not take it: a file that is named on the screen."""

from __future__ import annotations

from pathlib import Path

from agent.runs.place import state_folder
from engines import write_atomically

NAME = "copied.txt"


def keep_copied(text: str, folder: Path | None = None) -> Path:
    """The file that has the text now. Raises OSError when it cannot be written."""
    path = (folder or state_folder()) / NAME
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, text, durable=False)
    return path
