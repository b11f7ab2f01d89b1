"""The state file: unfinished batches at the provider, recorded before their results are awaited."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field

from engines.errors import EngineError
from engines.files import write_atomically
from engines.http.batch.lines import Line, SampleId
from engines.http.dialect import Dialect


class Part(BaseModel):
    """An uploaded file and the batch that is made from it."""

    token: str
    """Random token in the batch's metadata, by which the batch is found again if its id was lost."""
    file: str
    endpoint: str
    lines: list[Line]
    """The requests, in the order of the file's lines."""
    dialect: Dialect
    batch: str = ""
    """The batch's id; empty until the server has sent the id: until then the batch may or may not exist."""
    begun: float = Field(default_factory=time.time)
    """When the part was recorded, in seconds since the epoch."""


class State(BaseModel, populate_by_name=True):
    """The batches of one model of one server."""

    path: Path = Field(exclude=True)
    spec: str
    parts: list[Part] = []
    """Batches not collected yet."""
    dialect: Dialect
    """Parameters that the server accepts, as far as its refusals show."""
    most_lines: int | None = None
    """Maximum number of lines of a batch, once a larger one was too much for the provider's queue."""
    one_at_a_time: bool = Field(default=False, alias="alone")
    """Submit one batch at a time, since two were too much for the provider's queue."""
    tries: dict[str, int] = {}
    """Number of failed requests for a sample, by its SampleId, written as `NAME-PLACE`."""
    collected: list[dict[str, Any]] = []
    """The id, status, and numbers of lines by outcome of each collected batch."""

    @staticmethod
    def load(path: Path, spec: str, dialect: Dialect) -> State:
        """The state in a file, or a new one. Raises EngineError for an unreadable file or batches of another model."""
        record = _read(path)
        if record is None:
            return State(path=path, spec=spec, dialect=dialect)
        try:
            state = State.model_validate({**record, "path": path})
        except ValueError as error:
            raise _unreadable(path, error) from None
        if state.spec != spec and state.parts:
            raise EngineError(f"{path} lists batches of {state.spec}, not of {spec}; move it away to ask anew")
        state.spec = spec
        return state

    def save(self) -> None:
        """Write the state file atomically."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self.path, self.model_dump_json(indent=1, by_alias=True) + "\n")

    def drop(self, part: Part) -> None:
        """Remove a part from the state and from the file."""
        self.parts.remove(part)
        self.save()

    def under_way(self) -> set[SampleId]:
        """All samples in batches not collected yet."""
        return {sample for part in self.parts for line in part.lines for sample in line.samples}


def refuse_under_way(path: Path) -> None:
    """Raise EngineError if the state file at `path` lists batches: other requests would pay for their samples twice.

    A state file that cannot be read also raises EngineError.
    """
    if parts := (_read(path) or {"parts": []})["parts"]:
        raise EngineError(
            f"batches are under way ({_named(parts)}): run with --batch to collect them, or move {path} away "
            f"to ask anew"
        )


def _read(path: Path) -> dict[str, Any] | None:
    """The file's record; None where there is no file. Raises EngineError where it cannot be read."""
    if not path.is_file():
        return None
    try:
        record: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        earlier = [part for part in record["parts"] if "ids" in part]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _unreadable(path, error) from None
    if earlier:
        raise EngineError(
            f"{path} holds batches that an earlier version of cure-agent began ({_named(earlier)}): collect them with "
            f"that version, or move the file away to ask anew"
        )
    return record


def _unreadable(path: Path, error: Exception) -> EngineError:
    reason = " ".join(str(error).split())[:200]
    return EngineError(f"{path} cannot be read ({reason}); it says which batches are under way")


def _named(parts: list[dict[str, Any]]) -> str:
    return ", ".join(part.get("batch") or part["file"] for part in parts[:5])


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Lock the state file, since two engines would request the same samples. Raises EngineError for a locked file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"another command is waiting for the batches in {path}") from None
        except OSError:
            # The file system has no locks: assume that no other command is running.
            pass
        yield
