"""Replaying a record that was tampered with, and resuming after something broke."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.agent.conftest import Desk
from tests.end_to_end.conftest import RIGHT, SLOPPY, TESTS, WRONG

pytestmark = pytest.mark.usefixtures("at_once")

Change = Callable[[str, Callable[[dict[str, Any]], object]], None]


@pytest.fixture
def recorded(desk: Desk) -> Desk:
    """A run of two rounds, in which one answer holds no program and one request fails."""
    model = desk.script(coder=[WRONG, SLOPPY], tester=TESTS[:2], repair=[RIGHT, {"error": "503: busy"}])
    assert desk.solve("--model", model, "-n", 2, "-m", 2, "--rounds", 2, "--confident", 0.99).code == 1
    return desk


def test_a_record_as_it_was_written_is_replayed(recorded: Desk) -> None:
    done = recorded.run("replay", "--json")
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout == (recorded.newest.folder / "events.jsonl").read_text()


TAMPERED: list[tuple[str, Callable[[dict[str, Any]], object], str]] = [
    ("decided", lambda event: event.update(action="more"), "decided 1: action is 'repair', recorded was 'more'"),
    ("decided", lambda event: event.update(why="it looked nice", doing="mending", done="mended"), ""),
    ("decided", lambda event: event.update(seconds=9e9, tokens=9_999_999), ""),
    ("executed", lambda event: event.update(passed=not event["passed"]), "ranked_round 1: "),
    ("ranked_round", lambda event: event["probability"].update(c1=0.9), "ranked_round 1: probability is"),
    ("asked", lambda event: event.update(seed=1), "asked coder/1: seed is"),
    ("asked", lambda event: event.clear(), "the replay has asked coder/1, the record has not"),
    ("candidate_added", lambda event: event.update(round=2), "candidate_added c1: round is 1, recorded was 2"),
    ("sampled", lambda event: event.update(finish="error", error="gone"), "c1"),
    ("test_added", lambda event: event.clear(), "the replay has test_added e1, the record has not"),
    ("rejected", lambda event: event.update(role="tester"), "rejected coder/1 1: role is"),
    ("rejected", lambda event: event.update(reason="because"), ""),
    ("scored", lambda event: event.update(passed=1), ""),
    ("result", lambda event: event.update(candidate="c1"), "result: candidate is 'c3', recorded was 'c1'"),
]


@pytest.mark.parametrize(("kind", "how", "words"), [case for case in TAMPERED if case[2]])
def test_the_first_difference_is_named_and_nothing_after_it_is_shown(
    recorded: Desk, change: Change, kind: str, how: Callable[[dict[str, Any]], object], words: str
) -> None:
    change(kind, how)
    done = recorded.run("replay", "--json")
    assert done.code == 2
    assert words in done.stderr.splitlines()[-1]
    assert '"type": "result"' not in done.stdout
    assert "Traceback" not in done.stderr


def test_a_record_in_other_words_is_replayed(recorded: Desk, change: Change) -> None:
    for kind, how, words in TAMPERED:
        if not words and kind in ("decided", "rejected"):
            change(kind, how)
    done = recorded.run("replay")
    assert (done.code, done.stderr) == (0, "")


def test_an_execution_that_turns_out_otherwise_is_found_by_running_it_again(recorded: Desk, change: Change) -> None:
    def passed(event: dict[str, Any]) -> None:
        event["passed"] = not event["passed"]

    change("executed", passed)
    done = recorded.run("replay", "--execute", "--sandbox", "none")
    assert done.code == 2
    assert "executed c1 " in done.stderr and "passed is" in done.stderr


def test_a_text_that_was_changed_is_damaged(recorded: Desk) -> None:
    run = recorded.newest
    sample = run.state.samples["coder/1"][0]
    (run.folder / "blobs" / sample.text).write_text(RIGHT)
    done = recorded.run("replay")
    assert done.code == 2
    assert "damaged text" in done.stderr


def test_an_unexpected_event_in_the_record_is_a_difference(recorded: Desk, change: Change) -> None:
    path = recorded.newest.folder / "events.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    added = next(line for line in lines if '"type": "candidate_added"' in line).replace('"c1"', '"c9"')
    path.write_text("".join([*lines[:-1], added, lines[-1]]))
    done = recorded.run("replay")
    assert done.code == 2
    assert "the record has candidate_added c9, the replay has not" in done.stderr


def test_a_run_whose_model_failed_goes_on_once_the_model_answers(desk: Desk) -> None:
    dead = desk.script(coder=[{"error": "503: gone"}], tester=TESTS[:2])
    assert desk.solve("--model", dead, "-n", 2, "-m", 2).code == 5
    assert desk.run("replay").code == 0
    assert desk.script(coder=[RIGHT], tester=[SLOPPY], repair=[RIGHT]) == dead
    done = desk.run("resume", "--sandbox", "none", "--json")
    run = desk.newest
    assert done.code in (0, 1), done.stderr
    assert {sample.finish for sample in run.state.samples["coder/1"].values()} == {"stop"}
    assert list(run.state.candidates)[:2] == ["c1", "c2"]
    assert list(run.state.tests)[2:] == ["t1", "t2"], "recorded tests are not asked for again"
    assert desk.run("replay").code == 0


def test_what_was_spent_before_counts(desk: Desk, change: Change) -> None:
    model = desk.script(coder=[WRONG], tester=TESTS[:2], repair=[WRONG])
    assert desk.solve("--model", model, "-n", 2, "-m", 2, "--rounds", 2, "--budget", "1h").code == 3
    change("result", lambda event: event.clear())
    change("started", lambda event: event["settings"].update(budget={"tokens": 1, "seconds": None}))
    lines = (desk.newest.folder / "events.jsonl").read_text().splitlines(keepends=True)
    first_round = next(number for number, line in enumerate(lines) if '"ranked_round"' in line)
    (desk.newest.folder / "events.jsonl").write_text("".join(lines[:first_round]))
    asked = list(desk.newest.state.asked)
    done = desk.run("resume", "--sandbox", "none")
    assert done.code == 4, done.stderr
    assert list(desk.newest.state.asked) == asked


def test_a_run_under_way_is_not_resumed_by_another_process(recorded: Desk, change: Change) -> None:
    from agent.runs.store import RunWriter

    change("result", lambda event: event.clear())
    other = RunWriter(recorded.newest.folder, resumes=True)
    done = recorded.run("resume", "--sandbox", "none")
    other.close()
    assert done.code == 2
    assert "under way in another process" in done.stderr


def test_a_record_without_a_setting_that_came_later_is_replayed(recorded: Desk, change: Change) -> None:
    change("started", lambda event: event["settings"].pop("strategy"))
    assert recorded.run("replay").code == 0
