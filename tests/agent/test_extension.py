"""A strategy, a move and a selector are each added by one new file and at most one line, and work in the commands."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

import agent.solve.moves
import agent.solve.strategies
import cure.select
from tests.agent.conftest import Desk
from tests.end_to_end.conftest import PROGRAMS, RIGHT, TESTS

pytestmark = pytest.mark.usefixtures("at_once")

Added = Callable[[ModuleType, str, str], ModuleType]


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Added:
    """`added(package, name, text)`: the module of a new file in the package."""

    def add(package: ModuleType, name: str, text: str) -> ModuleType:
        folder = tmp_path / package.__name__
        folder.mkdir()
        (folder / f"{name}.py").write_text(text)
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
        return import_module(f"{package.__name__}.{name}")

    return add


PATIENT = '''
"""Samples again in every round, whatever came of it."""

from agent.solve.moves.finish import Finish
from agent.solve.moves.sample import Sample


def patient(readings, settings, left):
    if left.end_reason:
        return Finish(left.end_reason)
    return Sample(f"round {len(readings) + 1} will tell")
'''


def test_a_strategy_is_a_file_and_a_line(desk: Desk, added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    module = added(agent.solve.strategies, "patient", PATIENT)
    monkeypatch.setitem(agent.solve.strategies.STRATEGIES, "patient", module.patient)
    model = desk.script(coder=PROGRAMS, tester=TESTS)
    done = desk.solve("--model", model, "--strategy", "patient", "--rounds", 3)
    assert done.code == 0, done.stderr
    assert "round 1: round 2 will tell → sampling more" in done.stderr
    assert len(desk.newest.state.rankings) == 3
    assert desk.newest.started.settings["strategy"] == "patient"
    assert desk.run("replay").code == 0


EDGES = '''
"""Asks for a test on the largest numbers, then finishes: a move and the strategy that makes it."""

from dataclasses import dataclass
from typing import ClassVar

from agent.solve.asking import Ask, ask
from agent.solve.moves.finish import Finish
from agent.solve.moves.sample import Sample


@dataclass(frozen=True)
class Edges:
    name: ClassVar = "edges"
    doing: ClassVar = "looking at the edges"
    done: ClassVar = "looked at the edges"
    asks_for_samples: ClassVar = True
    why: str
    targets: tuple = ()

    async def carry_out(self, solving, readings):
        await ask(solving, len(readings) + 1, [Ask("tester", "edges/2", solving.task.tester(), 1)])


def edges(readings, settings, left):
    if not readings:
        return Sample()
    return Edges("all inputs are small") if len(readings) == 1 else Finish("the edges were looked at")
'''


def test_a_move_is_a_file_and_brings_its_own_words(desk: Desk, added: Added, monkeypatch: pytest.MonkeyPatch) -> None:
    module = added(agent.solve.moves, "edges", EDGES)
    monkeypatch.setitem(agent.solve.strategies.STRATEGIES, "edges", module.edges)
    far = TESTS[0].replace("0 1", "1000000 1").replace("\n1\n", "\n1000001\n")
    model = desk.script(coder=PROGRAMS, tester=TESTS, edges=[far])
    done = desk.solve("--model", model, "--strategy", "edges")
    assert done.code == 0, done.stderr
    assert "round 1: all inputs are small → looking at the edges" in done.stderr
    assert "Round 1: all inputs are small; looked at the edges." in desk.run("why").stdout
    assert "1000000 1" in desk.run("why", "--test", "t9").stdout
    assert desk.run("replay").code == 0


SHORTEST = '''
"""The shortest program first."""

from cure.select.ranking import sort_by_score


def rank_by_length(table):
    scores = {name: (-float(len(row.text)),) for name, row in table.candidates.items()}
    return sort_by_score("shortest", ("characters",), scores)
'''


def test_a_selector_is_a_file_and_a_line_for_solving_and_for_metrics(
    desk: Desk, added: Added, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = added(cure.select, "shortest", SHORTEST)
    monkeypatch.setitem(cure.select.SELECTORS, "shortest", module.rank_by_length)
    long = RIGHT.replace("print", "# a long comment\nprint")
    done = desk.solve("--model", desk.script(coder=[long, RIGHT], tester=TESTS), "--selector", "shortest", "--json")
    assert json.loads(done.stdout)["candidate"] == "c2", done.stderr
    assert desk.newest.state.rankings[1].score_names == ["characters"]
    tables = desk.run("eval", "score", Path(__file__).parents[2] / "examples" / "tables.json", "--json")
    assert tables.code == 0, tables.stderr
    assert "shortest" in tables.stdout


def test_tests_on_new_inputs_are_asked_for_with_the_known_ones_named(desk: Desk) -> None:
    model = desk.script(coder=[RIGHT, RIGHT.replace("a + b", "abs(a + b)")], tester=TESTS)
    done = desk.solve("--model", model, "-n", 2, "-m", 1, "--strategy", "distinguish", "--rounds", 2)
    assert "→ asking for tests on new inputs" in " ".join(done.stderr.split())
    prompts = [desk.newest.blob(asked.prompt) for asked in desk.newest.state.asked.values() if asked.round == 3]
    assert len(prompts) == 1
    assert "have been used already" in prompts[0] and "0 1" in prompts[0] and "-3 4" in prompts[0]
