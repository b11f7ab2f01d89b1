"""The loop of a solve with patches of a small repository in place of programs, and commands in place of unit tests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio

from agent.runs.events import Asked
from agent.runs.recorder import Recorder
from agent.runs.store import RunWriter
from agent.solve.graph import walk
from agent.solve.settings import SolveSettings
from agent.solve.solving import Solving, record_cell
from agent.solve.spending import Clock
from agent.solve.strategies import strategy
from agent.solve.task import Rejection
from cure.prompts.behaviours import summarised
from cure.repair import TableSummary
from cure.select import selector
from cure.table import Cell, ExecutionTable, GrowingTable
from engines import Prompt, TextPrompt
from engines.scripted import Entry, Prepared, ScriptedEngine
from sandbox import SandboxUnavailable
from sandbox.workspace import Command, Workspace, open_workspace

BROKEN = "def middle(a, b, c):\n    return b\n"
RIGHT = "def middle(a, b, c):\n    return sorted((a, b, c))[1]\n"
HALF = "def middle(a, b, c):\n    return min(max(a, b), c)\n"


@dataclass(frozen=True)
class Patch:
    """The new content of the repository's only module: a row."""

    text: str
    origin: str
    parent: str | None
    round: int


@dataclass(frozen=True)
class Check:
    """A command that judges by its exit status: a column."""

    stimulus: str
    trusted: bool = False
    origin: str = "generated"
    expected: None = None
    judges: bool = True


class Repair:
    """Prompts and answers of the task of mending `middle.py`."""

    def stop(self, role: str) -> tuple[str, ...]:
        return ()

    def coder(self) -> Prompt:
        return TextPrompt(f"Mend this module:\n{BROKEN}")

    def tester(self, avoid: Sequence[Check] = ()) -> Prompt:
        return TextPrompt("Write an assertion about `middle`.")

    def repair(
        self, candidate: str, failures: Sequence[tuple[Check, Cell]], summary: TableSummary | None = None
    ) -> Prompt:
        shown = [f"{check.stimulus} fails: {cell.stderr_tail}" for check, cell in failures]
        return TextPrompt("\n".join([candidate, *shown, "" if summary is None else summarised(summary)]))

    def read_candidate(self, asked: Asked, text: str) -> Patch | Rejection:
        if "def middle" not in text:
            return Rejection("no function `middle`")
        return Patch(text, "repair" if asked.parent else "sampled", asked.parent, asked.round)

    def read_test(self, text: str) -> Check | Rejection:
        return Check(text) if text.startswith("assert ") else Rejection("no assertion")


class InWorkspace:
    """Runs patches on checks in one workspace, one cell at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace, self._free = workspace, asyncio.Lock()

    async def run(
        self, table: ExecutionTable[Patch, Check], wanted: Collection[tuple[str, str]]
    ) -> AsyncGenerator[tuple[tuple[str, str], Cell], None]:
        for row, column in wanted:
            async with self._free:
                await self._workspace.write("middle.py", table.candidates[row].text.encode())
                script = f"from middle import middle\n{table.tests[column].stimulus}"
                done = await self._workspace.run(Command(("python3", "-B", "-c", script)))
                await self._workspace.reset()
            tail = done.stderr_tail.decode()
            yield (row, column), Cell(verdict=done.verdict, passed=done.exit_code == 0, stderr_tail=tail)


@pytest_asyncio.fixture
async def workspace(tmp_path: Path, require: Callable[[str, str], NoReturn]) -> AsyncIterator[Workspace]:
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "middle.py").write_text(BROKEN)
    try:
        opened = await open_workspace(folder, kind="bubblewrap", say=lambda _: None)
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))
    yield opened
    await opened.close()


def script(key: str, *texts: str) -> Entry:
    return Entry(tuple(map(Prepared, texts)), key=key)


@pytest.mark.bubblewrap
async def test_patches_are_sampled_judged_repaired_and_chosen_by_the_loop_of_programs(
    tmp_path: Path, workspace: Workspace
) -> None:
    model = ScriptedEngine(
        [
            script("coder/1", BROKEN, HALF, "I cannot."),
            script("tester/1", "assert middle(3, 1, 2) == 2", "assert middle(1, 2, 3) == 1", "nothing"),
            script("repair/2/*", RIGHT, RIGHT, RIGHT),
        ]
    )
    recorder = Recorder(RunWriter(tmp_path / "run"))
    solving = Solving(
        task=Repair(),
        settings=SolveSettings(n=3, m=3, rounds=2, first_share=1),
        engines={"coder": model, "tester": model},
        select=selector("agreement"),
        strategy=strategy("repair-first"),
        growing=GrowingTable(InWorkspace(workspace), partial(record_cell, recorder)),
        recorder=recorder,
        clock=Clock(0.0),
        sandbox_works=lambda: asyncio.sleep(0, True),
    )
    solving.add_test("e1", Check("assert middle(1, 2, 3) == middle(3, 2, 1) == 2", trusted=True, origin="public"))
    solving.add_test("e2", Check("assert middle(2, 3, 1) == 2", trusted=True, origin="public"))
    readings, stopped = await walk(solving)
    assert stopped is None and [decided.action for decided in recorder.state.decisions.values()] == ["repair", "finish"]
    first, last = readings
    assert {name: first.table.passes(name, "e2") for name in first.table.candidates} == {"c1": False, "c2": False}
    assert [rejected.reason for rejected in recorder.state.rejected] == ["no function `middle`", "no assertion"]
    prompt = (tmp_path / "run" / "blobs" / recorder.state.asked["repair/2/c1"].prompt).read_text()
    assert "2 programs were written for this problem, of 2 kinds" in prompt and "A: fails; B: passes." in prompt
    assert last.answer is not None and last.table.candidates[last.answer].text == RIGHT
    assert last.table.candidates[last.answer].parent in ("c1", "c2")
    assert last.validity["t1"] > last.validity["t2"] and not last.table.passes(last.answer, "t2")
    assert (workspace.directory / "middle.py").read_text() == BROKEN
