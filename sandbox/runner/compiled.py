"""A compiled program on its way from the process that compiles it to those that run it: a file.

PID 1 reads no more than its head; code is unmarshalled only in the process that runs it.
"""

from __future__ import annotations

import marshal
import os
import struct
import time
import types
from typing import NamedTuple

from sandbox.runner import plain, program
from sandbox.runner.surroundings import Library

_HEAD = struct.Struct("<Q?d")


class Head(NamedTuple):
    """What precedes the code."""

    size: int
    """Of the code."""
    is_quiet: bool
    """A plain program without generators, that opens no file: it needs no /dev/stdin, and its end does nothing more."""
    cpu_s: float
    """Of the process that compiled it, up to then."""


def compile_into(file: int, source: bytes, library: Library | None = None) -> tuple[types.CodeType, bytes, bool]:
    """Compile a program and write it to an empty file: its code, marshalled as well, and whether it is quiet.

    That is found out only where there is a `library` to find it out with.
    """
    code = compile(source, program.FILE, "exec", dont_inherit=True)
    dumped = marshal.dumps(code)
    is_quiet = library is not None and _is_quiet(code, source, library)
    record = _HEAD.pack(len(dumped), is_quiet, time.process_time()) + dumped
    if os.write(file, record) != len(record):
        raise OSError("the code does not fit")
    return code, dumped, is_quiet


def _is_quiet(code: types.CodeType, source: bytes, library: Library) -> bool:
    return not plain.suspends(code) and b"open" not in source and plain.imports_of(code, library.reachable) is not None


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
