"""Run folders on disk: creating, finding and writing them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path

from agent.errors import RunError
from agent.runs.events import Event, to_line
from agent.runs.place import STATE_VARIABLE, state_folder
from engines import write_atomically

EVENTS = "events.jsonl"


class RunWriter:
    """Appends events and texts to the folder of one run; a kill at any moment leaves the folder readable."""

    def __init__(self, folder: Path, *, resumes: bool = False) -> None:
        """Create the folder of a new run, or open that of a recorded one if `resumes`. Raises RunError when this fails,
        or while another process writes to the run."""
        self.folder = folder
        self._written: set[str] = set()
        try:
            if not resumes:
                folder.parent.mkdir(parents=True, exist_ok=True)
                folder.mkdir(mode=0o700)
                (folder / "blobs").mkdir()
            self._events = (folder / EVENTS).open("a+b", buffering=0)
            self._lock()
            self._cut_torn_line()
        except BlockingIOError:
            self._events.close()
            raise RunError(f"run {folder.name} is under way in another process") from None
        except OSError as error:
            raise cannot_record(folder, error.strerror or str(error)) from error

    @property
    def id(self) -> str:
        """Name of the run, which is that of its folder."""
        return self.folder.name

    def emit(self, event: Event) -> None:
        """Append the event. Raises RunError when it cannot be written; an incomplete line is cut off first."""
        line = to_line(event).encode(errors="replace")
        start = self._events.seek(0, os.SEEK_END)
        try:
            written = self._events.write(line)
            if written != len(line):
                raise OSError(28, "No space left on device")
        except OSError as error:
            os.ftruncate(self._events.fileno(), start)
            raise cannot_record(self.folder, error.strerror or str(error)) from error

    def blob(self, text: str) -> str:
        """Sha256 of the text in hex, after storing the text. Raises RunError when it cannot be written."""
        name = blob_name(text)
        path = self.folder / "blobs" / name
        if name not in self._written and not path.exists():
            try:
                write_atomically(path, text, durable=False)
            except OSError as error:
                raise cannot_record(self.folder, error.strerror or str(error)) from error
        self._written.add(name)
        return name

    def _lock(self) -> None:
        """Keep other processes from writing to the run. Raises BlockingIOError while another one does."""
        try:
            fcntl.flock(self._events, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise
        except OSError:  # some network file systems have no locks
            pass

    def _cut_torn_line(self) -> None:
        """Cut off what follows the last newline, left by a process that was killed."""
        self._events.seek(0)
        written = self._events.read()
        os.ftruncate(self._events.fileno(), written.rfind(b"\n") + 1)

    def close(self) -> None:
        """Close the file of events, so that another process may write to the run."""
        self._events.close()


def is_being_written(folder: Path) -> bool | None:
    """Whether a process writes to the run; None where the system does not tell.

    The lock itself is not tried, since that could make a process that begins to write believe that another one does.
    """
    try:
        number = (folder / EVENTS).stat().st_ino
        locks = Path("/proc/locks").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return None
    # A line is `1: FLOCK ADVISORY WRITE 4711 fd:01:1234 0 EOF`: process, then device and inode of the file.
    places = [line.split()[-3] for line in locks if " FLOCK " in line]
    return str(number) in {place.rpartition(":")[2] for place in places}


def blob_name(text: str) -> str:
    """Name of the text in the store: its sha256 in hex."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def cannot_record(folder: Path, reason: str) -> RunError:
    """The error for a run whose folder cannot be written, with what to do about it."""
    return RunError(
        f"cannot record the run in {folder}: {reason}; free some space or set {STATE_VARIABLE} to another folder"
    )


def create_run(root: Path | None = None) -> RunWriter:
    """A writer for a new run named by UTC time and a random suffix, so that names sort by age.

    Raises RunError when the folder cannot be made.
    """
    runs = (root or state_folder()) / "runs"
    try:
        return RunWriter(runs / _new_name())
    except RunError as error:
        if not isinstance(error.__cause__, FileExistsError):
            raise
        return RunWriter(runs / _new_name())


def _new_name() -> str:
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def list_runs(root: Path | None = None) -> list[Path]:
    """Folders of the recorded runs, newest first."""
    runs = (root or state_folder()) / "runs"
    if not runs.is_dir():
        return []
    return sorted((folder for folder in runs.iterdir() if (folder / EVENTS).is_file()), reverse=True)


def find_run(name: str | None, root: Path | None = None) -> Path:
    """Folder of the run whose id is `name`, else of the one run whose id starts or ends with it; the newest for None.

    Raises RunError when there is no such run, or more than one.
    """
    runs = list_runs(root)
    if not runs:
        raise RunError(f"no runs recorded in {(root or state_folder()) / 'runs'}; `cure-agent solve` makes one")
    if name is None:
        return runs[0]
    found = [run for run in runs if run.name == name] or [
        run for run in runs if run.name.startswith(name) or run.name.endswith(name)
    ]
    if len(found) != 1:
        what = "no run" if not found else f"{len(found)} runs"
        raise RunError(f"{what} named {name!r}; `cure-agent runs` lists them")
    return found[0]
