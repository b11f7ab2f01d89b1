"""Stores data sets as `datasets/<NAME>/<NAME>.json` in the data directory, each with a `record.json` beside it.

A stored set is never incomplete: its files are written into a temporary folder, which is renamed when all are there.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from cure.problem.packages import is_package
from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.catalogue import PaperSet, known_set, paper_set


@dataclass(frozen=True, kw_only=True)
class Record:
    """The facts recorded about a set when it was stored."""

    name: str
    sha256: str
    bytes: int
    problems: int
    source: str
    """`hub:<repository>`, or the path of the file from which the set was copied."""
    revision: str | None
    """Commit of the hub's repository; None for a set copied from a file."""
    stored: str
    """When the set was stored, in UTC."""


def data_home() -> Path:
    """The directory of stored sets: CURE_AGENT_DATA_HOME, else the user's data directory."""
    if chosen := os.environ.get("CURE_AGENT_DATA_HOME"):
        return Path(chosen)
    import platformdirs

    return Path(platformdirs.user_data_dir("cure-agent", appauthor=False))


def folder_of(item: PaperSet) -> Path:
    """The folder of this set, which may not exist."""
    return data_home() / "datasets" / item.name


def stored_path(item: PaperSet) -> Path:
    """The file of this set, which may not exist."""
    return folder_of(item) / f"{item.name}.json"


def stored(item: PaperSet) -> Record | None:
    """The record of this set; None if it is not on this machine. Raises DatasetError if the record is damaged."""
    place = folder_of(item) / "record.json"
    try:
        return Record(**json.loads(place.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise DatasetError(f"{place}: cannot be read ({error}); remove {place.parent} and get the set again") from error


def sha256_of(path: Path) -> str:
    """The checksum of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verified(item: PaperSet, record: Record) -> Path:
    """The stored file, with its checksum verified; raises DatasetError if the file was changed or cannot be read."""
    path = stored_path(item)
    try:
        found = sha256_of(path)
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}); remove {path.parent} and get the set again"
        ) from error
    if found != record.sha256:
        raise DatasetError(
            f"{path}: its checksum is {found[:12]}..., recorded is {record.sha256[:12]}...: it was changed; "
            f"remove {path.parent} and run `cure-agent datasets get {item.name}` again"
        )
    return path


def find_dataset(name_or_path: str | Path) -> Path:
    """The argument as a path, if there is such a file or package; else the stored set of that name, with its checksum
    verified.

    Raises DatasetError, with advice for the user, where the name is unknown or the set is not on this machine.
    """
    text = str(name_or_path)
    path = Path(text)
    if path.is_file() or is_package(text):
        return path
    item = paper_set(text)
    if item is None:
        if path.suffix or os.sep in text:
            raise DatasetError(f"{text}: is a directory, expected a file" if path.is_dir() else f"{text}: no such file")
        item = known_set(text)
    record = stored(item)
    if record is None:
        raise DatasetError(
            f"{item.name} is not on this machine; run `cure-agent datasets get {item.name}`, "
            f"or with --from PATH where there is no network"
        )
    return verified(item, record)


@contextmanager
def arriving(item: PaperSet) -> Iterator[Path]:
    """A context with an empty temporary folder for the set's files; the folder is removed at the end.

    Raises DatasetError where the folder cannot be made.
    """
    parent = folder_of(item).parent
    try:
        parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{item.name}-", dir=parent))
    except OSError as error:
        raise DatasetError(
            f"{error.filename}: cannot be written ({error.strerror}); choose another place with CURE_AGENT_DATA_HOME"
        ) from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep(item: PaperSet, file: Path, arrival: Path, source: str, revision: str | None) -> Record:
    """The record of the set, after moving `file` from the folder `arrival` to the place of the stored set.

    Raises ProblemError where the file is no problem set.
    """
    from cure.problem.file import load_problems

    problems = len(load_problems(str(file)))
    stored_at = datetime.now(UTC).isoformat(timespec="seconds")
    record = Record(
        name=item.name,
        sha256=sha256_of(file),
        bytes=file.stat().st_size,
        problems=problems,
        source=source,
        revision=revision,
        stored=stored_at,
    )
    ready = arrival / "ready"
    ready.mkdir()
    file.rename(ready / f"{item.name}.json")
    (ready / "record.json").write_text(json.dumps(asdict(record), indent=1) + "\n", encoding="utf-8")
    target = folder_of(item)
    if target.exists():
        target.rename(arrival / "before")
    ready.rename(target)
    return record
