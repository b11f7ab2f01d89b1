"""Runs that make new inputs without a model: choice, record, `why`, resume and replay."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from agent.runs.events import TestAdded
from agent.runs.record import timed_events
from agent.runs.store import EVENTS
from tests.agent.conftest import Desk
from tests.end_to_end.conftest import RIGHT, TESTS

pytestmark = pytest.mark.usefixtures("at_once")

SMALL = RIGHT.replace("a + b", "a + b if a + b < 20 else 0")
"""A program that is right on every test, and wrong on every input with a large sum."""
COMMUTED, GROUPED = RIGHT.replace("a + b", "b + a"), RIGHT.replace("a + b", "sum((a, b))")
EXPLORING = ("-n", 3, "-m", 4, "--strategy", "distinguish", "--rounds", 1, "--new-inputs", 12)


@pytest.fixture
def solved(desk: Desk) -> Iterator[Desk]:
    model = desk.script(coder=[SMALL, COMMUTED, GROUPED], tester=TESTS[4:])
    done = desk.solve("--model", model, *EXPLORING)
    assert "→ trying new inputs" in done.stderr
    yield desk


def test_programs_equal_on_all_tests_are_told_apart_without_a_model(solved: Desk) -> None:
    state = solved.newest.state
    first, then = state.rankings[1], state.rankings[2]
    assert first.order[0] == "c1" and len({tuple(score) for _, score in first.ranking}) == 1
    assert then.order[0] == "c2" and state.result is not None and state.result.candidate == "c2"
    assert {asked.round for asked in state.asked.values()} == {1}


def test_new_inputs_are_recorded_with_how_they_were_made_and_pass_or_fail_nothing(solved: Desk) -> None:
    run = solved.newest
    made = {name: test for name, test in run.state.tests.items() if test.origin == "made"}
    assert [*made] == [f"i{number}" for number in range(1, 13)]
    assert all(test.expected is None and test.how for test in made.values())
    assert all(cell.passed is None for (_, name), cell in run.state.cells.items() if name in made)
    assert not made.keys() & run.state.rankings[2].validity.keys()
    assert not set(made) & set(run.table().independent)


def test_why_shows_inputs_in_words_and_as_json(solved: Desk) -> None:
    shown = solved.run("why").stdout
    assert "New inputs made without a model: 12; telling programs apart: " in shown
    assert "3 different programs may be handed over; tried new inputs." in " ".join(shown.split())
    assert "its right output is unknown" in " ".join(solved.run("why", "--test", "i1").stdout.split())
    tests = json.loads(solved.run("why", "--json").stdout)["tests"]
    (first,) = (test for test in tests if test["name"] == "i1")
    assert first["expected"] is None and first["probability"] is None and first["how"]


def test_the_table_as_json_says_nothing_of_passing_where_the_right_output_is_unknown(solved: Desk) -> None:
    said = json.loads(solved.run("table", "--json").stdout)
    made = {name for name, test in said["tests"].items() if test["origin"] == "made"}
    cells = [(name, cell["passed"]) for row in said["cells"].values() for name, cell in row.items()]
    assert {passed for name, passed in cells if name in made} == {None}
    assert {passed for name, passed in cells if name not in made} == {True}


def test_a_run_with_new_inputs_is_replayed_and_resumed_to_the_same_end_from_any_event_of_that_round(
    solved: Desk,
) -> None:
    assert solved.run("replay").code == 0
    assert solved.run("replay", "--execute", "--sandbox", "none").code == 0
    folder = solved.newest.folder
    lines = (folder / EVENTS).read_text().splitlines(keepends=True)
    expected = solved.newest.state
    added = [at for at, (_, event) in enumerate(timed_events(folder)) if isinstance(event, TestAdded) and event.how]
    for cut in (added[0], added[0] + 1, added[3], added[-1] + 2, len(lines) - 1):
        (folder / EVENTS).write_text("".join(lines[:cut]))
        assert solved.run("replay").code == 0
        solved.run("resume", "--sandbox", "none")
        state = solved.newest.state
        assert state.tests == expected.tests and state.rankings == expected.rankings
        assert state.cells.keys() == expected.cells.keys()


def test_a_run_recorded_before_there_were_new_inputs_is_replayed_without_any(desk: Desk) -> None:
    model = desk.script(coder=[SMALL, COMMUTED], tester=TESTS)
    desk.solve("--model", model, "-n", 2, "-m", 2, "--strategy", "distinguish", "--rounds", 1, "--new-inputs", 0)
    path = desk.newest.folder / EVENTS
    text = path.read_text()
    assert '"new_inputs": 0, "new_inputs_seconds": 20.0, ' in text
    path.write_text(text.replace('"new_inputs": 0, "new_inputs_seconds": 20.0, ', ""))
    assert desk.run("replay").code == 0


def test_no_time_for_new_inputs_ends_them_after_the_first_few(desk: Desk) -> None:
    model = desk.script(coder=[SMALL, COMMUTED, GROUPED], tester=TESTS[4:])
    desk.solve("--model", model, *EXPLORING, "--new-inputs-seconds", 0)
    assert sum(test.origin == "made" for test in desk.newest.state.tests.values()) == 8
    assert desk.run("replay").code == 0
