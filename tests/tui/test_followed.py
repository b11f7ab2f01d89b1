"""A run that another process writes, followed while it grows, breaks off and goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import RunError
from agent.runs.events import Resumed, Started, TestAdded, to_line
from agent.runs.record import load_run
from agent.runs.store import RunWriter, is_being_written
from tui.sources.followed import FollowedSource

RUN = next((Path(__file__).parents[1] / "agent" / "recorded_repairs" / "runs").iterdir())
STARTED = Started(problem="0" * 64, name="sum", settings={}, isolation="none")
TEST = TestAdded(name="e1", stdin="1" * 64, expected=None, origin="public")


def read_all(source: FollowedSource) -> None:
    while source.poll():
        pass


def test_a_growing_run_has_at_every_line_the_state_of_its_complete_lines(tmp_path: Path) -> None:
    lines = (RUN / "events.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "events.jsonl").write_bytes(b"")
    source = FollowedSource(tmp_path)
    assert not source.poll() and source.state.started is None
    with (tmp_path / "events.jsonl").open("ab", buffering=0) as growing:
        for line in lines:
            growing.write(line[:-7])
            read_all(source)
            half = (len(source.state.recorded), len(source.state.cells))
            growing.write(line[-7:])
            assert source.poll()
            assert (len(source.state.recorded), len(source.state.cells)) != half
    assert source.state == load_run(RUN).state
    assert not source.is_live


def test_a_line_torn_by_a_kill_is_forgotten_when_the_run_goes_on(tmp_path: Path) -> None:
    writer = RunWriter(tmp_path / "run")
    writer.emit(STARTED)
    source = FollowedSource(writer.folder)
    writer.close()
    with (writer.folder / "events.jsonl").open("ab") as torn:
        torn.write(b'{"v": 2, "t": 1.0, "type": "test_add')
    read_all(source)
    writer = RunWriter(tmp_path / "run", resumes=True)
    writer.emit(Resumed("none"))
    writer.emit(TEST)
    read_all(source)
    writer.close()
    assert list(source.state.tests) == ["e1"]
    assert source.state == load_run(writer.folder).state


def test_what_a_resumption_withdraws_is_withdrawn(tmp_path: Path) -> None:
    lines = (RUN / "events.jsonl").read_bytes().splitlines(keepends=True)
    failed = next(json.loads(line) for line in lines if json.loads(line)["type"] == "executed")
    failed |= {"verdict": "sandbox_error", "passed": None}
    ranked = next(i for i, line in enumerate(lines) if json.loads(line)["type"] == "ranked_round")
    result = json.loads(lines[-1]) | {"status": "sandbox_error"}
    begin = [line for line in lines[:ranked] if json.loads(line)["type"] != "executed"]
    begin += [json.dumps(event).encode() + b"\n" for event in (failed, result)]
    (tmp_path / "events.jsonl").write_bytes(b"".join(begin))
    source = FollowedSource(tmp_path)
    read_all(source)
    assert not source.is_live and source.state.result is not None and len(source.state.cells) == 1
    with (tmp_path / "events.jsonl").open("a") as growing:
        growing.write(to_line(Resumed("none")))
    assert source.poll()
    assert source.is_live and source.state.result is None and not source.state.cells
    assert source.state == load_run(tmp_path).state


def test_a_run_whose_process_was_killed_says_how_to_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.sources.followed.LOOK_S", 0.0)
    writer = RunWriter(tmp_path / "run")
    if is_being_written(writer.folder) is None:
        pytest.skip("this system does not list file locks")
    writer.emit(STARTED)
    source = FollowedSource(writer.folder)
    assert source.poll()
    assert not source.poll()
    assert source.is_live and not source.trouble
    writer.close()
    assert source.poll()
    assert not source.is_live and "`cure-agent resume run` continues it" in source.trouble
    writer = RunWriter(tmp_path / "run", resumes=True)
    writer.emit(TEST)
    assert source.poll()
    assert source.is_live and not source.trouble
    writer.close()


@pytest.mark.parametrize(
    ("line", "words"),
    [("{}", "not an event of a run"), ('{"v": 99, "t": 1.0, "type": "x"}', "recorded with schema 99")],
)
def test_a_line_that_cannot_be_read_is_told_and_what_came_before_it_stays(
    line: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "events.jsonl").write_text(to_line(STARTED) + line + "\n" + to_line(TEST))
    source = FollowedSource(tmp_path)
    assert source.poll()
    assert words in source.trouble and not source.is_live
    assert source.state.started == STARTED and not source.state.tests
    assert not source.poll()


def test_a_folder_without_events_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot read .*events\.jsonl"):
        FollowedSource(tmp_path)
