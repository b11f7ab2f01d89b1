"""The file that takes a compiled program from the process that compiles it to the processes that run it.

PID 1 of the jail reads only the head of the file; code is unmarshalled only in the process that runs it.
"""

from __future__ import annotations

import marshal
import os
import struct
from typing import NamedTuple

from sandbox.runner import plain, program
from sandbox.runner.executed import executed_by
from sandbox.runner.processes import cpu_and_peak
from sandbox.runner.surroundings import Library

_HEAD = struct.Struct("<Q?d")


class Head(NamedTuple):
    """The head of the file, before the code."""

    size: int
    """Bytes of code."""
    is_quiet: bool
    """Whether nothing happens after the program's last line: the program reaches only its own globals and standard
    streams, does not contain `open`, and has no generator or coroutine that acts when it is destroyed."""
    cpu_s: float
    """CPU seconds that the compiling process had used when it wrote the head."""


def compile_into(file: int, source: bytes, library: Library) -> tuple[bytes, bool]:
    """Compile a program into an empty file; returns its marshalled code, and whether it is quiet (`Head.is_quiet`).

    Raises what the compiler raises, and OSError where the file cannot take the code.
    """
    code = compile(source, program.FILE, "exec", dont_inherit=True)
    dumped = marshal.dumps(code)
    executed = executed_by(source)
    closes = plain.suspends(code) or b"open" in source or (executed is not None and plain.suspends(executed.code))
    is_quiet = not closes and plain.imports_of(code, library.reachable, executed) is not None
    record = _HEAD.pack(len(dumped), is_quiet, cpu_and_peak()[0]) + dumped
    if os.write(file, record) != len(record):
        raise OSError("the code does not fit")
    return dumped, is_quiet


def head(file: int) -> Head | None:
    """The head of a file; None if no code was written to it, or not all of it."""
    size = os.fstat(file).st_size
    if size < _HEAD.size:
        return None
    found = Head(*_HEAD.unpack(os.pread(file, _HEAD.size, 0)))
    return found if size == _HEAD.size + found.size else None


def marshalled(file: int) -> bytes:
    """The marshalled code in a file that has a head."""
    return os.pread(file, os.fstat(file).st_size - _HEAD.size, _HEAD.size)
