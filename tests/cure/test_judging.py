"""The judging of problems, and programs run on tests in a real sandbox; plain processes are enough here."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Collection, Sequence
from dataclasses import dataclass

import pytest

from cure.errors import ProblemError
from cure.problem import Problem, UnitTest
from cure.select import SELECTORS
from cure.select.confidence import confidence
from cure.table import (
    Candidate,
    Cell,
    ExecutionTable,
    GrowingTable,
    Pair,
    ProgramExecutor,
    ProgramTable,
    clusters,
    fill,
    judging_of,
)
from sandbox import Execution, Job, Sandbox, SandboxError, Verdict, open_sandbox

EVEN_CHECKER = """
import json, sys
asked = json.load(sys.stdin)
sys.exit(int(asked["output"]) % 2 or int(asked["output"]) <= int(asked["input"]))
"""


class CountingSandbox:
    """Passes jobs on to another sandbox, and lists their programs and inputs."""

    isolation = "counting"

    def __init__(self, inner: Sandbox) -> None:
        self.inner = inner
        self.inputs: list[tuple[str, bytes]] = []

    async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
        self.inputs += [(job.source, given) for job in jobs for given in job.inputs]
        async for execution in self.inner.run(jobs):
            yield execution

    async def close(self) -> None:
        await self.inner.close()


@pytest.fixture
async def counting() -> AsyncIterator[CountingSandbox]:
    sandbox = CountingSandbox(await open_sandbox("none", slots=2))
    yield sandbox
    await sandbox.close()


def table(programs: Sequence[str], *tests: UnitTest) -> ProgramTable:
    rows = {f"c{number}": Candidate(text) for number, text in enumerate(programs)}
    return ProgramTable(rows, {f"t{number}": test for number, test in enumerate(tests)})


def test_a_problem_s_own_comparison_comes_before_the_run_s() -> None:
    assert judging_of(Problem("x")).name == "tokens"
    assert judging_of(Problem("x"), comparison_name="lines").name == "lines"
    named = judging_of(Problem("x", comparison="unordered-tokens"), comparison_name="lines")
    assert named.name == "unordered-tokens"
    assert named.equal is not None and named.equal("2 1", "1 2")


def test_limits_are_the_problem_s_unless_the_run_has_a_time_limit() -> None:
    problem = Problem("x", time_limit_s=2, memory_mb=64)
    assert (judging_of(problem).limits.cpu_s, judging_of(problem).limits.memory_mb) == (2, 64)
    assert judging_of(problem, time_limit_s=7).limits.cpu_s == 7


async def test_the_limit_on_output_follows_the_longest_expected_output(counting: CountingSandbox) -> None:
    expected = "x" * (3 << 20)
    programs = ["print('x' * (3 << 20))", "print('x' * (13 << 20))"]
    filled = await fill(
        ProgramExecutor(counting, judging_of(Problem("x", time_limit_s=5))), table(programs, UnitTest("", expected))
    )
    assert filled.passes("c0", "t0")
    assert filled.cells["c1", "t0"].verdict is Verdict.OUTPUT_LIMIT
    short = judging_of(Problem("x")).with_room_for(["1"])
    assert short.limits == judging_of(Problem("x")).limits


def test_an_unknown_comparison_names_the_problem_that_asks_for_it() -> None:
    with pytest.raises(ProblemError, match=r"^sum: unknown comparison 'tokns'; did you mean 'tokens'"):
        judging_of(Problem("x", name="sum", comparison="tokns"))
    with pytest.raises(ProblemError, match=r"^unknown comparison 'tokns'"):
        judging_of(Problem("x", name="sum"), comparison_name="tokns")


async def test_a_checker_decides_where_several_answers_are_right(counting: CountingSandbox) -> None:
    problem = Problem("Print an even number greater than n.", checker=EVEN_CHECKER, time_limit_s=5)
    programs = ["print(4)", "print(100)", "print(5)", "print('four')", "print(4); raise SystemExit(1)"]
    asked = table(programs, UnitTest("2", "4"), UnitTest("50", "52"))
    filled = await fill(ProgramExecutor(counting, judging_of(problem)), asked)
    passed = {name: [filled.passes(name, test) for test in filled.tests] for name in filled.candidates}
    assert passed == {
        "c0": [True, False],
        "c1": [True, True],
        "c2": [False, False],
        "c3": [False, False],
        "c4": [False, False],
    }
    assert filled.cells["c4", "t0"].verdict is Verdict.CRASH
    questions = [json.loads(given) for source, given in counting.inputs if source == EVEN_CHECKER]
    assert {"input": "2", "output": "4\n", "expected": "4"} in questions
    # The checker is not asked about a program that did not end with status 0.
    assert len(questions) == 8
    # Outputs that the checker accepts for a test are one behaviour.
    assert clusters(ProgramTable(filled.candidates, {"t0": filled.tests["t0"]}, filled.cells))[0] == ["c0", "c1"]


async def test_a_checker_that_breaks_its_limits_says_nothing_about_the_program(counting: CountingSandbox) -> None:
    judging = judging_of(Problem("x", checker="print('x' * 3_000_000)", time_limit_s=20))
    assert (judging.checker_limits.cpu_s, judging.checker_limits.memory_mb) == (20, 512)
    cell = (await fill(ProgramExecutor(counting, judging), table(["print(1)"], UnitTest("", "1")))).cells["c0", "t0"]
    assert (cell.verdict, cell.passed, cell.known) == (Verdict.SANDBOX_ERROR, False, False)
    assert cell.reason == "the checker ended with output_limit"


async def test_two_calls_share_what_is_under_way(counting: CountingSandbox) -> None:
    executor = ProgramExecutor(counting, judging_of(Problem("x", time_limit_s=5)))
    asked = table(["import time; time.sleep(0.3); print(1)"], UnitTest("", "1"), UnitTest("", "2"))
    first, second = await asyncio.gather(fill(executor, asked), fill(executor, asked))
    assert len(counting.inputs) == 1
    assert first.cells == second.cells
    assert [first.passes("c0", test) for test in first.tests] == [True, False]


async def test_what_is_forgotten_runs_again_and_other_rules_share_what_is_known(counting: CountingSandbox) -> None:
    executor = ProgramExecutor(counting, judging_of(Problem("x", time_limit_s=5)))
    asked = table(["print(1)"], UnitTest("", "1"))
    await fill(executor, asked)
    await fill(executor.under(executor.judging.with_time_limit(9)), asked)
    assert len(counting.inputs) == 1
    executor.forget([("print(1)", "")])
    await fill(executor, asked)
    assert len(counting.inputs) == 2
    assert list(executor.executions) == [("print(1)", "")]


async def test_a_sandbox_that_fails_is_raised_to_everybody_and_asked_again_later(counting: CountingSandbox) -> None:
    broken = True

    class Moody(CountingSandbox):
        async def run(self, jobs: Sequence[Job]) -> AsyncGenerator[Execution, None]:
            if broken:
                await asyncio.sleep(0.05)
                raise SandboxError("the engine is gone")
            async for execution in self.inner.run(jobs):
                yield execution

    executor = ProgramExecutor(Moody(counting.inner), judging_of(Problem("x", time_limit_s=5)))
    asked = table(["print(1)"], UnitTest("", "1"), UnitTest("2", "1"))
    results = await asyncio.gather(fill(executor, asked), fill(executor, asked), return_exceptions=True)
    assert [str(result) for result in results] == ["the engine is gone"] * 2
    broken = False
    assert all(cell.passed for cell in (await fill(executor, asked)).cells.values())


@dataclass(frozen=True)
class Patch:
    """A row that is no program."""

    text: str
    origin: str = "sampled"
    parent: str | None = None
    round: int = 1


@dataclass(frozen=True)
class Check:
    """A column that is no unit test: a command whose exit status says whether the patch is right."""

    stimulus: str
    origin: str = "public"
    expected: str | None = None
    judges: bool = True

    @property
    def trusted(self) -> bool:
        return self.origin == "public"


class PatchExecutor:
    """A patch passes a check if the patch's text contains the check's stimulus."""

    async def run(
        self, table: ExecutionTable[Patch, Check], wanted: Collection[Pair]
    ) -> AsyncGenerator[tuple[Pair, Cell], None]:
        for row, column in wanted:
            passed = table.tests[column].stimulus in table.candidates[row].text
            yield (row, column), Cell(verdict=Verdict.OK if passed else Verdict.CRASH, passed=passed)


async def test_table_selectors_and_confidence_take_patches_and_checks_as_they_take_programs() -> None:
    growing = GrowingTable(PatchExecutor())
    growing.add_test("suite", Check("pytest"))
    growing.add_test("g1", Check("lint", "generated"))
    for name, text in {"p1": "fixes pytest", "p2": "fixes pytest and lint", "p3": "fixes pytest and lint "}.items():
        growing.add_candidate(name, Patch(text))
    settled = await growing.settle()
    assert clusters(settled) == [["p1"], ["p2", "p3"]]
    assert {name: select(settled).best for name, select in SELECTORS.items()} == dict.fromkeys(SELECTORS, "p2")
    assert confidence(settled).of("p2") > confidence(settled).of("p1")
