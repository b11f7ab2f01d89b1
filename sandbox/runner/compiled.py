"""A compiled program on its way from the process that compiles it to those that run it: a file.

PID 1 reads no more than its head; code is unmarshalled only in the process that runs it.
"""

from __future__ import annotations

import marshal
import os
import struct
from typing import NamedTuple

from sandbox.runner import plain, program
from sandbox.runner.processes import cpu_and_peak
from sandbox.runner.surroundings import Library

_HEAD = struct.Struct("<Q?d")


class Head(NamedTuple):
    """What precedes the code."""

    size: int
    """Of the code."""
    is_quiet: bool
    """A plain program that opens no file, with nothing to close: it needs no /dev/stdin, and its end is its end."""
    cpu_s: float
    """Of the process that compiled it, up to then."""


def compile_into(file: int, source: bytes, library: Library) -> tuple[bytes, bool]:
    """Compile a program and write it to an empty file: its code, marshalled, and whether it is quiet."""
    code = compile(source, program.FILE, "exec", dont_inherit=True)
    dumped = marshal.dumps(code)
    closes = plain.suspends(code) or b"open" in source
    is_quiet = not closes and plain.imports_of(code, library.reachable) is not None
    record = _HEAD.pack(len(dumped), is_quiet, cpu_and_peak()[0]) + dumped
    if os.write(file, record) != len(record):
        raise OSError("the code does not fit")
    return dumped, is_quiet


def head(file: int) -> Head | None:
    """None where no code has been written, or not all of it."""
    size = os.fstat(file).st_size
    if size < _HEAD.size:
        return None
    found = Head(*_HEAD.unpack(os.pread(file, _HEAD.size, 0)))
    return found if size == _HEAD.size + found.size else None


def marshalled(file: int) -> bytes:
    """The code in a file that has a head."""
    return os.pread(file, os.fstat(file).st_size - _HEAD.size, _HEAD.size)
