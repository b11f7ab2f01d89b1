"""The audit of a run's tests: `table --audit`, `why`, and a solve that records what mutants did."""

from __future__ import annotations

import json

import pytest

from tests.agent.conftest import Desk, Said
from tests.agent.test_state import RECORDED
from tests.end_to_end import conftest as told

pytestmark = pytest.mark.usefixtures("at_once")


def program(expression: str) -> Said:
    return f"```python\na, b = map(int, input().split())\nprint({expression})\n```"


ANSWERS: dict[str, list[Said]] = {
    "coder": [program("a * b + 1"), program("a + b"), program("a + b")],
    "tester": [
        told.tester_answer("2 2", "4"),
        told.tester_answer("2  2", "4"),
        told.tester_answer("2 2", "5"),
        told.tester_answer("1 2", "3"),
        told.tester_answer("x", "3"),
    ],
}


def solved(desk: Desk, *options: str) -> None:
    desk.solve("--model", desk.script(**ANSWERS), "-n", 3, "-m", 5, "--rounds", 1, *options)


def test_each_generated_test_is_audited_in_words(desk: Desk) -> None:
    solved(desk)
    done = desk.run("table", "--audit", "--sandbox", "none")
    shown = {line.split()[0]: line for line in done.stdout.splitlines() if line.startswith("t")}
    assert done.code == 0 and list(shown) == ["test", "t1", "t2", "t3", "t4", "t5"], done.stderr
    printed = " ".join(done.stdout.split())
    for words in (
        "worth believing; failed by c1; kills 3 of 3 mutants",
        "the same as t1; contradicts t3",
        "more probably wrong than right; contradicts t1, t2",
        "repeats the input of e1, no evidence",
        "no program passes it",
    ):
        assert words in printed


def test_the_audit_is_json_and_needs_no_sandbox_without_mutants(desk: Desk) -> None:
    solved(desk)
    found = json.loads(desk.run("table", "--audit", "--mutants", "0", "--json").stdout)["audit"]
    assert list(found) == ["t1", "t2", "t3", "t4", "t5"]
    assert found["t1"]["kills"] == ["c1"] and found["t1"]["mutants"] == 0 and not found["t1"]["vacuous"]
    assert found["t3"]["contradicts"] == ["t1", "t2"] and found["t4"]["repeats"] == "e1"
    assert "audit" not in json.loads(desk.run("table", "--json").stdout)


def test_a_solve_records_mutants_only_where_asked_and_they_change_nothing_else(desk: Desk) -> None:
    solved(desk)
    plain = desk.newest
    assert plain.state.audited is None
    solved(desk, "--audit")
    run = desk.newest
    assert run.state.audited is not None and run.state.audited.candidate == run.outcome().chosen == "c2"
    assert len(run.state.audited.mutants) == 3
    assert run.state.ranking == plain.state.ranking and list(run.table().candidates) == ["c1", "c2", "c3"]
    assert json.loads((run.folder / "events.jsonl").read_text().splitlines()[-1])["type"] == "result"
    assert desk.run("replay").code == 0
    assert desk.run("replay", "--execute", "--sandbox", "none").code == 0
    recorded = json.loads(desk.run("table", "--audit", "--json", "--sandbox", "none").stdout)["audit"]
    assert len(recorded["t1"]["mutants_killed"]) == 3
    assert json.loads(desk.run("why", "--json").stdout)["audit"] == recorded
    shown = " ".join(desk.run("why", "--test", "t1").stdout.split())
    assert "kills 3 of 3 mutants" in shown and "operator + became - in line 2" in shown


def test_why_says_which_tests_are_worth_believing(desk: Desk) -> None:
    solved(desk)
    shown = " ".join(desk.run("why").stdout.split())
    assert "Generated tests worth believing that a program or mutant fails: t1." in shown
    assert "Passed by no program: t5." in shown
    assert "The same as an earlier test: t2 (t1)." in shown
    assert "Contradicting each other: t1 and t3, t2 and t3." in shown


def test_a_run_of_an_earlier_version_is_audited(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CURE_AGENT_STATE", str(RECORDED))
    done = desk.run("table", "--audit", "--mutants", "0")
    assert done.code == 0 and "tells nothing apart; the same as t1" in done.stdout, done.stderr


def test_a_run_without_a_program_or_a_test_says_so(desk: Desk) -> None:
    desk.solve("--model", desk.script(coder=["no program"], tester=["none"]), "-n", 1, "-m", 1, "--rounds", 1)
    done = desk.run("table", "--audit", "--sandbox", "none")
    assert done.code == 0 and "has no generated test" in done.stdout
