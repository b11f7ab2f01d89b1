"""Hostile programs get their verdict, and the programs that run after each are unaffected."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import NoReturn

import pytest
import pytest_asyncio

from sandbox import Job, Limits, Sandbox, SandboxUnavailable, Verdict, open_sandbox
from sandbox.pool.slot import read_results
from sandbox.runner import frames, plain
from sandbox.selftest.canary import canary
from sandbox.selftest.hostile import SECRET, forged_frame
from sandbox.selftest.programs import PROGRAMS, THEMES
from sandbox.selftest.trial import Examiner, Mode
from tests.sandbox.conftest import BACKENDS, Execute

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session", params=BACKENDS)
async def examiner(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Examiner]:
    """Tries programs on a sandbox with one slot, so that every program runs where the previous one ran."""

    async def opener() -> Sandbox:
        return await open_sandbox(request.param, slots=1)

    with canary() as watched:
        examiner = Examiner(opener, watched)
        try:
            await examiner.sandbox()
        except SandboxUnavailable as error:
            require(request.param, str(error))
        yield examiner
        await examiner.close()


def may_be_plain(source: str) -> bool:
    """Whether the inputs of this source may share a process in the default mode, judged by the names in it."""
    imported = re.findall(r"^\s*(?:import|from) (\w+)", source, re.MULTILINE)
    return plain.MODULES.issuperset(imported) and plain.FORBIDDEN.isdisjoint(re.findall(r"\w+", source))


# The default mode runs a program that is not plain as the strict mode does. `sandbox selftest` tries all in both.
TRIALS = [
    (name, mode)
    for name, program in PROGRAMS.items()
    for mode in Mode
    if mode is Mode.DEFAULT or may_be_plain(program.source)
]


@pytest.mark.parametrize(("name", "mode"), TRIALS)
async def test_it_gets_its_verdict_and_leaves_nothing(name: str, mode: Mode, examiner: Examiner) -> None:
    trial = await examiner.trial(PROGRAMS[name], mode)
    assert trial.held, trial.why


async def test_the_set_has_every_program_once() -> None:
    assert len(PROGRAMS) == sum(len(theme.PROGRAMS) for theme in THEMES) >= 90
    assert len({program.source for program in PROGRAMS.values()}) == len(PROGRAMS)
    assert all(program.tries and "\n" not in program.tries and program.verdicts for program in PROGRAMS.values())


async def test_the_forged_frame_would_be_believed() -> None:
    frame = forged_frame()
    kind, size = frames.HEADER.unpack_from(frame)
    [(_, result)] = read_results(frame[frames.HEADER.size :])
    assert (kind, size) == (frames.RESULTS, len(frame) - frames.HEADER.size)
    assert (result.verdict, result.stdout, result.index) == ("ok", b"PWN\n", 0)


@pytest.mark.parametrize("strict", [False, True])
async def test_inputs_of_other_executions_are_not_in_a_programs_memory(sandbox: Sandbox, strict: bool) -> None:
    source = PROGRAMS["searches_memory_for_other_inputs"].source
    inputs = (b"1", SECRET, b"2", SECRET * 1000, b"3")
    jobs = [Job("search", source, inputs, Limits(cpu_s=5), strict), Job("other", "print(1)", (SECRET,) * 3)]
    executions = [e async for e in sandbox.run(jobs) if e.job == "search"]
    assert {e.index: e.stdout for e in executions} == dict.fromkeys(range(5), b"hits 0\n")


async def test_output_is_cut_at_its_limit(execute: Execute) -> None:
    execution = await execute("while True: print('x' * 99)", output_bytes=5000)
    assert (execution.verdict, len(execution.stdout)) == (Verdict.OUTPUT_LIMIT, 5000)


async def test_a_busy_machine_makes_no_false_timeout(execute: Execute) -> None:
    # Sleeping takes no CPU time; only the limit on wall time, which is longer, could end the program.
    execution = await execute("import time; time.sleep(1.5); print(1)", cpu_s=1)
    assert execution.verdict == Verdict.OK and execution.cpu_s < 0.5 and execution.wall_s >= 1.5


async def test_time_limits_say_which(execute: Execute) -> None:
    spinning = await execute("while True: pass", cpu_s=0.3)
    assert (spinning.verdict, spinning.reason) == (Verdict.TIMEOUT, "cpu")
    assert 0.3 <= spinning.cpu_s < 1
    sleeping = await execute("import time; time.sleep(9)", wall_s=0.3)
    assert (sleeping.verdict, sleeping.reason) == (Verdict.TIMEOUT, "wall")
    assert sleeping.cpu_s < 0.3 <= sleeping.wall_s < 2


async def test_a_memory_limit_holds_at_its_figure(execute: Execute) -> None:
    source = "x = bytearray(100 << 20); print(len(x))"
    assert (await execute(source, memory_mb=64)).verdict == Verdict.MEMORY
    fits = await execute(source, memory_mb=160)
    assert fits.verdict == Verdict.OK and 100 << 10 <= fits.peak_memory_kb < 160 << 10


async def test_a_program_that_needs_more_memory_gets_a_larger_slot(execute: Execute) -> None:
    execution = await execute("print(len(bytearray(1200 << 20)))", memory_mb=1500, cpu_s=5)
    assert (execution.verdict, execution.stdout) == (Verdict.OK, b"1258291200\n")
