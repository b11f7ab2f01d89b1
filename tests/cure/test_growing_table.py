"""The growing table with a real sandbox; plain processes are enough for the programs here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cure.problem import Problem, UnitTest, UnlabelledInput
from cure.table import Candidate, Cell, GrowingTable, ProgramExecutor, ProgramTable, fill, judging_of
from cure.table.executor import MOST_TIMEOUTS
from sandbox import Sandbox, SandboxError, Verdict, open_sandbox

DOUBLE = Candidate("print(2 * int(input()))")
SQUARE = Candidate("print(int(input()) ** 2)")
CRASH = Candidate("raise ValueError")


@pytest.fixture
async def trusted() -> AsyncIterator[Sandbox]:
    sandbox = await open_sandbox("none", slots=2)
    yield sandbox
    await sandbox.close()


def growing(sandbox: Sandbox, seen: list[tuple[str, str, Cell]] | None = None) -> GrowingTable[Candidate, UnitTest]:
    noticed: list[tuple[str, str, Cell]] = [] if seen is None else seen
    executor = ProgramExecutor(sandbox, judging_of(Problem("Double.", time_limit_s=5)))
    return GrowingTable(executor, lambda candidate, test, cell: noticed.append((candidate, test, cell)))


async def test_every_candidate_meets_every_test_in_whatever_order_they_come(trusted: Sandbox) -> None:
    table = growing(trusted)
    table.add_test("t1", UnitTest("2\n", "4\n"))
    table.add_candidate("c1", DOUBLE)
    await table.settle()
    table.add_candidate("c2", SQUARE)
    table.add_test("t2", UnitTest("3\n", "6\n"))
    settled = await table.settle()
    passed = {(c, t): settled.passes(c, t) for c in settled.candidates for t in settled.tests}
    assert passed == {("c1", "t1"): True, ("c1", "t2"): True, ("c2", "t1"): True, ("c2", "t2"): False}


async def test_equal_programs_and_inputs_run_once_but_fill_every_cell(trusted: Sandbox) -> None:
    runs: list[int] = []

    class Counting:
        isolation = "counting"

        async def run(self, jobs):  # type: ignore[no-untyped-def]  # the protocol's own signature
            runs.extend(len(job.inputs) for job in jobs)
            async for execution in trusted.run(jobs):
                yield execution

        async def close(self) -> None:
            await trusted.close()

    seen: list[tuple[str, str, Cell]] = []
    table = growing(Counting(), seen)
    for name in ("c1", "c2", "c3"):
        table.add_candidate(name, DOUBLE)
    table.add_test("t1", UnitTest("2\n", "4\n"))
    table.add_test("t2", UnitTest("2\n", "5\n"))
    settled = await table.settle()
    assert sum(runs) == 1
    assert len(seen) == 6
    assert [settled.passes("c2", test) for test in settled.tests] == [True, False]


async def test_right_output_before_a_crash_does_not_pass(trusted: Sandbox) -> None:
    table = growing(trusted)
    table.add_candidate("c1", Candidate("print(4)\nraise SystemExit(3)"))
    table.add_test("t1", UnitTest("", "4\n"))
    cell = (await table.settle()).cells["c1", "t1"]
    assert (cell.verdict, cell.stdout, cell.passed) == (Verdict.CRASH, "4\n", False)


async def test_what_the_sandbox_raises_reaches_whoever_waits(trusted: Sandbox) -> None:
    class Broken:
        isolation = "broken"

        async def run(self, jobs):  # type: ignore[no-untyped-def]  # the protocol's own signature
            raise SandboxError("the engine is gone")
            yield

        async def close(self) -> None:
            """Does nothing: there is nothing to close."""

    table = growing(Broken())
    table.add_candidate("c1", CRASH)
    table.add_test("t1", UnitTest("", ""))
    await asyncio.sleep(0.05)
    with pytest.raises(SandboxError, match="engine is gone"):
        await table.settle()


async def test_cancelling_gives_up_what_is_under_way(trusted: Sandbox) -> None:
    table = growing(trusted)
    table.add_candidate("c1", Candidate("import time; time.sleep(30)"))
    table.add_test("t1", UnitTest("", ""))
    await asyncio.sleep(0.3)
    await asyncio.wait_for(table.cancel(), 5)
    assert not table.snapshot().cells


async def test_what_was_run_before_is_not_run_again_and_is_compared_anew(trusted: Sandbox) -> None:
    first = ProgramExecutor(trusted, judging_of(Problem("Double.", time_limit_s=5)))
    program = ProgramTable({"c1": DOUBLE}, {"t1": UnitTest("2\n", "4\n")})
    await fill(first, program)

    class Broken:
        isolation = "broken"

        async def run(self, jobs):  # type: ignore[no-untyped-def]  # the protocol's own signature
            assert not jobs
            for job in jobs:
                yield job

        async def close(self) -> None:
            """Does nothing: there is nothing to close."""

    second = ProgramExecutor(Broken(), judging_of(Problem("Double.", time_limit_s=5)))
    second.remember(first.executions)
    filled = await fill(second, ProgramTable({"c2": DOUBLE}, {"t1": UnitTest("2\n", "5\n")}))
    assert (filled.cells["c2", "t1"].stdout, filled.passes("c2", "t1")) == ("4\n", False)


async def test_a_cell_that_is_put_back_is_not_run(trusted: Sandbox) -> None:
    seen: list[tuple[str, str, Cell]] = []
    table = growing(trusted, seen)
    table.restore("c1", "t1", Cell(verdict=Verdict.TIMEOUT, passed=False))
    table.add_candidate("c1", DOUBLE)
    table.add_test("t1", UnitTest("2\n", "4\n"))
    assert (await table.settle()).cells["c1", "t1"].verdict is Verdict.TIMEOUT
    assert seen == []


async def test_only_on_inputs_without_a_known_output_may_a_program_be_given_up(trusted: Sandbox) -> None:
    asked: dict[bytes, int | None] = {}

    class Noting:
        isolation = "noting"
        packages = trusted.packages

        async def run(self, jobs):  # type: ignore[no-untyped-def]  # the protocol's own signature
            asked.update({text: job.give_up_after for job in jobs for text in job.inputs})
            async for execution in trusted.run(jobs):
                yield execution

        async def close(self) -> None:
            await trusted.close()

    tests = {"t1": UnitTest("1\n", "2\n"), "t2": UnitTest("2\n", "4\n")}
    inputs = {"i1": UnlabelledInput("2\n"), "i2": UnlabelledInput("3\n")}
    executor = ProgramExecutor(Noting(), judging_of(Problem("Double.", time_limit_s=5)))
    table = await fill(executor, ProgramTable({"c1": DOUBLE}, tests | inputs))
    assert asked == {b"1\n": None, b"2\n": None, b"3\n": MOST_TIMEOUTS}
    assert [table.cells["c1", name].stdout for name in (*tests, *inputs)] == ["2\n", "4\n", "4\n", "6\n"]
    assert not any(table.passes("c1", name) for name in inputs)


async def test_a_test_is_run_though_another_call_gives_up_on_its_input(trusted: Sandbox) -> None:
    slow_before_nine = Candidate("n = int(input())\nwhile n < 9: pass\nprint(2 * n)")
    executor = ProgramExecutor(trusted, judging_of(Problem("Double.", time_limit_s=0.3)))
    inputs = {f"i{n}": UnlabelledInput(f"{n}\n") for n in range(1, 10)}
    first = asyncio.create_task(fill(executor, ProgramTable({"c1": slow_before_nine}, inputs)))
    while not executor.executions:
        await asyncio.sleep(0.01)
    labelled = await fill(executor, ProgramTable({"c1": slow_before_nine}, {"t1": UnitTest("9\n", "18\n")}))
    assert (await first).cells["c1", "i9"].verdict is Verdict.NOT_RUN
    assert labelled.passes("c1", "t1")
