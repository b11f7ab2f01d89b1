"""Computes verdicts on commands: from the kernel's reports first, from the command's own output last."""

from __future__ import annotations

import os
import re
import signal
from typing import Any

from sandbox.protocol import Limits, Verdict
from sandbox.workspace.protocol import Command, CommandResult

FAILED = {1: "no such command", 2: "no such directory"}
OUT_OF_MEMORY = re.compile(rb"MemoryError|bad_alloc|[Oo]ut of memory|Cannot allocate memory|memory exhausted")
"""Error messages of programs whose allocation failed, which the kernel does not record."""


def judged(command: Command, facts: dict[str, Any], stdout: bytes, stderr: bytes) -> CommandResult:
    """The result of a command, from the supervisor's answer (`facts`) and the output."""
    status = facts["status"]
    killed = bool(facts["killed"])
    exit_code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) and not killed else None
    signalled = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) and not killed else None
    verdict, reason = _verdict(command.limits, facts, exit_code, signalled, stderr)
    return CommandResult(
        command=command.argv,
        verdict=verdict,
        stdout=stdout,
        stderr=stderr,
        exit_code=exit_code,
        signal=signalled,
        cpu_s=float(facts["cpu_s"]),
        wall_s=float(facts["wall_s"]),
        peak_memory_kb=int(facts["peak_kb"]),
        reason=reason,
    )


def _verdict(
    limits: Limits, facts: dict[str, Any], exit_code: int | None, signalled: int | None, stderr: bytes
) -> tuple[Verdict, str]:
    killed = facts["killed"]
    if facts["failed"] in FAILED:
        return Verdict.CRASH, f"{FAILED[facts['failed']]}: {facts['words']}"
    if facts["failed"]:
        return Verdict.SANDBOX_ERROR, f"could not start the command: {facts['words']}"
    if facts["oom"] and exit_code != 0:
        return Verdict.MEMORY, "killed by the kernel for the memory of the workspace"
    if killed == "memory":
        return Verdict.MEMORY, "all processes of the command together"
    if killed in ("cpu", "wall"):
        return Verdict.TIMEOUT, killed
    if killed in ("stdout", "stderr"):
        return Verdict.OUTPUT_LIMIT, killed
    if signalled == signal.SIGXCPU or facts["cpu_s"] > limits.cpu_s:
        return Verdict.TIMEOUT, "cpu"
    if exit_code == 0:
        return Verdict.OK, ""
    if signalled == signal.SIGXFSZ:
        return Verdict.OUTPUT_LIMIT, "a file larger than the workspace"
    if OUT_OF_MEMORY.search(stderr.rstrip().rpartition(b"\n")[2]):
        return Verdict.MEMORY, "an allocation of memory failed"
    if signalled is not None:
        known = signalled in {number.value for number in signal.Signals}
        return Verdict.CRASH, signal.Signals(signalled).name if known else f"signal {signalled}"
    return Verdict.CRASH, f"exit status {exit_code}"
