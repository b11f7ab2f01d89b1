"""Hostile programs get their verdict, and the program after each runs as if nothing had been."""

from __future__ import annotations

import pytest

from sandbox import Job, Limits, Sandbox, Verdict
from tests.sandbox.conftest import Execute
from tests.sandbox.hostile import PROGRAMS

pytestmark = pytest.mark.asyncio(loop_scope="session")

# Little memory, so that filling it takes a fraction of the CPU time even on a busy machine.
LIMITS = Limits(cpu_s=0.4, wall_s=1.2, memory_mb=96)
# Runs in the same slot: right sum, no process but the runner and itself, nothing left in the places one can write to.
PROBE = (
    "import os\nprint(sum(map(int, input().split())), len([p for p in os.listdir('/proc') if p.isdigit()]),"
    " os.listdir('/tmp'), os.listdir('/dev/shm'))"
)
CLEAN = b"60 2 [] []\n"


@pytest.mark.parametrize("name", PROGRAMS)
async def test_it_gets_its_verdict_and_leaves_nothing(name: str, sandbox: Sandbox) -> None:
    program = PROGRAMS[name]
    jobs = [Job("hostile", program.source, (b"1 2 3 4",), LIMITS), Job("probe", PROBE, (b"10 20 30",) * 2)]
    executions = {(e.job, e.index): e async for e in sandbox.run(jobs)}
    hostile = executions["hostile", 0]
    assert hostile.verdict in program.verdicts.split(), hostile
    if program.stdout is not None:
        assert hostile.stdout == program.stdout
    assert b"EVIL" not in hostile.stdout and len(hostile.stdout) <= LIMITS.output_bytes
    for index in range(2):
        probe = executions["probe", index]
        assert (probe.verdict, probe.stdout) == (Verdict.OK, CLEAN), probe


async def test_inputs_of_other_executions_are_not_in_a_programs_memory(sandbox: Sandbox) -> None:
    source = PROGRAMS["searches_its_memory_for_other_inputs"].source
    marker = b"_".join([b"SECRET", b"OTHER", b"TEST"])
    inputs = (b"1", marker, b"2", marker * 1000, b"3")
    executions = [e async for e in sandbox.run([Job("search", source, inputs, Limits(cpu_s=5))])]
    assert {e.index: e.stdout for e in executions} == dict.fromkeys(range(5), b"hits 0\n")


async def test_output_is_cut_at_its_limit(execute: Execute) -> None:
    execution = await execute("while True: print('x' * 99)", output_bytes=5000)
    assert (execution.verdict, len(execution.stdout)) == (Verdict.OUTPUT_LIMIT, 5000)


async def test_a_busy_machine_makes_no_false_timeout(execute: Execute) -> None:
    # Sleeping takes no CPU time; only the wall guard ends it.
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
