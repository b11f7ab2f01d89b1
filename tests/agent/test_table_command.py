"""`cure-agent table`: the recorded table, and the choices of all selectors on it."""

from __future__ import annotations

import json

import pytest

from cure.select import SELECTORS
from tests.agent.conftest import Desk
from tests.agent.test_extension import RIGHT, TESTS

pytestmark = pytest.mark.usefixtures("at_once")

WRONG = RIGHT.replace("a + b", "a - b")


def test_every_selector_chooses_on_the_recorded_table(desk: Desk) -> None:
    assert desk.solve("--model", desk.script(coder=[WRONG, RIGHT, RIGHT], tester=TESTS), "-n", 3).code in (0, 1)
    done = desk.run("table", "--compare", "--json")
    assert done.code == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["kind"] == "problem" and found["candidates"]["c1"] == {"origin": "sampled", "parent": None, "round": 1}
    assert [choice["selector"] for choice in found["selectors"]] == sorted(SELECTORS)
    for choice in found["selectors"]:
        assert {choice["candidate"], *choice["alike"]} == {"c2", "c3"}
        assert choice["viable"] and list(choice["score"])
        hidden = desk.newest.state.scored
        assert choice["right"] is (None if hidden is None else hidden.passed == hidden.total)


def test_the_comparison_names_each_score_and_the_table_shows_each_program(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=[WRONG, RIGHT], tester=TESTS), "-n", 2)
    printed = " ".join(desk.run("table", "--compare").stdout.split())
    for name in SELECTORS:
        assert f"{name} c" in printed
    assert "trusted tests passed" in printed and "agreement of outputs" in printed
    assert "c2" in desk.run("table").stdout


def test_a_run_without_a_program_says_so(desk: Desk) -> None:
    assert desk.solve("--model", desk.script(coder=["no program"], tester=TESTS), "-n", 1, "--rounds", 1).code == 3
    done = desk.run("table", "--compare")
    assert done.code == 0 and "has no program to choose" in done.stdout
