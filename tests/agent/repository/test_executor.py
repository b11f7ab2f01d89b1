"""Patches run on checks in few sessions; each pair once, errors to everyone who waits."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import pytest

from agent.repository.checks.verdicts import Report, TestResult, TestVerdict
from agent.repository.executor import PatchExecutor, name_of
from agent.repository.files import Changed
from agent.repository.patches import BASE, Check, Patch
from cure.table import Cell, ExecutionTable, Pair
from sandbox import SandboxError, Verdict

SUITE = Check("tests/test_a.py", "existing")
GENERATED = [Check(f"def test_{number}(): ...") for number in range(4)]
ROWS = {"base": Patch("", BASE), "c1": Patch("good"), "c2": Patch("bad"), "c3": Patch("good")}


@dataclass
class Suite:
    """A suite with one existing test; the patch `good` passes everything, the unchanged code the existing test only."""

    sessions: list[tuple[str, tuple[str, ...]]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    async def run(self, changed: Changed, targets: Sequence[str]) -> Report:
        patch = (changed.get("patch") or b"").decode()
        self.sessions.append((patch, tuple(targets)))
        await self.gate.wait()
        if self.broken:
            raise SandboxError("the sandbox is gone")
        results = {}
        for target in targets:
            passes = patch == "good" or (patch == "" and target == SUITE.stimulus)
            verdict = TestVerdict.PASSED if passes else TestVerdict.FAILED
            results[f"{target}::test"] = TestResult(f"{target}::test", verdict, "E   assert 1 == 2")
        return Report(tests=results, finished=True)


def executor(suite: Suite, slots: int = 1) -> PatchExecutor:
    def changed_by(text: str) -> Changed:
        return {"patch": text.encode()} if text else {}

    return PatchExecutor(
        run_tests=suite.run, place=lambda name: f"tests/test_{name}.py", changed_by=changed_by, slots=slots
    )


def table(*checks: Check) -> ExecutionTable[Patch, Check]:
    return ExecutionTable(ROWS, {f"k{number}": check for number, check in enumerate(checks)})


async def cells(executor: PatchExecutor, wanted: ExecutionTable[Patch, Check]) -> dict[Pair, Cell]:
    found = {}
    pairs = [(row, column) for row in wanted.candidates for column in wanted.tests]
    async with aclosing(executor.run(wanted, pairs)) as known:
        async for place, cell in known:
            found[place] = cell
    return found


async def test_a_session_has_all_that_a_patch_lacks_and_equal_patches_share_it() -> None:
    suite = Suite()
    suite.gate.set()
    found = await cells(executor(suite), table(SUITE, *GENERATED))
    assert len(suite.sessions) == 3 and suite.sessions[0][0] == ""
    assert all(len(targets) == 5 for _, targets in suite.sessions)
    assert found["c1", "k1"].passed and found["c3", "k1"].passed and found["c1", "k0"].passed
    assert not found["base", "k1"].passed and found["base", "k0"].passed
    assert not found["c2", "k0"].passed and "broken" in found["c2", "k0"].stdout
    assert found["c2", "k1"].stdout == "assert 1 == 2"


async def test_checks_that_come_while_sessions_run_are_run_together() -> None:
    suite = Suite()
    run = executor(suite)
    first = asyncio.create_task(cells(run, table(SUITE)))
    await asyncio.sleep(0.01)
    others = [asyncio.create_task(cells(run, table(SUITE, check))) for check in GENERATED]
    await asyncio.sleep(0.01)
    suite.gate.set()
    await asyncio.gather(first, *others)
    # The unchanged code twice, since the first session was under way, each patch once.
    assert [patch for patch, _ in suite.sessions].count("") == 2
    assert [patch for patch, _ in suite.sessions].count("good") == 1
    assert max(len(targets) for _, targets in suite.sessions) == 5


async def test_nothing_is_run_twice() -> None:
    suite = Suite()
    suite.gate.set()
    run = executor(suite, slots=3)
    await cells(run, table(SUITE, GENERATED[0]))
    count = len(suite.sessions)
    assert await cells(run, table(SUITE, GENERATED[0])) == await cells(run, table(SUITE, GENERATED[0]))
    assert len(suite.sessions) == count


async def test_an_error_reaches_everyone_who_waits_and_ends_nothing_for_good() -> None:
    suite = Suite(broken=True)
    suite.gate.set()
    run = executor(suite)
    results = await asyncio.gather(cells(run, table(SUITE)), cells(run, table(SUITE)), return_exceptions=True)
    assert [type(result) for result in results] == [SandboxError, SandboxError]
    suite.broken = False
    assert (await cells(run, table(SUITE)))["c1", "k0"].passed


async def test_cancelling_the_last_caller_ends_the_sessions() -> None:
    suite = Suite()
    run = executor(suite)
    task = asyncio.create_task(cells(run, table(SUITE)))
    await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    suite.gate.set()
    found = await cells(run, table(SUITE))
    assert found["c1", "k0"].verdict is Verdict.OK


def test_names_of_files_differ_with_the_text() -> None:
    assert name_of(GENERATED[0]) != name_of(GENERATED[1]) and name_of(GENERATED[0]) == name_of(
        Check("def test_0(): ...")
    )
