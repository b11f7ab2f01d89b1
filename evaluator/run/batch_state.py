"""What is under way at the provider, on disk before anyone waits for it."""

from __future__ import annotations

import fcntl
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from engines import EngineError
from engines.http.wire import Dialect
from evaluator.run.batch_lines import Asked
from evaluator.run.directory import write_whole


@dataclass
class Part:
    """One batch: a file that was uploaded, and soon the batch that was made of it."""

    token: str
    """Random; the batch carries it as metadata, so that it is found again when its id was lost."""
    file: str
    endpoint: str
    ids: list[str]
    """The `custom_id`s, in the order of the file's lines."""
    dialect: Dialect
    batch: str = ""
    """Its id; empty until the server said it. Then nobody knows whether there is such a batch."""
    begun: float = field(default_factory=time.time)

    def asked(self) -> Iterator[Asked]:
        """What its lines ask for."""
        return (asked for asked in map(Asked.read, self.ids) if asked is not None)


@dataclass
class State:
    """The batches of one engine in one run."""

    path: Path
    spec: str
    parts: list[Part] = field(default_factory=list)
    """Not collected yet."""
    dialect: Dialect = field(default_factory=Dialect)
    """What the server takes, as far as it has said so."""
    most_lines: int | None = None
    """A batch of more lines was refused as too much to queue."""
    alone: bool = False
    """One batch at a time: two were too much to queue."""
    tries: dict[str, int] = field(default_factory=dict)
    """How often samples were asked for in vain, by key."""
    collected: list[dict[str, Any]] = field(default_factory=list)
    """What became of each batch."""

    @staticmethod
    def load(path: Path, spec: str, dialect: Dialect) -> State:
        """What lies there, or a new one. Raises EngineError where it cannot be read or is another model's."""
        if not path.is_file():
            return State(path, spec, dialect=dialect)
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
            record["parts"] = [Part(**{**part, "dialect": Dialect(**part["dialect"])}) for part in record["parts"]]
            record["dialect"] = Dialect(**record["dialect"])
            state = State(path, **record)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EngineError(f"{path} cannot be read ({error}); it says which batches are under way") from None
        if state.spec != spec and state.parts:
            raise EngineError(f"{path} holds batches of {state.spec}, not of {spec}; move it away to ask anew")
        state.spec = spec
        return state

    def save(self) -> None:
        """Write it, whole or not at all."""
        record = {name: value for name, value in vars(self).items() if name != "path"}
        record["parts"] = [asdict(part) for part in self.parts]
        record["dialect"] = asdict(self.dialect)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(self.path, json.dumps(record, indent=1) + "\n")

    def under_way(self) -> set[tuple[str, int, int]]:
        """Role, problem and index of every sample that a batch was asked for."""
        return {(a.role, a.problem, index) for part in self.parts for a in part.asked() for index in a.indices}


def refuse_under_way(path: Path) -> None:
    """Raise EngineError where batches are under way: whoever asks without them would pay for the same twice."""
    try:
        parts = json.loads(path.read_text(encoding="utf-8"))["parts"] if path.is_file() else []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EngineError(f"{path} cannot be read ({error}); it says which batches are under way") from None
    if parts:
        named = ", ".join(part["batch"] or part["file"] for part in parts[:5])
        raise EngineError(f"batches are under way ({named}): collect them by batch, or move {path} away to ask anew")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Nobody else works on this state meanwhile: two commands would ask for the same. Raises EngineError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(path.name + ".lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EngineError(f"another command is waiting for the batches in {path}") from None
        except OSError:
            # A file system without locks: nothing can be known, and one command is what people start.
            pass
        yield
