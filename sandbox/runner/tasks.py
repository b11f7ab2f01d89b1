"""The tasks of processes that PID 1 or its zygote forks: each process does one task and ends."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import Any, NoReturn

from sandbox.runner import confine, program
from sandbox.runner.compiled import compile_into, head, marshalled
from sandbox.runner.executed import executed_by
from sandbox.runner.frames import Limits
from sandbox.runner.jail import Jail
from sandbox.runner.processes import ANSWER
from sandbox.runner.shared import NotPlain, SharedProgram
from sandbox.runner.surroundings import Library

SHARE, COMPILE, EXECUTE, FORK = range(4)
NOT_COMPILED = 3
"""Exit status of a process that could not compile the source."""
AFTER_STREAMS = 3
"""The first file descriptor after the standard streams."""


class Tasks:
    """The tasks, each a method that never returns."""

    def __init__(self, jail: Jail, interpreter: program.Interpreter, library: Library) -> None:
        self._jail = jail
        self._report = jail.report
        self._interpreter = interpreter
        self._library = library

    def run(self, task: int, arguments: tuple[Any, ...], files: tuple[int, ...]) -> NoReturn:
        """Do a task with these arguments, which are plain values, and file descriptors.

        Between the fork and a program no function may be called by C code: such a call may use up levels of recursion
        that `program.allow_recursion`, which counts frames, does not see.
        """
        (self._share, self._compile, self._execute, self._fork)[task](files, arguments)

    def _share(self, files: tuple[int, ...], arguments: tuple[Any, ...]) -> NoReturn:
        """Run several inputs of a plain program (see `sandbox.runner.plain`), one after another."""
        try:
            inputs, results, scratch = files
            source, bounds, limits, number, table, offset = arguments
            self._jail.enter(bounds, (scratch, scratch, scratch), (inputs, results))
            code = compile(source, program.FILE, "exec", dont_inherit=True)
            self._report.compiled()
            try:
                found = executed_by(source)
                shared = SharedProgram(code, self._library, Limits(*limits), self._report, found)
            except NotPlain:
                self._report.not_plain()
                os._exit(0)
            shared.run(inputs, table, results, number, offset)
        finally:
            os._exit(0)

    def _compile(self, files: tuple[int, ...], arguments: tuple[Any, ...]) -> NoReturn:
        """Compile a program, or write to standard error why that fails."""
        status = NOT_COMPILED
        try:
            stdin, code_file, stderr = files
            source, bounds = arguments
            self._jail.enter(bounds, (stdin, code_file, stderr))
            try:
                compile_into(1, source, self._library)
                status = 0
            except BaseException as error:
                sys.excepthook(type(error), error.with_traceback(None), None)
                with suppress(BaseException):
                    sys.stderr.flush()
        finally:
            os._exit(status)

    def _execute(self, files: tuple[int, ...], arguments: tuple[Any, ...]) -> NoReturn:
        """Run a compiled program on one input."""
        stdin, stdout, stderr, code_file = files
        (bounds,) = arguments
        code = marshalled(code_file)
        self._jail.enter(bounds, (stdin, stdout, stderr), dumpable=True)
        self._interpreter.renew()
        program.allow_recursion(2)
        program.run(code, self._interpreter, self._report)

    def _fork(self, files: tuple[int, ...], arguments: tuple[Any, ...]) -> NoReturn:
        """Fork an execution for every byte read from the first file, and write to the second how it ended.

        The second file first gets the id of this process. The third holds the compiled program; if it does not yet, the
        first execution compiles the program. Every three further files are the standard streams of one execution.
        """
        go, done, code_file, *streams = files
        source, bounds = arguments
        fork, wait, read, write, pack = os.fork, os.wait4, os.read, os.write, ANSWER.pack
        enter, run, interpreter, report = self._jail.enter_prepared, program.run, self._interpreter, self._report
        try:
            self._jail.limit(bounds, forks=True)
            confine.leave_session()
            interpreter.renew()
            program.allow_recursion(2)
            found = head(code_file)
            code = marshalled(code_file) if found else b""
            write(done, pack(os.getpid(), 0.0, 0.0, 0))
            at = 0
            while read(go, 1):
                pid = fork()
                if pid == 0:
                    if found is None:
                        os.dup2(code_file, AFTER_STREAMS)
                        enter(streams[at], streams[at + 1], streams[at + 2], False, AFTER_STREAMS + 1)
                        code, is_quiet = self._compile_first(source)
                    else:
                        is_quiet = found.is_quiet
                        enter(streams[at], streams[at + 1], streams[at + 2], not is_quiet)
                    run(code, interpreter, report, is_quiet)
                _, status, usage = wait(pid, 0)
                write(done, pack(status, usage.ru_utime, usage.ru_stime, usage.ru_maxrss))
                at += 3
                if found is None:
                    found = head(code_file)
                    code = marshalled(code_file) if found else b""
        finally:
            os._exit(0)

    def _compile_first(self, source: bytes) -> tuple[bytes, bool]:
        """The program, compiled in the process and under the limits of its execution, and whether it is quiet (`Head`).

        Ends the process where compiling fails; the runner then compiles in another process to learn the error.
        """
        try:
            # Warnings of the compiler must not appear in the program's standard error.
            stderr, sys.stderr = sys.stderr, None
            code, is_quiet = compile_into(AFTER_STREAMS, source, self._library)
            sys.stderr = stderr
            os.close(AFTER_STREAMS)
            if not is_quiet:
                confine.make_dumpable()
        except BaseException:
            os._exit(NOT_COMPILED)
        return code, is_quiet
