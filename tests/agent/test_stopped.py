"""A model server and a sandbox that die in the middle of a solve: real processes, killed by their ids."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from agent import RecordedRun, list_runs, load_run
from agent.runs.events import CandidateAdded, Executed, Sampled
from agent.runs.record import timed_events
from tests.agent.conftest import Desk
from tests.end_to_end.conftest import RIGHT, SUM, TESTS, WRONG

pytestmark = pytest.mark.usefixtures("at_once")

ROOT = Path(__file__).parents[2]
RIGHT_PROGRAM = "a, b = map(int, input().split())\nprint(a + b)\n"


def begin(arguments: list[object], state: Path, **more: str) -> subprocess.Popen[str]:
    """`cure-agent` in a process of its own."""
    environment = os.environ | {"CURE_AGENT_STATE": str(state)} | more
    command = [sys.executable, "-m", "agent", *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert time.monotonic() < deadline, "nothing happened"
        time.sleep(0.05)


def recorded(state: Path, kind: type) -> int:
    """Number of recorded events of this kind."""
    return sum(isinstance(event, kind) for folder in list_runs(state) for _, event in timed_events(folder))


def answered(run: RecordedRun) -> set[tuple[str, int]]:
    """(prompt, seed) of every sample that arrived."""
    asked = run.state.asked
    return {
        (asked[key].prompt, asked[key].seed + index)
        for key, samples in run.state.samples.items()
        for index, sample in samples.items()
        if sample.finish != "error"
    }


@pytest.fixture
def problem(tmp_path: Path) -> Path:
    path = tmp_path / "sum.json"
    path.write_text(json.dumps(SUM))
    return path


@pytest.mark.timeout(600)
def test_a_model_server_that_dies_is_exit_5_and_resume_asks_for_nothing_twice(problem: Path, desk: Desk) -> None:
    state, log = desk.folder, desk.folder / "asked"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]

    def serve(answers: int) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "tests.agent.dying_server", str(problem), str(log), str(port), str(answers)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        assert server.stdout is not None
        return server, server.stdout.readline().strip()

    server, model = serve(5)
    try:
        settings = ["-n", 4, "-m", 4, "--rounds", 2, "--confident", 0.99, "--sandbox", "none", "--retries", 0]
        solve = begin(["solve", problem, "--model", model, *settings], state)
        wait_for(lambda: recorded(state, Sampled) == 5)
        os.kill(server.pid, signal.SIGKILL)
        _, said = solve.communicate(timeout=300)
    finally:
        server.kill()
        server.wait()
    assert solve.returncode == 5, said
    shown = " ".join(said.split())
    assert "stopped answering" in shown and "`cure-agent resume` continues the run" in shown
    before = load_run(list_runs(state)[0])
    had = answered(before)
    assert len(had) == 5
    assert desk.run("replay").code == 0, "how it ended can be replayed"

    log.unlink()
    server, _ = serve(1000)
    try:
        resumed = desk.run("resume", "--sandbox", "none")
    finally:
        server.kill()
        server.wait()
    assert resumed.code in (0, 1) and resumed.stdout == RIGHT_PROGRAM, resumed.stderr
    asked = Counter(tuple(json.loads(line)) for line in log.read_text().splitlines())
    assert not asked.keys() & had
    assert max(asked.values()) == 1
    first_round = [
        samples for key, samples in load_run(list_runs(state)[0]).state.samples.items() if key.endswith("/1")
    ]
    assert sum(len(samples) for samples in first_round) == 8, "what was missing is there now"
    assert desk.run("replay").code == 0


def descendants(parent: int) -> list[int]:
    """Ids of the processes below a process, by what /proc says."""
    children = [
        int(pid) for path in Path(f"/proc/{parent}/task").glob("*/children") for pid in path.read_text().split()
    ]
    return [*children, *(pid for child in children for pid in descendants(child))]


@pytest.mark.bubblewrap
@pytest.mark.timeout(600)
def test_a_sandbox_that_dies_is_exit_6_and_resume_runs_only_what_is_missing(problem: Path, tmp_path: Path) -> None:
    state, folder = tmp_path / "state", tmp_path / "bin"
    real = shutil.which("bwrap")
    folder.mkdir()
    bwrap = folder / "bwrap"
    bwrap.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    bwrap.chmod(0o755)
    path = {"PATH": f"{folder}:{os.environ['PATH']}"}
    later = [
        {"text": text, "delay_s": 3.0 + number} for number, text in enumerate([RIGHT, RIGHT.replace("a + b", "b + a")])
    ]
    script = tmp_path / "answers.json"
    answers = {"coder/*": [WRONG, *later], "tester/*": TESTS[:2], "repair/*": [RIGHT]}
    script.write_text(json.dumps([{"key": k, "completions": texts, "repeat": True} for k, texts in answers.items()]))
    settings = ["-n", 3, "-m", 2, "--sandbox", "bubblewrap", "--rounds", 2]
    solve = begin(["solve", problem, "--model", f"scripted:{script}", *settings], state, **path)
    wait_for(lambda: recorded(state, Executed) >= 4)
    bwrap.write_text("#!/bin/sh\necho the sandbox is gone >&2\nexit 1\n")
    for pid in descendants(solve.pid):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    _, said = solve.communicate(timeout=300)
    assert solve.returncode == 6, said
    assert "sandbox" in said.splitlines()[-1] or "the sandbox stopped working" in said
    before = load_run(list_runs(state)[0])
    ran = {place for place, cell in before.state.cells.items() if cell.verdict != "sandbox_error"}
    assert recorded(state, CandidateAdded) == 3 and ran

    bwrap.write_text(f'#!/bin/sh\nexec {real} "$@"\n')
    resume = begin(["resume", "--sandbox", "bubblewrap"], state, **path)
    printed, said = resume.communicate(timeout=300)
    assert resume.returncode in (0, 1) and printed == RIGHT_PROGRAM, said
    executed = Counter(
        (event.candidate, event.test)
        for _, event in timed_events(list_runs(state)[0])
        if isinstance(event, Executed) and event.verdict != "sandbox_error"
    )
    assert set(executed.values()) == {1} and ran <= executed.keys()
    assert recorded(state, Sampled) == len(answered(load_run(list_runs(state)[0])))
