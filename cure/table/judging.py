"""How the programs of a problem are judged, according to the problem's comparison, checker and limits.

A checker is a Python program for problems with several right answers. It runs in the sandbox like any other program and
reads one JSON object from standard input: `{"input": ..., "output": ..., "expected": ...}`, all texts: what the judged
program read, what it printed, what the test expects. It accepts the output by ending with exit status 0 and rejects it
by any other, an uncaught exception included. A checker that runs out of time or memory says nothing about the program.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from cure.errors import ProblemError
from cure.problem import Problem
from cure.table.compare import DEFAULT, Comparison, comparison
from sandbox import Limits

OUTPUT_FACTOR = 4
"""Least ratio of the limit on a program's output to the length of the longest expected output."""
CHECKER = "checker"
"""`Judging.name` where a checker decides."""
_CHECKER_LIMITS = Limits(cpu_s=10.0, memory_mb=512)


@dataclass(frozen=True, kw_only=True)
class Judging:
    """How outputs are compared, and what a program may use."""

    name: str
    """The comparison's name, or `checker`."""
    equal: Comparison | None
    """Whether an output is the expected one; None where a checker decides."""
    checker: str = ""
    limits: Limits
    strict: bool = False
    """Whether a new process is forked for every execution."""
    give_up_after: int | None = None
    """Time-outs of a program after which its other inputs are not run; None runs them all."""

    @property
    def checker_limits(self) -> Limits:
        """What the checker may use for each output: at least what the program may."""
        cpu_s = max(_CHECKER_LIMITS.cpu_s, self.limits.cpu_s)
        return replace(_CHECKER_LIMITS, cpu_s=cpu_s, memory_mb=max(_CHECKER_LIMITS.memory_mb, self.limits.memory_mb))

    def with_room_for(self, expected: Iterable[str]) -> Judging:
        """This judging with a limit on output of at least OUTPUT_FACTOR times the longest expected output."""
        longest = max((len(text.encode(errors="replace")) for text in expected), default=0)
        most = max(self.limits.output_bytes, OUTPUT_FACTOR * longest)
        return replace(self, limits=replace(self.limits, output_bytes=most))

    def with_time_limit(self, seconds: float) -> Judging:
        """This judging with another limit of CPU seconds."""
        return replace(self, limits=replace(self.limits, cpu_s=seconds))


def judging_of(
    problem: Problem,
    *,
    comparison_name: str = DEFAULT,
    time_limit_s: float | None = None,
    strict: bool = False,
    give_up_after: int | None = None,
) -> Judging:
    """The judging of a problem. `comparison_name` applies where the problem names neither a comparison nor a checker;
    `time_limit_s` replaces the problem's own limit. Raises ProblemError for a comparison that does not exist.
    """
    limits = Limits(cpu_s=time_limit_s or problem.time_limit_s, memory_mb=problem.memory_mb)
    name = CHECKER if problem.checker else problem.comparison or comparison_name
    try:
        equal = None if problem.checker else comparison(name)
    except ProblemError as error:
        raise ProblemError(f"{problem.name}: {error}" if problem.comparison else str(error)) from None
    return Judging(
        name=name, equal=equal, checker=problem.checker, limits=limits, strict=strict, give_up_after=give_up_after
    )
