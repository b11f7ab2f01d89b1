"""Runs hostile programs one after another, each followed by ten innocent executions, and reports the outcomes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sandbox.backends.trusted import Trusted
from sandbox.errors import SandboxError
from sandbox.protocol import Execution, Job, Sandbox, Verdict
from sandbox.selftest import innocent
from sandbox.selftest.canary import Canary
from sandbox.selftest.hostile import Hostile

ANSWER_S = 180.0
"""Seconds after which a sandbox that has not answered counts as hanging."""
LATE_S = 3.0
"""Seconds by which an execution may exceed its wall guard, since a busy machine is slow to kill."""
FORBIDDEN = (b"EVIL", b"PWN")
"""Texts that hostile programs try to write into the output of other programs."""


class Mode(StrEnum):
    """The two ways to run the inputs of a program."""

    DEFAULT = "default"
    """All inputs; those of a plain program (see `runner/plain.py`) share one process."""
    STRICT = "strict"
    """Each input in a process of its own; usually only the first, as further ones would show nothing new."""


@dataclass(frozen=True, kw_only=True)
class Trial:
    """The outcome of one hostile program in one mode."""

    name: str
    tries: str
    mode: str
    verdict: str
    """Verdict of the first execution with an unexpected verdict, else of the first one; `none` without executions."""
    reason: str
    held: bool
    """Whether the sandbox withstood the program."""
    why: str
    """The first fault that was found; empty if `held`."""
    seconds: float


class Examiner:
    """Tries hostile programs on one sandbox, and opens a new sandbox after each program that it did not withstand."""

    def __init__(self, opener: Callable[[], Awaitable[Sandbox]], canary: Canary) -> None:
        """`opener` opens a sandbox with one slot, so that every program runs where the previous one ran."""
        self._opener = opener
        self._canary = canary
        self._opened: Sandbox | None = None
        self._fresh = b""

    async def sandbox(self) -> Sandbox:
        """The open sandbox; if there is none, a new one, after a probe in it.

        Raises SandboxError if none can be opened, if it is no jail, or if not even an innocent program runs in it.
        """
        if self._opened is None:
            opened = await self._opener()
            if isinstance(opened, Trusted):
                raise SandboxError("hostile programs run in a jail only: use --sandbox docker or bubblewrap")
            self._opened = opened
            self._fresh = await self._probe()
        return self._opened

    async def close(self) -> None:
        """Close the open sandbox."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.close()

    async def trials(self, programs: Iterable[Hostile], modes: Sequence[Mode] = tuple(Mode)) -> AsyncIterator[Trial]:
        """A trial for every program in every mode, as each finishes."""
        for mode in modes:
            for program in programs:
                yield await self.trial(program, mode)

    async def trial(self, program: Hostile, mode: Mode) -> Trial:
        """Run the program in this mode, then its `look` program, then ten innocent executions, up to the first fault.

        Raises SandboxError like `sandbox`.
        """
        await self.sandbox()
        started = time.monotonic()
        strict = mode == Mode.STRICT
        inputs = program.inputs if not strict or program.needs_all_inputs else program.inputs[:1]
        executions: list[Execution] = []
        try:
            async with asyncio.timeout(ANSWER_S):
                job = Job(program.name, program.source, inputs, program.limits, strict)
                executions = await self._run([job])
                why = (
                    self._judge(program, executions)
                    or await self._look(program, strict)
                    or await self._innocents(strict)
                )
        except TimeoutError:
            why = f"no answer in {ANSWER_S:.0f} s"
        why = why or self._canary.harm()
        if why:
            await self.close()
        worst = next(
            (e for e in executions if e.verdict not in program.verdicts), executions[0] if executions else None
        )
        return Trial(
            name=program.name,
            tries=program.tries,
            mode=mode,
            verdict=worst.verdict if worst else "none",
            reason=worst.reason if worst else "",
            held=not why,
            why=why,
            seconds=round(time.monotonic() - started, 3),
        )

    async def _run(self, jobs: list[Job]) -> list[Execution]:
        sandbox = await self.sandbox()
        executions = [execution async for execution in sandbox.run(jobs)]
        return sorted(executions, key=lambda execution: (execution.job, execution.index))

    async def _probe(self) -> bytes:
        """The output of the probe in a fresh sandbox."""
        [execution] = await self._run([innocent.probe_job("probe")])
        if execution.verdict != Verdict.OK or not innocent.PROBED.match(execution.stdout):
            raise SandboxError(f"not even the first innocent program ran as it should: {_shown(execution)}")
        return execution.stdout

    def _judge(self, program: Hostile, executions: list[Execution]) -> str:
        for execution in executions:
            if wrong := _wrong(program, execution):
                which = f"input {execution.index}: " if len(executions) > 1 else ""
                return f"{which}{wrong} ({_shown(execution)})"
        return ""

    async def _look(self, program: Hostile, strict: bool) -> str:
        if program.look is None:
            return ""
        [execution] = await self._run([Job("look", program.look, (b"look\n",), innocent.LIMITS, strict)])
        if execution.verdict != Verdict.OK or execution.stdout != program.found:
            return f"the next program found something ({_shown(execution)})"
        return ""

    async def _innocents(self, strict: bool) -> str:
        programs = {program.name: program for program in innocent.PROGRAMS}
        jobs = [innocent.probe_job("first probe")]
        jobs += [program.job(strict) for program in innocent.PROGRAMS]
        jobs += [innocent.probe_job("last probe")]
        for execution in await self._run(jobs):
            program = programs.get(execution.job)
            expected = self._fresh if program is None else [*program.expected.values()][execution.index]
            if execution.verdict != Verdict.OK or execution.stdout != expected:
                return f"an innocent execution afterwards, {execution.job}, went wrong ({_shown(execution)})"
        return ""


def _wrong(program: Hostile, execution: Execution) -> str:
    """The fault of one execution of the program, in words; empty if it is right."""
    if execution.verdict not in program.verdicts:
        return f"{execution.verdict} instead of {' or '.join(program.verdicts)}"
    outputs = (program.stdout,) if isinstance(program.stdout, bytes) else program.stdout
    if outputs is not None and execution.stdout not in outputs:
        return "another output"
    if any(word in execution.stdout for word in FORBIDDEN) and program.stdout is None:
        return "bytes of another process"
    if program.exit_code is not None and execution.exit_code != program.exit_code:
        return f"exit code {execution.exit_code} instead of {program.exit_code}"
    if program.signal is not None and execution.signal != program.signal:
        return f"signal {execution.signal} instead of {program.signal}"
    if program.reason is not None and not execution.reason.startswith(program.reason):
        return f"not for the reason {program.reason!r}"
    if not execution.reason.isprintable():
        return "a reason with unprintable characters"
    if len(execution.stdout) > program.limits.output_bytes:
        return "more output than its limit"
    if execution.wall_s > program.limits.wall_guard_s + LATE_S:
        return f"ran for {execution.wall_s:.1f} s"
    return ""


def _shown(execution: Execution) -> str:
    reason = f" for {execution.reason!r}" if execution.reason else ""
    return f"{execution.verdict}{reason}: {execution.stdout[:200]!r} {execution.stderr_tail[-200:]!r}"
