"""How a change ends when something it needs is gone: exit code, last event, and what `--json` prints."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from agent import list_runs
from agent.runs.record import timed_events
from tests.agent.conftest import Desk
from tests.agent.repository.conftest import FIRST, RIGHT, TASK, git, make_script

PLAIN = ("--json", "-n", "1", "-m", "1", "--rounds", "1", "--sandbox", "none", "--python", sys.executable)


def test_without_a_terminal_the_mode_ask_ends_before_anything_is_done(desk: Desk, repository: Path) -> None:
    begun = time.monotonic()
    done = desk.run("change", TASK, "--repo", repository, "--model", "scripted:nowhere.json")
    assert done.code == 2 and "--mode plan" in done.stderr
    assert time.monotonic() - begun < 5 and list_runs(desk.folder) == []


def test_a_model_that_answers_nothing_ends_the_run_with_a_result(desk: Desk, repository: Path, tmp_path: Path) -> None:
    model = make_script(tmp_path / "answers.json", [], [FIRST])
    done = desk.run("change", TASK, "--repo", repository, "--model", model, *PLAIN)
    said = json.loads(done.stdout)
    assert done.code == said["exit_code"] == 5 and said["status"] == "model_error", done.stderr
    _, last = timed_events(desk.newest.folder)[-1]
    assert last.type == "result" and last.why == said["why"] != ""


def test_tests_that_cannot_be_run_end_the_run_with_a_result(desk: Desk, repository: Path, tmp_path: Path) -> None:
    (repository / "tests" / "test_pager.py").write_text("import nothing_of_this_name\n")
    model = make_script(tmp_path / "answers.json", [RIGHT], [FIRST])
    done = desk.run("change", TASK, "--repo", repository, "--model", model, *PLAIN)
    said = json.loads(done.stdout)
    assert done.code == said["exit_code"] == 7 and "nothing_of_this_name" in said["why"]
    assert timed_events(desk.newest.folder)[-1][1].type == "result"


def test_a_repository_that_is_none_prints_no_half_result(desk: Desk, tmp_path: Path) -> None:
    done = desk.run("change", TASK, "--repo", tmp_path, "--model", "scripted:nowhere.json", *PLAIN)
    assert done.code == 7 and done.stdout == "" and "repository" in done.stderr


def test_sigterm_ends_the_run_with_a_result_and_leaves_the_tree(repository: Path, tmp_path: Path) -> None:
    (repository / "tests" / "test_slow.py").write_text("import time\n\n\ndef test_slow():\n    time.sleep(40)\n")
    before = git(repository, "status", "--porcelain")
    model = make_script(tmp_path / "answers.json", [RIGHT], [FIRST])
    words = [sys.executable, "-m", "agent", "change", TASK, "--repo", str(repository), "--model", model, *PLAIN]
    env = {**os.environ, "CURE_AGENT_STATE": str(tmp_path)}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr is not None
        assert any(line.startswith("tests: ") for line in process.stderr), "the run ended before its tests began"
        process.send_signal(signal.SIGTERM)
        stdout, _ = process.communicate(timeout=60)
    assert process.returncode == 130
    said = json.loads(stdout)
    assert (said["status"], said["exit_code"], said["program"]) == ("interrupted", 130, None)
    (folder,) = list_runs(tmp_path)
    assert timed_events(folder)[-1][1].type == "result"
    assert git(repository, "status", "--porcelain") == before and not (folder / "tree").exists()
