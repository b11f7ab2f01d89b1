"""Runs many inputs of one plain program in one process, each with fresh globals and fresh standard streams.

An execution ends plainly if the program reaches its last line, exits with status 0, or ends by an ordinary exception.
The process can report only these outcomes. If an execution ends in any other way (another exit status, too much memory,
output beyond the limit), the process ends without a record of it; if the program left something behind (a changed
module, a thread), the process ends after the record. The runner gives the first input without a record a fork of its
own.
"""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
import time
import types
from typing import NamedTuple

from sandbox.runner import program
from sandbox.runner.executed import Executed
from sandbox.runner.frames import RECORD_HEAD, SHARED, SHARED_BODY, STDERR_TAIL, Limits
from sandbox.runner.plain import imports_of, reachable_modules, suspends
from sandbox.runner.processes import cpu_and_peak
from sandbox.runner.report import NAME_SIZE, Report
from sandbox.runner.surroundings import Library, Surroundings

NOTABLE_KB = 4096
"""Growth of memory during one input after which garbage is collected."""


class NotPlain(Exception):
    """The program needs a fork for every input."""


NEED_OWN_PROCESS = (MemoryError, RecursionError, NotPlain)
"""Exceptions that end the process when a program does not catch them."""


class CapturedOutput(io.BytesIO):
    """The output of a program. A call of `close`, which would lose the output, is only recorded."""

    was_closed = False

    def close(self) -> None:
        self.was_closed = True


class Ending(NamedTuple):
    """The output of a program that ended plainly, and the exception that ended it."""

    stdout: bytes
    stderr: bytes
    reason: bytes
    """Name of the exception that ended the program; empty if none did."""


class SharedProgram:
    """A compiled plain program, run on one input after another."""

    def __init__(
        self, code: types.CodeType, library: Library, limits: Limits, report: Report, executed: Executed | None = None
    ) -> None:
        """`executed` is what `executed_by` found in the source. Raises NotPlain if the program is not plain."""
        imports = imports_of(code, library.reachable, executed)
        if imports is None:
            raise NotPlain
        late = [name for name in imports if name not in sys.modules and name != "__future__"]
        for name in late:
            importlib.import_module(name)
        if late and imports_of(code, reachable_modules(), executed) is None:
            raise NotPlain
        self._code = code
        self._limits = limits
        self._report = report
        self._streams = (sys.stdin, sys.stdout, sys.stderr)
        self._stdin = io.BytesIO()
        self._builtins = library.builtins
        self._builtins["open"] = self._open
        codes = (code,) if executed is None else (code, executed.code)
        self._surroundings = Surroundings(codes, imports - {"__future__"}, library)
        self._suspends = any(map(suspends, codes))
        self._peak_kb = 0
        self._wants_more = False

    def _open(self, file: object = None, mode: object = "r", *arguments: object, **options: object) -> io.IOBase:
        """The `open` of the program: standard input for `open(0)`; any other file needs a process of its own."""
        if file != 0 or mode not in ("r", "rb") or arguments or options:
            # Noted as well, because the program may catch the exception.
            self._wants_more = True
            raise NotPlain
        binary = io.BufferedReader(self._stdin)
        return binary if mode == "rb" else io.TextIOWrapper(binary, "utf-8")

    def run(self, inputs: int, table: list[tuple[int, int]], results: int, number: int, first: int) -> None:
        """Run inputs, given as (index, size), that lie in file `inputs` from offset `first`.

        Their records, with the job's `number`, are written into file `results`.

        Returns early after an input that left something behind, and without a record of an input that needs a process
        of its own.
        """
        offset = first
        for position, (index, size) in enumerate(table):
            data = os.pread(inputs, size, offset)
            if len(data) != size:
                return
            offset += size
            began, cpu = time.monotonic(), cpu_and_peak()[0]
            self._report.begin(position, cpu)
            ending = self._execute(data)
            if ending is None:
                return
            tail = ending.stderr[-STDERR_TAIL:]
            cpu_now, peak_kb = cpu_and_peak()
            body = SHARED_BODY.pack(
                cpu_now - cpu,
                time.monotonic() - began,
                peak_kb,
                len(ending.reason),
                len(tail),
                len(ending.stdout),
            )
            record = b"".join((RECORD_HEAD.pack(SHARED, number, index), body, ending.reason, tail, ending.stdout))
            if os.write(results, record) != len(record) or not self._surroundings.unchanged():
                return

    def _abandon_main(self) -> None:
        """Drop the module `__main__`; collect garbage if destroying generators may run code, or memory has grown."""
        if self._suspends:
            program.abandon_main()
            return
        sys.modules.pop("__main__", None)
        peak_kb = cpu_and_peak()[1]
        if peak_kb > self._peak_kb + NOTABLE_KB:
            gc.collect()
        self._peak_kb = peak_kb

    def _execute(self, data: bytes) -> Ending | None:
        """The ending of the program on this standard input; None if it did not end plainly."""
        main = program.fresh_main()
        main.__dict__["__builtins__"] = self._builtins
        out, err = CapturedOutput(), CapturedOutput()
        stdin, stdout, stderr = self._streams
        self._stdin = io.BytesIO(data)
        binary = io.BufferedReader(self._stdin)
        text = io.TextIOWrapper(out, stdout.encoding, stdout.errors, newline="\n")
        errors = io.TextIOWrapper(err, stderr.encoding, stderr.errors, newline="\n", line_buffering=True)
        sys.modules["__main__"] = main
        sys.stdin = io.TextIOWrapper(binary, stdin.encoding, stdin.errors, newline="\n")
        sys.stdout, sys.stderr = text, errors
        self._surroundings.restore()
        reason = b""
        try:
            try:
                program.allow_recursion(1)
                exec(*(self._code, main.__dict__))
            except SystemExit as stop:
                if stop.code is not None and not (type(stop.code) is int and stop.code == 0):
                    return None
            except Exception as error:
                # Left to a fork are exceptions that depend on how much memory or stack was left, and those whose class
                # has an empty name, since an empty reason means that none was raised. Any other is reported as the
                # interpreter would at the program's end. Not isinstance, which calls code of the error's class.
                if issubclass(type(error), NEED_OWN_PROCESS) or sys.stderr is not errors:
                    return None
                reason = type(error).__name__.encode(errors="replace")[:NAME_SIZE]
                if not reason:
                    return None
                _complain(error)
            if sys.stdout is not text or sys.stderr is not errors:
                if not program.flush():
                    return None
                sys.stdout, sys.stderr = text, errors
            del main
            self._abandon_main()
            text.flush()
            errors.flush()
        except BaseException:
            return None
        finally:
            sys.stdin, sys.stdout, sys.stderr = self._streams
        if out.was_closed or err.was_closed or self._wants_more:
            return None
        written, complained = out.getvalue(), err.getvalue()
        if max(len(written), len(complained)) > self._limits.output - bool(reason):
            return None
        return Ending(written, complained, reason)


def _complain(error: Exception) -> None:
    """Write what the interpreter writes about an uncaught exception, without the first frame, which is the caller's."""
    trace = error.__traceback__
    error = error.with_traceback(trace.tb_next if trace is not None else None)
    sys.excepthook(type(error), error, error.__traceback__)
