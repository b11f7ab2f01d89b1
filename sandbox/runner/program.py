"""Runs one program in the forked interpreter like `python main.py`, down to the exit status."""

from __future__ import annotations

import atexit
import gc
import io
import marshal
import os
import signal
import sys
import types
from contextlib import suppress
from typing import Any, NoReturn

from sandbox.runner import confine
from sandbox.runner.report import Report

FILE = "main.py"
RECURSION_LIMIT = sys.getrecursionlimit()


class Interpreter:
    """The objects prepared before the fork: the module `__main__` and the standard streams."""

    def __init__(self) -> None:
        self.encoding, self.errors = sys.stdin.encoding, sys.stdin.errors or "strict"
        self.stdin = _stream(0, "<stdin>", self.encoding, self.errors)
        self.stdout = _stream(1, "<stdout>", self.encoding, self.errors)
        self.stderr = _stream(2, "<stderr>", self.encoding, "backslashreplace")
        self.main = fresh_main()

    def renew(self) -> None:
        """Replace `__main__` by a module made after `gc.freeze`, so that the garbage collector can collect it."""
        self.main = sys.modules["__main__"] = fresh_main()

    def install(self) -> None:
        """Put module and streams into `sys`, where programs look for them."""
        sys.modules["__main__"] = self.main
        sys.stdin = sys.__stdin__ = self.stdin  # type: ignore[misc]  # the interpreter itself sets these at start
        sys.stdout = sys.__stdout__ = self.stdout  # type: ignore[misc]
        sys.stderr = sys.__stderr__ = self.stderr  # type: ignore[misc]
        sys.argv = [FILE]
        sys.orig_argv = [sys.executable, FILE]


def fresh_main() -> types.ModuleType:
    """An empty module `__main__`."""
    main = types.ModuleType("__main__")
    main.__dict__.update(__builtins__=sys.modules["builtins"], __file__=FILE, __cached__=None, __annotations__={})
    return main


def allow_recursion(deeper: int = 0) -> None:
    """Let a program recurse as deep as if no frames of the runner lay below it.

    `deeper` is the number of frames between the caller's frame and the program's; `exec` counts as one.
    """
    frame = sys._getframe(1)
    depth = deeper
    while frame is not None:
        depth += 1
        frame = frame.f_back  # type: ignore[assignment]  # None ends the loop
    sys.setrecursionlimit(RECURSION_LIMIT + depth)


def _stream(fd: int, name: str, encoding: str, errors: str) -> io.TextIOWrapper:
    """A standard stream with the properties that CPython's `create_stdio` gives it."""
    mode = "r" if fd == 0 else "w"
    raw = io.FileIO(fd, mode + "b", closefd=False)
    raw.name = name
    buffer: Any = io.BufferedReader(raw) if fd == 0 else io.BufferedWriter(raw)
    stream = io.TextIOWrapper(buffer, encoding, errors, newline="\n", line_buffering=fd == 2)
    vars(stream)["mode"] = mode
    return stream


def run(code: bytes, interpreter: Interpreter, report: Report, quiet: bool = False, leave: Any = os._exit) -> NoReturn:
    """Execute marshalled `code` as `__main__` and end the process with the exit status of `python main.py`.

    `quiet` says that the program does nothing after its last line: no thread, no exit handler, no destructor. `leave`
    is bound before the program runs, because the program may replace `os._exit`. The code is not split into more
    functions, because each further call makes the kernel copy pages of memory in every execution.
    """
    status = 1
    interrupted = False
    try:
        try:
            if b"stack_size" in code:
                confine.allow_large_stacks()
            # Called with `*`, so that CPython does not specialise the call: a specialised one counts as one frame less.
            exec(*(marshal.loads(code), interpreter.main.__dict__))
            status = 0
        except SystemExit as stop:
            status = _exit_status(stop, report)
        except BaseException as error:
            interrupted = type(error) is KeyboardInterrupt
            _uncaught(error, report)
        out, err = interpreter.stdout, interpreter.stderr
        try:
            quiet = quiet and not status and sys.stdout is out and sys.stderr is err and not (out.closed or err.closed)
        except AttributeError:
            quiet = False
        if quiet:
            out.flush()
            err.flush()
        elif not _finalize(interpreter):
            status = 120
        if interrupted:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.kill(os.getpid(), signal.SIGINT)
    except BaseException:
        status = 120
    finally:
        while True:
            leave(status & 0xFF)


def _exit_status(stop: SystemExit, report: Report) -> int:
    """The exit status of `sys.exit(x)`: 0 for None, `x` for a number; anything else is printed and gives 1."""
    code = stop.code
    if code is None:
        return 0
    if isinstance(code, int):
        # CPython uses -1 for a number that does not fit into a C long.
        status = code & 0xFF if -(1 << 63) <= code < 1 << 63 else 0xFF
    else:
        status = 1
        with suppress(BaseException):
            if sys.stderr is not None:
                sys.stderr.write(f"{code}\n")
    if status:
        report.died_of(f"exit status {status}")
    return status


def _uncaught(error: BaseException, report: Report) -> None:
    # Not isinstance, which calls code of the error's class.
    if issubclass(type(error), MemoryError):
        report.out_of_memory()
    report.died_of(type(error).__name__)
    trace = error.__traceback__
    # The first frame belongs to this module.
    error = error.with_traceback(trace.tb_next if trace is not None else None)
    with suppress(BaseException):
        sys.excepthook(type(error), error, error.__traceback__)


def _finalize(interpreter: Interpreter) -> bool:
    """Do what `Py_FinalizeEx` does: join threads, run exit handlers, flush, destroy; return whether flushing worked."""
    threading = sys.modules.get("threading")
    if threading is not None:
        with suppress(BaseException):
            threading._shutdown()
    atexit._run_exitfuncs()
    flushed = flush()
    # An object that replaced sys.stdout, or a file left open, is flushed when its last reference is dropped.
    with suppress(BaseException):
        sys.stdout, sys.stderr = interpreter.stdout, interpreter.stderr
        interpreter.main = types.ModuleType("__main__")
        abandon_main()
    return flush() and flushed


def flush() -> bool:
    """Flush both output streams if they are open; returns whether that worked."""
    flushed = True
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name, None)
        try:
            if stream is not None and not _is_closed(stream):
                stream.flush()
        except BaseException:
            flushed = False
    return flushed


def _is_closed(stream: Any) -> bool:
    try:
        return bool(stream.closed)
    except BaseException:
        return False


def abandon_main() -> None:
    """Drop the module `__main__`, so that its objects are destroyed, which may print.

    The caller must hold no reference to the module. Garbage is collected first, while globals still exist, as an
    interpreter does when it ends.
    """
    gc.collect()
    sys.modules.pop("__main__", None)
    gc.collect()
