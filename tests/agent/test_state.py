"""The state that a record is folded into: for runs of earlier versions, long runs, and runs that failed."""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from agent.runs.events import (
    Asked,
    CandidateAdded,
    Decided,
    Event,
    Executed,
    RankedRound,
    Result,
    Resumed,
    Sampled,
    Started,
    TestAdded,
    differing_fields,
    from_line,
    json_schema,
    to_line,
)
from agent.runs.state import RunState
from tests.agent.conftest import Desk

RECORDED = Path(__file__).parent / "recorded"
"""A run of version 1 of the schema, with the checkpoint database that it had."""
SCHEMA = Path(__file__).parents[2] / "docs" / "events.schema.json"


@pytest.fixture
def old(desk: Desk) -> Desk:
    """The run of an earlier version, among the recorded runs."""
    shutil.copytree(RECORDED, desk.folder, dirs_exist_ok=True)
    return desk


def test_a_run_of_an_earlier_version_is_listed_and_explained(old: Desk) -> None:
    (listed,) = json.loads(old.run("runs", "--json").stdout)
    assert (listed["status"], listed["candidate"], listed["problem"]) == ("low_confidence", "c2", "sum")
    shown = " ".join(old.run("why").stdout.split())
    assert "low confidence with c2 · sum: right with probability 0.63, below 0.85" in shown
    assert "Round 1: c1 fails e2, worth believing; repaired." in shown
    assert "Round 2: c2 fails no test worth believing, but the evidence is thin; sampled more." in shown
    assert "Round 3: the rounds are used up; stopped." in shown
    assert "2 answers of the tester gave no test: It repeats the input of a public example." in shown
    assert "1 request of the coder failed: 503: busy" in shown
    assert "print(a + b)" in old.run("why", "--candidate", "c2").stdout
    assert "expected output" in old.run("why", "--test", "t1").stdout
    explained = json.loads(old.run("why", "--json").stdout)
    assert explained["explanation"][0] == "c2 passes 2 of 2 public examples and 2 of 2 generated tests."


def test_a_finished_run_of_an_earlier_version_is_shown_by_resume(old: Desk) -> None:
    done = old.run("resume")
    assert (done.code, done.stdout) == (1, "a, b = map(int, input().split())\nprint(a + b)\n")


def test_an_unfinished_run_of_an_earlier_version_says_why_it_cannot_go_on(old: Desk) -> None:
    path = old.newest.folder / "events.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:20]))
    for command in ("resume", "replay"):
        done = old.run(command)
        assert done.code == 2
        assert "earlier version" in done.stderr and "cure-agent why" in done.stderr


def test_the_published_schema_is_the_one_that_is_read() -> None:
    assert SCHEMA.read_text() == json_schema(), "write json_schema() of agent.runs.events to docs/events.schema.json"


def asked(first: int = 1, round_: int = 1, key: str = "coder/1") -> Asked:
    return Asked(key=key, role="coder", prompt="", n=8, first=first, seed=0, round=round_)


def folded(*events: Event) -> RunState:
    state = RunState()
    for at, event in enumerate(events):
        state.fold(event, float(at))
    return state


RANKED = RankedRound(
    round=1, selector="agreement", score_names=[], ranking=[], probability={}, unsolved=1.0, validity={}, hypotheses=[]
)
STARTED = Started(problem="", name="sum", settings={}, isolation="none")


def test_rows_are_in_the_order_in_which_they_were_asked_for() -> None:
    state = folded(
        STARTED,
        asked(),
        asked(first=9, round_=2, key="repair/2/c1"),
        *(
            CandidateAdded(
                name=f"c{9 + i}", source="", origin="repair", parent="c1", round=2, key="repair/2/c1", index=i
            )
            for i in (1, 0)
        ),
        *(
            CandidateAdded(name=f"c{1 + i}", source="", origin="sampled", parent=None, round=1, key="coder/1", index=i)
            for i in (4, 2)
        ),
        TestAdded(name="t2", stdin="", expected="", origin="generated", key="tester/1", index=1),
        TestAdded(name="e1", stdin="", expected="", origin="public"),
    )
    table = state.table(lambda name: name)
    assert list(table.candidates) == ["c3", "c5", "c9", "c10"]
    assert list(table.tests) == ["e1", "t2"]


def test_only_time_at_work_counts() -> None:
    state = RunState()
    for at, event in [(100.0, STARTED), (103.0, asked()), (1000.0, Resumed("none")), (1002.5, RANKED)]:
        state.fold(event, at)
    assert state.seconds == 5.5


def test_a_resumed_run_forgets_how_it_ended_and_what_failed_since_the_last_decision() -> None:
    failed, answered = (
        Sampled(
            role="coder",
            key="coder/1",
            index=0,
            finish="error",
            text="",
            prompt_tokens=0,
            completion_tokens=0,
            error="503",
        ),
        Sampled(role="coder", key="coder/1", index=1, finish="stop", text="", prompt_tokens=1, completion_tokens=1),
    )
    lost, ran = (
        Executed(
            candidate=name,
            test="e1",
            verdict=verdict,
            passed=False,
            stdout="",
            stderr_tail="",
            reason="",
            cpu_s=0.0,
            peak_memory_kb=0,
        )
        for name, verdict in (("c2", "sandbox_error"), ("c3", "ok"))
    )
    later = Sampled(
        role="coder",
        key="repair/2/c1",
        index=0,
        finish="error",
        text="",
        prompt_tokens=0,
        completion_tokens=0,
        error="503",
    )
    ended = Result(status="model_error", exit_code=5, candidate=None, confidence=0.0, why="503", tokens=0, seconds=1.0)
    decided = Decided(round=1, action="repair", why="thin")
    state = folded(
        STARTED, asked(), failed, RANKED, decided, asked(9, 2, "repair/2/c1"), later, answered, lost, ran, ended
    )
    assert state.is_resumable and state.failed["coder"] == 2
    state.fold(Resumed("none"))
    assert state.result is None
    assert set(state.samples["coder/1"]) == {0, 1}, "a round that a decision followed stays as it was"
    assert state.samples["repair/2/c1"] == {}
    assert set(state.cells) == {("c3", "e1")}
    assert state.failed["coder"] == 1


def test_a_hundred_thousand_events_are_folded_in_a_moment() -> None:
    cells = [
        Executed(
            candidate=f"c{i // 300}",
            test=f"t{i % 300}",
            verdict="ok",
            passed=True,
            stdout="",
            stderr_tail="",
            reason="",
            cpu_s=0.0,
            peak_memory_kb=0,
        )
        for i in range(100_000)
    ]
    state = folded(STARTED, asked())
    begun = time.process_time()
    for event in cells:
        state.fold(event, 1.0)
    assert time.process_time() - begun < 5
    assert len(state.cells) == 100_000


@pytest.mark.parametrize("version", [0, 3])
def test_another_version_is_refused(version: int) -> None:
    record = json.loads(to_line(STARTED)) | {"v": version}
    with pytest.raises(Exception, match=f"schema {version}"):
        from_line(json.dumps(record))


@pytest.mark.parametrize("change", [{"round": "one"}, {"why": 3}])
def test_a_field_of_another_kind_is_named(change: dict[str, Any]) -> None:
    record = json.loads(to_line(Decided(round=1, action="more", why="thin"))) | change
    with pytest.raises(Exception, match="not an event"):
        from_line(json.dumps(record))


def test_clocks_and_the_last_digits_of_fractions_are_no_difference() -> None:
    one = Executed(
        candidate="c1",
        test="t1",
        verdict="ok",
        passed=True,
        stdout="a",
        stderr_tail="",
        reason="",
        cpu_s=0.1,
        peak_memory_kb=100,
    )
    assert (
        differing_fields(
            one,
            Executed(
                candidate="c1",
                test="t1",
                verdict="ok",
                passed=True,
                stdout="a",
                stderr_tail="tail",
                reason="",
                cpu_s=0.2,
                peak_memory_kb=90,
            ),
        )
        == []
    )
    assert differing_fields(
        one,
        Executed(
            candidate="c1",
            test="t1",
            verdict="crash",
            passed=False,
            stdout="a",
            stderr_tail="",
            reason="",
            cpu_s=0.1,
            peak_memory_kb=100,
        ),
    ) == ["verdict", "passed"]
    near = RankedRound(
        round=1,
        selector="agreement",
        score_names=[],
        ranking=[("c1", [1.0])],
        probability={"c1": 0.1 + 0.2},
        unsolved=1.0,
        validity={},
        hypotheses=[],
    )
    assert (
        differing_fields(
            near,
            RankedRound(
                round=1,
                selector="agreement",
                score_names=[],
                ranking=[("c1", [1])],
                probability={"c1": 0.3},
                unsolved=1.0,
                validity={},
                hypotheses=[],
            ),
        )
        == []
    )
    assert differing_fields(
        near,
        RankedRound(
            round=1,
            selector="agreement",
            score_names=[],
            ranking=[],
            probability={"c1": 0.3001},
            unsolved=1.0,
            validity={},
            hypotheses=[],
        ),
    ) == [
        "ranking",
        "probability",
    ]
