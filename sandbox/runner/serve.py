"""The runner's loop in PID 1: frames in, executions, frames out."""

from __future__ import annotations

import gc
import importlib
import os
import signal
from typing import NoReturn

from sandbox.runner import confine, seccomp
from sandbox.runner.frames import (
    HEADER,
    INPUT,
    INPUT_HEAD,
    NONE,
    PROGRAM,
    PROGRAM_HEAD,
    READY,
    READY_BODY,
    RESULT,
    RESULT_HEAD,
    STDERR_TAIL,
    VERDICTS,
    VERSION,
    Limits,
)
from sandbox.runner.jobs import Ending, Jail, Outcome, Program

REFUSED = 70
PRELOADED = ("math", "collections", "heapq", "bisect", "itertools", "functools", "operator", "re", "string", "typing")


def main(arguments: list[str]) -> NoReturn:
    """Serve until standard input ends. Arguments: user id for programs or `-`, directories they may write to."""
    if os.getpid() != 1:
        os.write(2, b"the sandbox runner must be PID 1 of a PID namespace of its own; refusing to start\n")
        os._exit(REFUSED)
    errors = os.dup(2)
    try:
        # PID 1 is immune to signals from inside only as long as it handles none; Python handles SIGINT.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        confine.hide()
        seccomp.install()
        channel = _Channel(os.dup(0), os.dup(1))
        # Seekable files in the places of 0, 1 and 2, so that streams made before the fork know they can seek.
        for fd in (0, 1, 2):
            placeholder = os.memfd_create("placeholder")
            os.dup2(placeholder, fd)
            os.close(placeholder)
        uid = None if arguments[0] == "-" else confine.mapped(int(arguments[0]))
        jail = Jail(uid, arguments[1:])
        _warm_up()
        channel.send(READY, READY_BODY.pack(VERSION))
        _serve(channel, jail)
    except (EOFError, BrokenPipeError):
        os._exit(0)
    except BaseException as error:
        os.write(errors, f"sandbox runner: {type(error).__name__}: {error}\n".encode(errors="replace"))
        os._exit(1)


def _warm_up() -> None:
    for name in PRELOADED:
        importlib.import_module(name)
    _import_random()
    # Shared pages stay shared: the collector of a child does not touch what was there before.
    gc.collect()
    gc.freeze()


def _import_random() -> None:
    """Load `random` with a fixed seed; its reseeding after every fork would undo that, and costs half a millisecond."""
    register = os.register_at_fork
    os.register_at_fork = lambda **_: None
    try:
        random = importlib.import_module("random")
    finally:
        os.register_at_fork = register
    random.seed(0)


def _serve(channel: _Channel, jail: Jail) -> NoReturn:
    program: Program | None = None
    while True:
        kind, size = HEADER.unpack(channel.take(HEADER.size))
        if kind == PROGRAM:
            number, cpu_s, wall_s, memory, output, processes = PROGRAM_HEAD.unpack(channel.take(PROGRAM_HEAD.size))
            source = channel.take(size - PROGRAM_HEAD.size)
            program = jail.compile(number, source, Limits(cpu_s, wall_s, memory, output, processes))
        elif kind == INPUT and program is not None:
            number, index = INPUT_HEAD.unpack(channel.take(INPUT_HEAD.size))
            stdin = os.memfd_create("stdin")
            channel.pour(stdin, size - INPUT_HEAD.size)
            if number != program.number:
                raise ValueError("input for another program")
            if program.error:
                _answer(channel, program, index, None)
            else:
                outcome = jail.execute(program, stdin)
                _answer(channel, program, index, outcome)
                os.close(outcome.stdout)
                os.close(outcome.stderr)
            os.close(stdin)
        else:
            raise ValueError(f"frame of kind {kind}")


def _answer(channel: _Channel, program: Program, index: int, outcome: Outcome | None) -> None:
    """Send one RESULT; output goes from file to pipe, never through the memory that later programs are forked from."""
    if outcome is None:
        verdict, reason, ending = "crash", program.error, Ending(1 << 8, "", 0.0, 0.0, 0)
        stderr_size, stdout_size = len(program.stderr), 0
    else:
        verdict, reason, ending = outcome.verdict, outcome.reason, outcome.ending
        stderr_size, stdout_size = os.fstat(outcome.stderr).st_size, os.fstat(outcome.stdout).st_size
    tail = min(stderr_size, STDERR_TAIL)
    kept = min(stdout_size, program.limits.output)
    words = reason.encode(errors="replace")
    exited = os.WIFEXITED(ending.status) and not ending.killed
    signalled = os.WIFSIGNALED(ending.status) and not ending.killed
    head = RESULT_HEAD.pack(
        program.number,
        index,
        VERDICTS.index(verdict),
        os.WEXITSTATUS(ending.status) if exited else NONE,
        os.WTERMSIG(ending.status) if signalled else NONE,
        ending.cpu_s,
        ending.wall_s,
        ending.peak_kb,
        len(words),
        tail,
        kept,
    )
    channel.send(RESULT, head + words, more=tail + kept)
    if outcome is None:
        channel.write(program.stderr[-tail:] if tail else b"")
    else:
        channel.write_file(outcome.stderr, stderr_size - tail, tail)
        channel.write_file(outcome.stdout, 0, kept)


class _Channel:
    """The two descriptors that lead to the host. Reads exactly what was asked for and keeps nothing."""

    def __init__(self, source: int, sink: int) -> None:
        self._source = source
        self._sink = sink
        self._splice = True

    def take(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            chunk = os.read(self._source, min(size - len(data), 1 << 20))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    def pour(self, fd: int, size: int) -> None:
        """Move the next `size` bytes into file `fd`, past this process's memory, where its children would find them."""
        left = size
        while left:
            moved = self._move(fd, left)
            if not moved:
                raise EOFError
            left -= moved
        os.lseek(fd, 0, os.SEEK_SET)

    def _move(self, fd: int, size: int) -> int:
        if self._splice:
            try:
                return os.splice(self._source, fd, size)
            except OSError:
                # Not a pipe, or a kernel without splice (gVisor): copy, and wipe the copy.
                self._splice = False
        buffer = bytearray(min(size, 1 << 16))
        got = os.readv(self._source, [buffer])
        view = memoryview(buffer)[:got]
        while view:
            view = view[os.write(fd, view) :]
        buffer[:] = bytes(len(buffer))
        return got

    def send(self, kind: int, payload: bytes, more: int = 0) -> None:
        """Write a frame of which the last `more` bytes follow by `write` and `write_file`."""
        self.write(HEADER.pack(kind, len(payload) + more) + payload)

    def write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self._sink, data) :]

    def write_file(self, fd: int, start: int, size: int) -> None:
        while size:
            sent = os.sendfile(self._sink, fd, start, size)
            if not sent:
                raise EOFError
            start += sent
            size -= sent
