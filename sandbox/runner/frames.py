"""Frames between host and runner: a kind, a length, a payload; little-endian, fixed layouts, never pickle.

Host to runner: a JOB, which is a program and some of its inputs. Runner to host: READY once; for every JOB any number
of RESULTS, which hold one record for each input that was run, and BACK when it leaves the others to the host, because
one of them was slow.
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
"""Kind of frame, bytes of payload."""
JOB_HEAD = struct.Struct("<IBIQddQQI")
"""Number, strict, inputs, bytes of source, CPU seconds, wall seconds, bytes of memory, bytes of output, processes.

Source, INPUT_HEAD of each input and all standard inputs follow.
"""
INPUT_HEAD = struct.Struct("<IQ")
"""Index of the input, its bytes."""
JUDGED, SHARED = 0, 1
RECORD_HEAD = struct.Struct("<BII")
"""Judged by the runner, or written by a process that ran several inputs; number of the job; index of the input."""
JUDGED_BODY = struct.Struct("<BiiddQIIQ")
"""Verdict, exit code, signal, CPU and wall seconds, peak kB, bytes of reason, stderr, stdout, all of which follow."""
SHARED_BODY = struct.Struct("<ddQIIQ")
"""CPU and wall seconds, peak kB, bytes of reason, stderr, stdout, which follow.

There is nothing in it to claim but an `ok`, or, with a reason, the `crash` of a program that raised an exception.
"""
READY_BODY = struct.Struct("<I")
"""Version of these frames."""
BACK_BODY = struct.Struct("<I")
"""Number of the job."""

VERDICTS = ("ok", "crash", "timeout", "memory", "output_limit", "sandbox_error")
OK, CRASH = 0, 1
UNCAUGHT = 1
"""Exit status of a program that an exception ends."""
NONE = -(1 << 31)
"""Stands for "no exit code" or "no signal"."""
STDERR_TAIL = 8192
LARGEST_BATCH = 1 << 20
"""Bytes of records from which on the runner sends what it has gathered, the last one and all of its output included."""
LARGEST_SHARED = 64 << 20
"""Bytes of records that one process may write."""


class Limits(NamedTuple):
    """What one execution may use, in the units of the system calls."""

    cpu_s: float
    wall_s: float
    memory: int
    output: int
    processes: int


class Result(NamedTuple):
    """The record of one execution."""

    number: int
    position: int
    """Which of the job's inputs."""
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
    """A JOB frame."""
    heads = b"".join([INPUT_HEAD.pack(index, len(stdin)) for index, stdin in inputs])
    texts = b"".join([stdin for _, stdin in inputs])
    bounds = (limits.cpu_s, limits.wall_s, limits.memory, limits.output, limits.processes)
    head = JOB_HEAD.pack(number, strict, len(inputs), len(source), *bounds)
    size = len(head) + len(source) + len(heads) + len(texts)
    return b"".join((HEADER.pack(JOB, size), head, source, heads, texts))


def read_results(payload: bytes) -> list[Result]:
    """The records in the payload of a RESULTS frame; ValueError when it does not add up."""
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
                    number,
                    index,
                    VERDICTS[verdict],
                    None if exit_code == NONE else exit_code,
                    None if signal == NONE else signal,
                    cpu_s,
                    wall_s,
                    peak_kb,
                    _printable(payload[at:errors_at]) if reason else "",
                    payload[errors_at:output_at],
                    payload[output_at:end],
                    kind == SHARED,
                )
            )
            at = end
    except (struct.error, IndexError) as error:
        raise ValueError(f"results do not add up: {error}") from error
    return results


def _printable(words: bytes) -> str:
    return "".join(c if c.isprintable() else "?" for c in words.decode(errors="replace"))
