"""A hostile program: its source, and the outcomes that are right."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from sandbox.protocol import Limits, Verdict
from sandbox.runner import frames

MEMORY_MB = 96
"""Memory limit of most programs: small, so that a program fills it quickly."""
ROOMY = Limits(cpu_s=2, wall_s=8, memory_mb=MEMORY_MB)
"""For programs that end by themselves: generous, so that a busy machine changes no verdict."""
TIGHT = Limits(cpu_s=2, wall_s=8, memory_mb=32)
"""For programs that fill memory with small objects, which takes time."""
SPINS = Limits(cpu_s=0.2, wall_s=6, memory_mb=MEMORY_MB)
"""For programs that compute until they are stopped."""
BOMBS = Limits(cpu_s=0.5, wall_s=1, memory_mb=MEMORY_MB)
"""For programs that fork many copies, which take the CPU time away from the first process."""
WAITS = Limits(cpu_s=2, wall_s=0.5, memory_mb=MEMORY_MB)
"""For programs that wait until they are stopped."""

SECRET = b"SECRET_OF_ANOTHER_INPUT"
"""Part of one input, which executions on other inputs must not find. Programs that search for it hold SHIFTED."""
SHIFTED = bytes(byte + 1 for byte in SECRET)
"""The secret as programs hold it, every byte shifted by one, so that they do not find their own copy."""
INPUTS = (b"1 2 3 4\n", SECRET + b" 5\n", b"6\n")
"""Inputs that a program is run on; the right answer to each is the same."""


@dataclass(frozen=True, kw_only=True)
class Hostile:
    """One program, and the outcomes that are right; None as an expected value allows any."""

    name: str
    tries: str
    """What the program tries to do, in one line."""
    source: str
    verdicts: tuple[Verdict, ...] = (Verdict.OK,)
    """Right verdicts: more than one only where a kernel or a backend may rightly decide either way."""
    stdout: bytes | tuple[bytes, ...] | None = None
    """The exact output; a tuple holds all outputs that are right."""
    exit_code: int | None = None
    signal: int | None = None
    reason: str | None = None
    """The beginning of the reason."""
    limits: Limits = ROOMY
    inputs: tuple[bytes, ...] = INPUTS
    needs_all_inputs: bool = False
    """Whether the program must run on all inputs even in the strict mode, because one alone proves nothing."""
    look: str | None = None
    """A program that runs right afterwards and looks for what the hostile program left behind."""
    found: bytes = b""
    """The output of `look` when nothing was left behind."""


def program(
    name: str, tries: str, text: str, *verdicts: Verdict, given: str = "", look: str | None = None, **right: Any
) -> Hostile:
    """A hostile program with the source `given` + `text`; `text` and `look` lose their common indentation."""
    source = given + dedent(text).lstrip("\n")
    after = None if look is None else dedent(look).lstrip("\n")
    return Hostile(name=name, tries=tries, source=source, verdicts=verdicts or (Verdict.OK,), look=after, **right)


def spins(name: str, tries: str, text: str, **right: Any) -> Hostile:
    """A hostile program that computes until it is stopped."""
    return program(name, tries, text, Verdict.TIMEOUT, reason="cpu", limits=SPINS, **right)


def waits(name: str, tries: str, text: str, **right: Any) -> Hostile:
    """A hostile program that waits until it is stopped."""
    return program(name, tries, text, Verdict.TIMEOUT, reason="wall", limits=WAITS, **right)


def refused(name: str, tries: str, text: str, given: str = "", **right: Any) -> Hostile:
    """A hostile program all of whose attempts must fail; `text` passes each to the function `attempt`."""
    return program(name, tries, f"{dedent(text)}print('done')\n", given=ATTEMPT + given, stdout=b"done\n", **right)


def forged_frame(stdout: bytes = b"PWN\n") -> bytes:
    """A RESULTS frame, in the runner's form, which claims that the first execution is ok and printed `stdout`."""
    body = list(frames.JUDGED_BODY.unpack(bytes(frames.JUDGED_BODY.size)))
    body[-1] = len(stdout)
    record = frames.RECORD_HEAD.pack(frames.JUDGED, 1, 0) + frames.JUDGED_BODY.pack(*body) + stdout
    return frames.HEADER.pack(frames.RESULTS, len(record)) + record


ATTEMPT = """
def attempt(deed, *arguments):
    try:
        deed(*arguments)
        print('DONE', arguments)
    except (OSError, ValueError):
        pass
"""
"""Code that defines `attempt`, which calls a function and prints the arguments if the call succeeds."""
FRAME = f"frame = {forged_frame()!r}\n"
"""Code that gives a program a forged frame."""
LIBC = "import ctypes, os\nlibc = ctypes.CDLL(None, use_errno=True)\n"
"""Code that gives a program the C library."""
PROCESSES = (
    "import os\npids = [int(name) for name in os.listdir('/proc') if name.isdigit() and int(name) != os.getpid()]\n"
)
"""Code that gives a program the ids of all other processes it can see."""
