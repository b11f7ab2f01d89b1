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

The source, an INPUT_HEAD for each input and all standard inputs follow.
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

It can claim only an `ok` or, with a reason, the `crash` of a program that raised an exception.
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
LARGEST_BATCH = 1 << 20
"""Bytes of gathered records at which the runner sends them; the last record may exceed it."""
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


class Result(NamedTuple):
    """The record of one execution."""

    number: int
    position: int
    """Index of the input in the job."""
    verdict: str
    exit_code: int | None
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_kb: int
    reason: str
    stderr_tail: bytes
    stdout: bytes
    shared: bool


def job_frame(number: int, source: bytes, limits: Limits, strict: bool, inputs: list[tuple[int, bytes]]) -> bytes:
    """A JOB frame; `inputs` are pairs of index and standard input."""
    heads = b"".join([INPUT_HEAD.pack(index, len(stdin)) for index, stdin in inputs])
    texts = b"".join([stdin for _, stdin in inputs])
    bounds = (limits.cpu_s, limits.wall_s, limits.memory, limits.output, limits.processes)
    head = JOB_HEAD.pack(number, strict, len(inputs), len(source), *bounds)
    size = len(head) + len(source) + len(heads) + len(texts)
    return b"".join((HEADER.pack(JOB, size), head, source, heads, texts))


def read_results(payload: bytes) -> list[Result]:
    """The records in the payload of a RESULTS frame. Raises ValueError when the payload does not add up."""
    results = []
    at = 0
    try:
        while at < len(payload):
            kind, number, index = RECORD_HEAD.unpack_from(payload, at)
            at += RECORD_HEAD.size
            if kind == SHARED:
                cpu_s, wall_s, peak_kb, reason, errors, output = SHARED_BODY.unpack_from(payload, at)
                verdict, exit_code, signal = (CRASH, UNCAUGHT, NONE) if reason else (OK, 0, NONE)
                at += SHARED_BODY.size
            elif kind == JUDGED:
                body = JUDGED_BODY.unpack_from(payload, at)
                verdict, exit_code, signal, cpu_s, wall_s, peak_kb, reason, errors, output = body
                at += JUDGED_BODY.size
            else:
                raise ValueError(f"record of kind {kind}")
            errors_at = at + reason
            output_at = errors_at + errors
            end = output_at + output
            if end > len(payload):
                raise ValueError("record is cut")
            results.append(
                Result(
                    number=number,
                    position=index,
                    verdict=VERDICTS[verdict],
                    exit_code=None if exit_code == NONE else exit_code,
                    signal=None if signal == NONE else signal,
                    cpu_s=cpu_s,
                    wall_s=wall_s,
                    peak_kb=peak_kb,
                    reason=_printable(payload[at:errors_at]) if reason else "",
                    stderr_tail=payload[errors_at:output_at],
                    stdout=payload[output_at:end],
                    shared=kind == SHARED,
                )
            )
            at = end
    except (struct.error, IndexError) as error:
        raise ValueError(f"results do not add up: {error}") from error
    return results


def _printable(words: bytes) -> str:
    return "".join(c if c.isprintable() else "?" for c in words.decode(errors="replace"))
