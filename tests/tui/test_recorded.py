"""A recorded run as a source of a screen: its state after any number of its events."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.errors import RunError
from agent.runs.record import load_run
from tui.sources.recorded import RecordedSource
from tui.sources.source import RunSource

RUN = next((Path(__file__).parents[1] / "agent" / "recorded_repairs" / "runs").iterdir())


def test_a_recorded_run_has_the_state_that_the_commands_read() -> None:
    source: RunSource = RecordedSource(RUN)
    assert source.state == load_run(RUN).state
    assert (source.name, source.is_live, source.controls, source.trouble) == (RUN.name, False, None, "")
    started = source.state.started
    assert started is not None and "question" in source.text(started.problem)


def test_the_state_after_the_first_events_is_the_same_from_either_side() -> None:
    source = RecordedSource(RUN)
    shown = []
    for position in range(1, source.length + 1):
        source.seek(position)
        shown.append((len(source.state.candidates), len(source.state.cells), source.at))
    assert shown[0][:2] == (0, 0) and shown[-1][1] > 0
    for position in reversed(range(1, source.length + 1)):
        source.seek(position)
        assert (len(source.state.candidates), len(source.state.cells), source.at) == shown[position - 1]


def test_a_position_out_of_range_is_the_nearest_one() -> None:
    source = RecordedSource(RUN)
    source.seek(-3)
    assert source.position == 1 and source.state.started is not None
    source.seek(10**9)
    assert source.position == source.length and source.state.result is not None


def test_a_screen_draws_again_after_a_seek_alone() -> None:
    source = RecordedSource(RUN)
    source.poll()
    assert not source.poll()
    source.seek(3)
    assert source.poll() and not source.poll()
    source.seek(3)
    assert not source.poll()


def test_a_folder_that_is_no_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"cannot read .*events\.jsonl"):
        RecordedSource(tmp_path)
    (tmp_path / "events.jsonl").write_text("")
    with pytest.raises(RunError, match="does not begin with the start of a run"):
        RecordedSource(tmp_path)


def test_a_lost_text_is_an_error_of_the_run(tmp_path: Path) -> None:
    folder = tmp_path / RUN.name
    shutil.copytree(RUN, folder)
    source = RecordedSource(folder)
    assert source.state.started is not None
    (folder / "blobs" / source.state.started.problem).unlink()
    with pytest.raises(RunError, match="lacks the text"):
        source.text(source.state.started.problem)
