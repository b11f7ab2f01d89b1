"""Frames between host and runner: a kind, a length, a payload; little-endian, fixed layouts, never pickle.

Host to runner: a JOB, which is a program and some of its inputs. Runner to host: READY once; for every JOB any number
of RESULTS, which hold one record for each input that was run, and BACK when an input was slow and the runner hands the
remaining inputs back.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

VERSION = 3

JOB = 1
READY = 2
RESULTS = 3
BACK = 4

HEADER = struct.Struct("<BQ")
"""Kind of frame; size of the payload in bytes."""
JOB_HEAD = struct.Struct("<IBIQddQQI")
"""Number, strict, number of inputs, bytes of source; limits: CPU s, wall s, bytes of memory, of output, processes.

`strict` is 1 where every input must have a process of its own, else 0. The source, an INPUT_HEAD for each input and all
standard inputs follow.
"""
INPUT_HEAD = struct.Struct("<IQ")
"""Index and size in bytes of an input."""
JUDGED, SHARED = 0, 1
RECORD_HEAD = struct.Struct("<BII")
"""JUDGED (by the runner) or SHARED (written by a process that ran several inputs); job number; index of the input."""
JUDGED_BODY = struct.Struct("<BiiddQIIQ")
"""Verdict, exit code, signal, CPU s, wall s, peak kB, bytes of reason, of stderr and of stdout, which follow."""
SHARED_BODY = struct.Struct("<ddQIIQ")
"""CPU s, wall s, peak kB, bytes of reason, of stderr and of stdout, which follow.

Such a record can claim only an `ok` or, with a reason, the `crash` of a program that raised an exception.
"""
READY_BODY = struct.Struct("<I")
"""Version of this protocol."""
BACK_BODY = struct.Struct("<I")
"""Number of the job that is handed back."""

VERDICTS = ("ok", "crash", "timeout", "memory", "output_limit", "sandbox_error")
OK, CRASH = 0, 1
UNCAUGHT = 1
"""Exit status of a program that ends with an uncaught exception."""
NONE = -(1 << 31)
"""Stands for "no exit code" or "no signal"."""
STDERR_TAIL = 8192
"""Maximum bytes of a program's standard error that are kept: the last ones."""
LARGEST_BATCH = 1 << 20
"""The runner sends the records it has gathered once they have this many bytes; the last record may add more."""
LARGEST_SHARED = 64 << 20
"""Maximum bytes of records that one shared process may write."""


class Limits(NamedTuple):
    """The resource limits of one execution, in the units of the system calls."""

    cpu_s: float
    wall_s: float
    memory: int
    """Bytes."""
    output: int
    """Maximum bytes of stdout and of stderr each."""
    processes: int


def job_frame(number: int, source: bytes, limits: Limits, strict: bool, inputs: list[tuple[int, bytes]]) -> bytes:
    """A JOB frame; `inputs` are pairs of index and standard input."""
    heads = b"".join([INPUT_HEAD.pack(index, len(stdin)) for index, stdin in inputs])
    texts = b"".join([stdin for _, stdin in inputs])
    head = JOB_HEAD.pack(number, strict, len(inputs), len(source), *limits)
    size = len(head) + len(source) + len(heads) + len(texts)
    return b"".join((HEADER.pack(JOB, size), head, source, heads, texts))
