"""Compares ways to run a program (a sandbox and its mode) with each other, and with verdicts that others recorded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.agreement.labelled import GAVE_UP_AFTER, NEAR, Labelled
from cure.table.compare import release
from sandbox import Execution, Sandbox, Verdict

Executions = Mapping[str, Sequence[Execution]]
"""Executions by the program's key, in the order of its inputs."""


@dataclass(frozen=True)
class Disagreement:
    """Two statements about one execution, or about one program, that contradict each other."""

    program: str
    index: int | None
    """Index of the input; None where the record is about all inputs together."""
    first: str
    second: str

    def __str__(self) -> str:
        where = self.program if self.index is None else f"{self.program}, input {self.index}"
        return f"{where}: {self.first}; {self.second}"


@dataclass(frozen=True)
class Comparison:
    """What was compared and what differs; counts are of executions, or of programs where only these are recorded."""

    compared: int
    near_limit: int
    """Differences left out because, near the time limit, an execution may time out in one run and not in another."""
    not_recorded: int = 0
    """Executions left out because the recording had given up on the program."""
    disagreements: list[Disagreement] = field(default_factory=list)


async def execute(
    sandbox: Sandbox, programs: Sequence[Labelled], strict: bool, step: Callable[[], object] = lambda: None
) -> Executions:
    """The executions of all programs; `step` is called after each execution."""
    found: dict[str, list[Execution]] = defaultdict(list)
    async for execution in sandbox.run([program.job(strict) for program in programs]):
        found[execution.job].append(execution)
        step()
    return {key: sorted(executions, key=lambda execution: execution.index) for key, executions in found.items()}


def between(
    programs: Sequence[Labelled], first_way: str, firsts: Executions, second_way: str, seconds: Executions
) -> Comparison:
    """The comparison of two ways to run programs: every execution must be equal in both."""
    compared, near = 0, 0
    disagreements = []
    for program in programs:
        for first, second in zip(firsts[program.key], seconds[program.key], strict=True):
            compared += 1
            if same(first, second):
                continue
            if _near_limit(program, first, second):
                near += 1
                continue
            told = f"{first_way}: {_tell(first)}", f"{second_way}: {_tell(second)}"
            disagreements.append(Disagreement(program.key, first.index, *told))
    return Comparison(compared, near, disagreements=disagreements)


def same(first: Execution, second: Execution) -> bool:
    """Whether two executions are equal except for their timing.

    What a program has printed when its time is up depends on the speed of the machine, and so does which of the limits
    on CPU time and wall-clock time ends it.
    """
    if first.verdict == second.verdict == Verdict.TIMEOUT:
        shorter, longer = sorted((first.stdout, second.stdout), key=len)
        return longer.startswith(shorter)
    return _essence(first) == _essence(second)


def with_record(programs: Sequence[Labelled], way: str, executions: Executions) -> Comparison:
    """The comparison of one way to run programs with the recorded verdicts."""
    compared, near, given_up = 0, 0, 0
    disagreements = []
    for program in programs:
        done = executions[program.key]
        passed = [
            execution.verdict == Verdict.OK and release(execution.stdout.decode(errors="replace"), expected)
            for execution, expected in zip(done, program.expected, strict=True)
        ]
        if program.passed is None:
            compared += 1
            if all(passed) != program.solved:
                failed = [execution for execution, right in zip(done, passed, strict=True) if not right]
                told = f"{way}: {_tell(failed[0])} on input {failed[0].index}" if failed else f"{way}: all right"
                disagreements.append(Disagreement(program.key, None, f"recorded: solved {program.solved}", told))
            continue
        slow = 0
        for n, (execution, right, recorded) in enumerate(zip(done, passed, program.passed, strict=True)):
            if n == program.first_set:
                slow = 0
            near_limit = execution.cpu_s * NEAR > program.cpu_s or execution.verdict == Verdict.TIMEOUT
            if slow >= GAVE_UP_AFTER and not recorded:
                given_up += 1
                continue
            slow += near_limit
            compared += 1
            if right == recorded:
                continue
            if near_limit and (right or execution.verdict == Verdict.TIMEOUT):
                near += 1
                continue
            record, found = f"recorded: passed {recorded}", f"{way}: {_tell(execution)}, passed {right}"
            disagreements.append(Disagreement(program.key, execution.index, record, found))
    return Comparison(compared, near, given_up, disagreements)


def _near_limit(program: Labelled, first: Execution, second: Execution) -> bool:
    """Whether one execution timed out and the other came near the time limit, which may differ from run to run."""
    ended = [execution for execution in (first, second) if execution.verdict != Verdict.TIMEOUT]
    return len(ended) == 1 and ended[0].cpu_s * NEAR > program.cpu_s


def _essence(execution: Execution) -> tuple[object, ...]:
    return execution.verdict, execution.reason, execution.exit_code, execution.signal, execution.stdout


def _tell(execution: Execution) -> str:
    words = f"{execution.verdict} {execution.reason}".strip()
    return f"{words} after {execution.cpu_s:.2f} s, {execution.stdout[:60]!r}"
