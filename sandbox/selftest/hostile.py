"""What a hostile program is: its source, and what must become of it."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from sandbox.protocol import Limits, Verdict
from sandbox.runner import frames

MEMORY_MB = 96
"""Little, so that filling it takes a moment."""
ROOMY = Limits(cpu_s=2, wall_s=8, memory_mb=MEMORY_MB)
"""For programs that end by themselves: generous, so that a busy machine changes no verdict."""
TIGHT = Limits(cpu_s=2, wall_s=8, memory_mb=32)
"""For programs that fill memory with small objects, which takes time."""
SPINS = Limits(cpu_s=0.2, wall_s=6, memory_mb=MEMORY_MB)
"""For programs that compute until they are stopped."""
BOMBS = Limits(cpu_s=0.5, wall_s=1, memory_mb=MEMORY_MB)
"""For programs of which the first process gets little CPU time, because its copies take it."""
WAITS = Limits(cpu_s=2, wall_s=0.5, memory_mb=MEMORY_MB)
"""For programs that wait until they are stopped."""

SECRET = b"SECRET_OF_ANOTHER_INPUT"
"""Part of an input that no execution but its own may find. A program that looks for it has to assemble it."""
SHIFTED = bytes(byte + 1 for byte in SECRET)
"""What a program holds instead of the secret, so that it does not find its own copy."""
INPUTS = (b"1 2 3 4\n", SECRET + b" 5\n", b"6\n")
"""What a program is run on. Each input must get the same right answer."""


@dataclass(frozen=True)
class Hostile:
    """One program. Every field says what is right; None stands for anything."""

    name: str
    tries: str
    """What it tries, in one line."""
    source: str
    verdicts: tuple[Verdict, ...] = (Verdict.OK,)
    """As few as truth allows: more than one only where a kernel or a backend may rightly decide either way."""
    stdout: bytes | tuple[bytes, ...] | None = None
    """Exactly what it prints; one of several where a comment says why."""
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    """How the reason begins."""
    limits: Limits = ROOMY
    inputs: tuple[bytes, ...] = INPUTS
    needs_all_inputs: bool = False
    """Whether one input alone would prove nothing, even in a process of its own."""
    look: str | None = None
    """A program run right afterwards, which looks for what this one left."""
    found: bytes = b""
    """What `look` prints when there is nothing to see."""


def program(
    name: str, tries: str, text: str, *verdicts: Verdict, given: str = "", look: str | None = None, **right: Any
) -> Hostile:
    """A hostile program whose source is `given`, and `text` without its common indentation; likewise `look`."""
    source = given + dedent(text).lstrip("\n")
    after = None if look is None else dedent(look).lstrip("\n")
    return Hostile(name, tries, source, verdicts or (Verdict.OK,), look=after, **right)


def forged_frame(stdout: bytes = b"PWN\n") -> bytes:
    """A frame as the runner sends it, which says that the first execution of the first job is ok and printed this."""
    body = list(frames.JUDGED_BODY.unpack(bytes(frames.JUDGED_BODY.size)))
    body[-1] = len(stdout)
    record = frames.RECORD_HEAD.pack(frames.JUDGED, 1, 0) + frames.JUDGED_BODY.pack(*body) + stdout
    return frames.HEADER.pack(frames.RESULTS, len(record)) + record


FRAME = f"frame = {forged_frame()!r}\n"
"""Gives a program a forged frame."""
LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
"""Gives a program the C library."""
PROCESSES = (
    "import os\npids = [int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) != os.getpid()]\n"
)
"""Gives a program the ids of all other processes it can see."""
