"""Frames between host and runner: a kind, a length, a payload; little-endian, fixed layouts, never pickle.

Host to runner: PROGRAM, then any number of INPUT for it. Runner to host: READY once, then a RESULT for each INPUT.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

VERSION = 1

PROGRAM = 1
INPUT = 2
READY = 3
RESULT = 4

HEADER = struct.Struct("<BQ")
"""Kind of frame, bytes of payload."""
PROGRAM_HEAD = struct.Struct("<IddQQI")
"""Number, CPU seconds, wall seconds, bytes of memory, bytes of output, processes; the source follows."""
INPUT_HEAD = struct.Struct("<II")
"""Number of the program, index of the input; standard input follows."""
RESULT_HEAD = struct.Struct("<IIBiiddQIIQ")
"""Number, index, verdict, exit code, signal, CPU and wall seconds, peak kB, lengths of reason, stderr, stdout."""
READY_BODY = struct.Struct("<I")
"""Version of these frames."""

VERDICTS = ("ok", "crash", "timeout", "memory", "output_limit", "sandbox_error")
NONE = -(1 << 31)
"""Stands for "no exit code" or "no signal"."""
STDERR_TAIL = 8192


@dataclass(frozen=True)
class Limits:
    """What one execution may use, in the units of the system calls."""

    cpu_s: float
    wall_s: float
    memory: int
    output: int
    processes: int


@dataclass(frozen=True)
class Result:
    """The answer to one INPUT."""

    number: int
    index: int
    verdict: str
    exit_code: int | None
    signal: int | None
    cpu_s: float
    wall_s: float
    peak_kb: int
    reason: str
    stderr_tail: bytes
    stdout: bytes


def program_frame(number: int, source: bytes, limits: Limits) -> bytes:
    """A PROGRAM frame."""
    head = PROGRAM_HEAD.pack(number, limits.cpu_s, limits.wall_s, limits.memory, limits.output, limits.processes)
    return HEADER.pack(PROGRAM, len(head) + len(source)) + head + source


def input_frame(number: int, index: int, stdin: bytes) -> bytes:
    """An INPUT frame."""
    return HEADER.pack(INPUT, INPUT_HEAD.size + len(stdin)) + INPUT_HEAD.pack(number, index) + stdin


def read_result(payload: bytes) -> Result:
    """The result in the payload of a RESULT frame; ValueError when it is not one."""
    if len(payload) < RESULT_HEAD.size:
        raise ValueError("result frame is too short")
    head = RESULT_HEAD.unpack_from(payload)
    number, index, verdict, exit_code, signal, cpu_s, wall_s, peak_kb, reason, stderr, stdout = head
    if verdict >= len(VERDICTS) or len(payload) != RESULT_HEAD.size + reason + stderr + stdout:
        raise ValueError("result frame does not add up")
    stderr_at = RESULT_HEAD.size + reason
    return Result(
        number,
        index,
        VERDICTS[verdict],
        None if exit_code == NONE else exit_code,
        None if signal == NONE else signal,
        cpu_s,
        wall_s,
        peak_kb,
        payload[RESULT_HEAD.size : stderr_at].decode(errors="replace"),
        payload[stderr_at : stderr_at + stderr],
        payload[stderr_at + stderr :],
    )
