import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agent import create_run, find_run, list_runs, load_run
from agent.commands.runs import runs
from agent.commands.why import why
from agent.errors import RunError
from agent.runs import store
from agent.runs.events import (
    CandidateAdded,
    Decided,
    Event,
    Executed,
    RankedRound,
    Result,
    Sampled,
    Started,
    TestAdded,
    from_line,
    to_line,
)
from agent.runs.listing import summaries
from agent.runs.store import STATE_VARIABLE

TEXT = st.text(max_size=20)
RESULT = Result(status="verified", exit_code=0, candidate="c1", confidence=0.97, why="right", tokens=10, seconds=1.5)


@given(
    st.one_of(
        st.builds(Started, problem=TEXT, name=TEXT, settings=st.dictionaries(TEXT, st.integers()), isolation=TEXT),
        st.builds(
            Sampled,
            role=TEXT,
            key=TEXT,
            index=st.integers(0),
            finish=TEXT,
            text=TEXT,
            prompt_tokens=st.integers(0),
            completion_tokens=st.integers(0),
            error=TEXT,
        ),
        st.builds(Decided, round=st.integers(), action=TEXT, why=TEXT, targets=st.lists(TEXT)),
        st.builds(
            Executed,
            candidate=TEXT,
            test=TEXT,
            verdict=TEXT,
            passed=st.booleans(),
            stdout=TEXT,
            stderr_tail=TEXT,
            reason=TEXT,
            cpu_s=st.floats(0, 10),
            peak_memory_kb=st.integers(0),
        ),
    )
)
def test_an_event_survives_its_line(event: Event) -> None:
    line = to_line(event, 12.5)
    assert line.endswith("\n") and "\n" not in line[:-1]
    assert from_line(line) == (12.5, event)


@pytest.mark.parametrize("line", ["{}", "[]", "nonsense", '{"v": 1, "t": 0, "type": "dance"}'])
def test_a_line_that_is_no_event_is_refused(line: str) -> None:
    with pytest.raises(RunError, match="not an event"):
        from_line(line)


def test_another_schema_version_is_named() -> None:
    fields = json.loads(to_line(RESULT)) | {"v": 99}
    with pytest.raises(RunError, match="schema 99"):
        from_line(json.dumps(fields))


def record(root: Path) -> Path:
    """A small finished run."""
    run = create_run(root)
    run.emit(Started(problem=run.blob("{}"), name="sum", settings={"n": 1}, isolation="bubblewrap"))
    run.emit(TestAdded(name="e1", stdin=run.blob("1 2\n"), expected=run.blob("3\n"), origin="public"))
    run.emit(
        CandidateAdded(
            name="c1", source=run.blob("print(3)"), origin="sampled", parent=None, round=1, key="coder/1", index=0
        )
    )
    run.emit(
        Executed(
            candidate="c1",
            test="e1",
            verdict="ok",
            passed=True,
            stdout=run.blob("3\n"),
            stderr_tail="",
            reason="",
            cpu_s=0.01,
            peak_memory_kb=9000,
        )
    )
    run.emit(
        RankedRound(
            round=1,
            selector="agreement",
            score_names=["a"],
            ranking=[("c1", [1.0])],
            probability={"c1": 0.9},
            unsolved=0.1,
            validity={"e1": 1.0},
            hypotheses=[],
        )
    )
    run.emit(RESULT)
    run.close()
    return run.folder


def test_a_run_read_back_has_its_table(tmp_path: Path) -> None:
    run = load_run(record(tmp_path))
    table = run.table()
    assert run.state.result == RESULT
    assert table.candidates["c1"].text == "print(3)"
    assert table.tests["e1"].trusted and table.tests["e1"].stdin == "1 2\n"
    assert table.passes("c1", "e1")


@pytest.mark.parametrize("options", [[], ["--test", "e1"], ["--candidate", "c1"]])
def test_foreign_text_is_shown_as_it_is_and_steers_no_terminal(tmp_path: Path, options: list[str]) -> None:
    hostile = "[/INST] [bold] \x1b[31m \x9b \x7f"
    run = create_run(tmp_path)
    run.emit(Started(problem=run.blob("{}"), name=hostile, settings={"n": 1}, isolation="bubblewrap"))
    run.emit(TestAdded(name="e1", stdin=run.blob(hostile), expected=run.blob(hostile), origin="public"))
    run.emit(
        CandidateAdded(
            name="c1", source=run.blob(f"# {hostile}"), origin="sampled", parent=None, round=1, key="coder/1", index=0
        )
    )
    run.emit(
        Executed(
            candidate="c1",
            test="e1",
            verdict="crash",
            passed=False,
            stdout=run.blob(hostile),
            stderr_tail=hostile,
            reason=hostile,
            cpu_s=0.01,
            peak_memory_kb=9000,
        )
    )
    run.emit(
        Sampled(
            role="coder",
            key="coder/1",
            index=1,
            finish="error",
            text=run.blob(""),
            prompt_tokens=0,
            completion_tokens=0,
            error=hostile,
        )
    )
    run.emit(
        RankedRound(
            round=1,
            selector="agreement",
            score_names=["a"],
            ranking=[("c1", [1.0])],
            probability={"c1": 0.9},
            unsolved=0.1,
            validity={"e1": 1.0},
            hypotheses=[],
        )
    )
    run.emit(Decided(round=1, action="finish", why=hostile, targets=[]))
    run.emit(RESULT)
    run.close()
    for command, arguments in ((why, options), (runs, [])):
        shown = CliRunner().invoke(command, arguments, env={STATE_VARIABLE: str(tmp_path), "COLUMNS": "200"})
        assert shown.exception is None
        assert "[/INST] [bold] \\x1b[31m \\x9b \\x7f" in shown.output
        assert not set("\x1b\x9b\x7f") & set(shown.output)


def test_equal_texts_are_stored_once(tmp_path: Path) -> None:
    folder = record(tmp_path)
    assert len(list((folder / "blobs").iterdir())) == 4


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    folder = record(tmp_path)
    events = folder / "events.jsonl"
    events.write_bytes(events.read_bytes()[:-20])
    run = load_run(folder)
    assert run.state.result is None
    assert summaries(5, tmp_path)[0].status == "unfinished"


def test_a_damaged_run_hides_no_other(tmp_path: Path) -> None:
    (record(tmp_path) / "events.jsonl").write_text("rubbish\n")
    record(tmp_path)
    assert sorted(summary.status for summary in summaries(5, tmp_path)) == ["unreadable", "verified"]


def test_a_byte_that_is_no_text_makes_only_its_run_unreadable(tmp_path: Path) -> None:
    events = record(tmp_path) / "events.jsonl"
    events.write_bytes(events.read_bytes() + b"\xff\n")
    record(tmp_path)
    assert sorted(summary.status for summary in summaries(5, tmp_path)) == ["unreadable", "verified"]


def test_a_last_line_torn_within_a_character_is_left_out(tmp_path: Path) -> None:
    folder = record(tmp_path)
    events = folder / "events.jsonl"
    events.write_bytes(events.read_bytes() + "é".encode()[:1])
    assert load_run(folder).state.result == RESULT


def test_a_damaged_text_is_named(tmp_path: Path) -> None:
    folder = record(tmp_path)
    run = load_run(folder)
    for blob in (folder / "blobs").iterdir():
        blob.write_bytes(b"\xff")
    with pytest.raises(RunError, match="damaged text"):
        run.table()


def test_names_sort_by_age_and_folders_are_private(tmp_path: Path) -> None:
    folders = [record(tmp_path) for _ in range(5)]
    assert list_runs(tmp_path) == folders[::-1]
    assert {folder.stat().st_mode & 0o777 for folder in folders} == {0o700}


def test_a_name_already_taken_is_drawn_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = iter(["taken", "taken", "free", "taken", "taken"])
    monkeypatch.setattr(store, "_new_name", lambda: next(names))
    assert record(tmp_path).name == "taken"
    assert record(tmp_path).name == "free"
    with pytest.raises(RunError, match="cannot record"):
        create_run(tmp_path)


def test_runs_are_found_by_any_end_of_their_name(tmp_path: Path) -> None:
    folder = record(tmp_path)
    assert find_run(None, tmp_path) == find_run(folder.name[-4:], tmp_path) == find_run(folder.name[:12], tmp_path)
    with pytest.raises(RunError, match="no run named"):
        find_run("nope", tmp_path)


def test_without_runs_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cure-agent solve"):
        find_run(None, tmp_path)


FULL_DISK = """
mount -t tmpfs -o size=64k tmpfs "$1" && exec "$2" -c '
import sys
from pathlib import Path
from agent.errors import RunError
from agent import create_run
from agent.runs.events import Started
run = create_run(Path(sys.argv[1]))
count = 0
try:
    while True:
        run.emit(Started(problem="x" * 1000, name="sum", settings={}, isolation=""))
        count += 1
except RunError as error:
    print(error)
lines = (run.folder / "events.jsonl").read_text().splitlines(keepends=True)
assert len(lines) == count, (len(lines), count)
assert all(line.endswith("\\n") for line in lines)
' "$1"
"""


def test_a_full_disk_is_said_in_one_line_and_keeps_what_was_written(tmp_path: Path) -> None:
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("mount namespaces are not available here")
    command = [*unshare, "sh", "-c", FULL_DISK, "sh", str(tmp_path), sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "No space left on device; free some space or set CURE_AGENT_STATE" in done.stdout
    assert done.stdout.count("\n") == 1
