"""What the screens ask of the process that solves, as one line of JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, kw_only=True)
class SolveJob:
    """A solve of a problem, or the continuation of a recorded run."""

    kind: Literal["solve", "resume"]
    problem: Mapping[str, Any] = field(default_factory=dict)
    """The problem as a row of CURE's JSON (`cure.problem.file.to_record`); empty for a continuation."""
    unused: Sequence[str] = ()
    """Notes on text that looks like a sample but was not read as a test."""
    folder: str = ""
    """Folder of the run to continue; empty for a new one."""
    chosen: Mapping[str, Any] = field(default_factory=dict)
    """Settings that were chosen on the screen, by the keys of the section `solve` or `resume`: they override those of
    files and variables, as flags do."""

    def to_line(self) -> bytes:
        """The job as a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def job_of(line: bytes) -> SolveJob:
    """The job of a line of JSON that `SolveJob.to_line` wrote."""
    return SolveJob(**json.loads(line))


Order = Literal["pause", "go on", "stop"]
"""What a screen may tell the process while it solves."""


def to_order_line(order: Order) -> bytes:
    """The order as a line of JSON."""
    return json.dumps({"order": order}).encode() + b"\n"


@dataclass(frozen=True)
class Said:
    """What the process that solves tells the screens."""

    kind: Literal["starting", "folder", "failed"]
    words: str
    """The step under way; the folder of the run; or what failed and what to do about it."""

    def to_line(self) -> bytes:
        """The message as a line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"


def said_of(line: bytes) -> Said:
    """The message of a line of JSON that `Said.to_line` wrote."""
    return Said(**json.loads(line))
