"""Runs killed after any recorded event, resumed and replayed: real processes, a real server that logs samples."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from agent import RecordedRun, list_runs, load_run
from agent.runs.events import identity
from agent.runs.record import timed_events
from cure.problem.file import load_problems
from tests.agent.seeded import SeededEngine
from tests.end_to_end.conftest import RIGHT, SUM, TESTS, WRONG
from tests.engines.faulty_server import FaultyServer

ROOT = Path(__file__).parents[2]
KILLED = -9
PROGRAMS = [WRONG, WRONG.replace("a * b + 1", "a - b"), WRONG.replace("a * b + 1", "a * b")]
REPAIRS = [RIGHT, RIGHT.replace("a + b", "b + a")]
"""Two repairs that behave alike, so that their order decides which one is the answer."""

Command = Callable[..., int]


@pytest.fixture(scope="module")
def problem_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("problem") / "sum.json"
    path.write_text(json.dumps(SUM))
    return path


@pytest.fixture(scope="module")
def engine(problem_file: Path) -> SeededEngine:
    return SeededEngine(load_problems(str(problem_file))[0], PROGRAMS, TESTS, REPAIRS)


@pytest.fixture(scope="module")
def model(engine: SeededEngine) -> Iterator[str]:
    with FaultyServer(engine, "seeded") as server:
        yield server.url("ok", model="seeded")


@pytest.fixture(scope="module")
def command() -> Iterator[Command]:
    """`command(arguments, state, kill_after)`: exit code of `cure-agent` in a process of its own."""
    script = [sys.executable, "-m", "tests.agent.killed"]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdin is not None and process.stdout is not None
        stdin, stdout = process.stdin, process.stdout

        def run(arguments: list[str], state: Path, kill_after: int | None = None) -> int:
            order = {"arguments": arguments, "state": str(state), "kill_after": kill_after}
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return int(stdout.readline())

        yield run
        process.stdin.close()


@dataclass(frozen=True)
class Solved:
    """A recorded run, and how many events its record has."""

    run: RecordedRun
    events: int

    @property
    def essence(self) -> dict[str, Any]:
        """Everything that must not depend on whether the run was killed and resumed."""
        state, table = self.run.state, self.run.table()
        assert state.result is not None
        return {
            "candidates": dict(table.candidates),
            "order": (list(table.candidates), list(table.tests)),
            "tests": dict(table.tests),
            "cells": {place: (cell.verdict, cell.passed, cell.stdout) for place, cell in table.cells.items()},
            "rankings": state.rankings,
            "decisions": [(event.round, event.action, event.why, event.targets) for event in state.decisions.values()],
            "answer": (state.result.status, state.result.candidate, state.result.confidence),
            "scored": state.scored,
        }


def solved(state: Path) -> Solved:
    (folder,) = list_runs(state)
    return Solved(load_run(folder), len(timed_events(folder)))


def program(solved: Solved) -> str:
    """The program that the command prints."""
    state = solved.run.state
    assert state.result is not None and state.result.candidate is not None
    return solved.run.table().candidates[state.result.candidate].text + "\n"


def samples(run: RecordedRun) -> set[tuple[str, int]]:
    """(prompt, seed) of every recorded sample."""
    asked = run.state.asked
    return {(asked[key].prompt, asked[key].seed + index) for key, found in run.state.samples.items() for index in found}


def executions(run: RecordedRun) -> set[tuple[str, str]]:
    """(program, input) of every recorded execution."""
    table = run.table()
    return {(table.candidates[candidate].text, table.tests[test].stdin) for candidate, test in table.cells}


def run_by_sandbox(state: Path) -> Counter[tuple[str, str]]:
    path = state / "executions"
    return Counter(tuple(json.loads(line)) for line in path.read_text().splitlines()) if path.exists() else Counter()


@pytest.fixture(scope="module")
def arguments(problem_file: Path, model: str) -> list[str]:
    settings = ["-n", "3", "-m", "2", "--rounds", "2", "--sandbox", "none", "--confident", "0.99"]
    return ["solve", str(problem_file), "--model", model, *settings]


@pytest.fixture(scope="module")
def whole(arguments: list[str], command: Command, tmp_path_factory: pytest.TempPathFactory) -> Solved:
    """The run that was not killed."""
    state = tmp_path_factory.mktemp("whole")
    assert command(arguments, state) in (0, 1), (state / "stderr").read_text()
    return solved(state)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_solve_killed_after_any_event_is_resumed_to_the_same_answer(
    arguments: list[str], command: Command, engine: SeededEngine, whole: Solved, tmp_path: Path
) -> None:
    assert [decided.action for decided in whole.run.state.decisions.values()] == ["draw", "repair", "finish"]
    assert whole.run.state.result is not None
    for count in range(1, whole.events):
        state = tmp_path / str(count)
        assert command(arguments, state, count) == KILLED
        killed = load_run(list_runs(state)[0])
        ran_before = run_by_sandbox(state)
        engine.asked.clear()
        code = command(["resume", "--sandbox", "none"], state)
        assert code == whole.run.state.result.exit_code, (count, (state / "stderr").read_text())
        resumed = solved(state)
        assert resumed.essence == whole.essence, count
        assert (state / "stdout").read_text() == program(whole)
        asked = Counter(engine.asked)
        assert not asked.keys() & samples(killed), f"asked again after event {count}"
        assert asked.keys() | samples(killed) == samples(whole.run)
        assert max(asked.values(), default=1) == 1
        ran_after = run_by_sandbox(state) - ran_before
        assert not ran_after.keys() & executions(killed), f"executed again after event {count}"
        names = Counter(identity(event) for _, event in timed_events(resumed.run.folder))
        assert set(names.values()) == {1}


def test_a_run_that_is_killed_twice_is_resumed_twice(
    arguments: list[str], command: Command, whole: Solved, tmp_path: Path
) -> None:
    assert command(arguments, tmp_path, 9) == KILLED
    assert command(["resume", "--sandbox", "none"], tmp_path, 12) == KILLED
    assert command(["resume", "--sandbox", "none"], tmp_path) == 1, (tmp_path / "stderr").read_text()
    assert solved(tmp_path).essence == whole.essence


def test_a_finished_run_is_just_shown(
    arguments: list[str], command: Command, engine: SeededEngine, whole: Solved
) -> None:
    state = whole.run.folder.parent.parent
    before, asked = (whole.run.folder / "events.jsonl").read_bytes(), len(engine.asked)
    assert command(["resume"], state) == 1
    assert (whole.run.folder / "events.jsonl").read_bytes() == before
    assert len(engine.asked) == asked
    assert (state / "stdout").read_text() == program(whole)
    assert "low confidence" in (state / "stderr").read_text()


def test_a_torn_last_line_is_cut_off_before_the_run_goes_on(
    arguments: list[str], command: Command, whole: Solved, tmp_path: Path
) -> None:
    assert command(arguments, tmp_path, 14) == KILLED
    events = list_runs(tmp_path)[0] / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-7])
    assert command(["resume", "--sandbox", "none"], tmp_path) == 1
    assert solved(tmp_path).essence == whole.essence


def test_a_replay_prints_the_recorded_events_and_asks_nobody(
    command: Command, engine: SeededEngine, whole: Solved
) -> None:
    state, asked = whole.run.folder.parent.parent, len(engine.asked)
    ran = run_by_sandbox(state)
    assert command(["replay", "--json"], state) == 0, (state / "stderr").read_text()
    assert (state / "stdout").read_text() == (whole.run.folder / "events.jsonl").read_text()
    assert command(["replay"], state) == 0
    assert "round 1: " in (state / "stdout").read_text()
    assert (len(engine.asked), run_by_sandbox(state)) == (asked, ran)
    assert command(["replay", "--execute", "--sandbox", "none"], state) == 0, (state / "stderr").read_text()
    assert run_by_sandbox(state) != ran


def test_a_killed_run_is_replayed_as_far_as_it_came(arguments: list[str], command: Command, tmp_path: Path) -> None:
    for count in (3, 4, 7, 8, 9, 10, 12, 20, 40):
        state = tmp_path / str(count)
        assert command(arguments, state, count) == KILLED
        assert command(["replay", "--json"], state) == 0, (state / "stderr").read_text()
        assert (state / "stdout").read_text() == (list_runs(state)[0] / "events.jsonl").read_text()
        assert "`cure-agent resume` continues it" in (state / "stderr").read_text()
    assert command(["replay", "--execute"], state) == 2
