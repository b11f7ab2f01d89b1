"""Solves in child processes: orders, ends of all kinds, and their continuation."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from agent.errors import RunError
from agent.runs.record import load_run
from agent.runs.store import list_runs
from tests.tui.conftest import Bench, wait_until
from tui.job import SolveJob
from tui.sources.source import RunSource
from tui.sources.worker import WorkerSource


def ended(source: RunSource) -> bool:
    source.poll()
    return not source.is_live


def resume(folder: Path) -> SolveJob:
    return SolveJob(kind="resume", folder=str(folder), chosen={"sandbox": "none"})


def test_a_solve_is_paused_goes_on_and_is_the_one_that_the_command_makes(bench: Bench) -> None:
    source: RunSource = bench.start(bench.job(bench.model()))
    assert source.name == "" and source.state.started is None and source.controls is not None
    with pytest.raises(RunError, match="no folder yet"):
        source.text("0" * 64)
    source.controls.pause()
    assert source.controls.is_paused
    wait_until(lambda: source.poll() and source.state.asked)
    time.sleep(0.3)
    source.poll()
    assert source.state.asked and not source.state.samples
    source.controls.go_on()
    wait_until(lambda: ended(source))
    assert source.trouble == ""
    assert source.state.result is not None and source.state.result.status == "verified"
    (folder,) = list_runs(bench.folder)
    assert source.name == folder.name and source.state == load_run(folder).state
    replayed = subprocess.run([sys.executable, "-m", "agent", "replay", source.name], capture_output=True, check=False)
    assert replayed.returncode == 0, replayed.stderr.decode()


def test_a_stopped_solve_is_interrupted_and_continued_to_its_answer(bench: Bench) -> None:
    source = bench.start(bench.job(bench.model(delay_s=0.2)))
    wait_until(lambda: source.poll() and source.state.samples)
    source.stop()
    wait_until(lambda: ended(source))
    assert source.state.result is not None and source.state.result.status == "interrupted"
    assert source.trouble == ""
    (folder,) = list_runs(bench.folder)
    again = bench.start(resume(folder))
    wait_until(lambda: ended(again))
    assert again.state.result is not None and again.state.result.status == "verified"
    assert again.state == load_run(folder).state


def test_a_solve_whose_process_is_killed_says_so_and_is_continued(bench: Bench) -> None:
    source = bench.start(bench.job(bench.model(delay_s=0.2)))
    wait_until(lambda: source.poll() and source.state.samples)
    os.kill(source._process.pid, signal.SIGKILL)
    wait_until(lambda: ended(source))
    assert "ended with SIGKILL" in source.trouble and f"`cure-agent resume {source.name}`" in source.trouble
    again = bench.start(resume(bench.folder / "runs" / source.name))
    wait_until(lambda: ended(again))
    assert again.state.result is not None and again.state.result.status == "verified"


UI = """
import json, sys, time
from pathlib import Path
from tui.job import job_of
from tui.sources.worker import WorkerSource
source = WorkerSource(job_of(sys.stdin.buffer.readline()))
while not (source.poll() and source.state.samples):
    time.sleep(0.02)
print(source._process.pid, source.name, flush=True)
time.sleep(600)
"""


def test_a_solve_ends_with_the_ui_that_was_killed(bench: Bench) -> None:
    ui = subprocess.Popen([sys.executable, "-c", UI], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert ui.stdin is not None and ui.stdout is not None
    ui.stdin.write(bench.job(bench.model(delay_s=1)).to_line())
    ui.stdin.flush()
    pid, name = ui.stdout.readline().decode().split()
    ui.kill()
    ui.communicate()
    wait_until(lambda: not Path(f"/proc/{pid}").exists() or is_dead(int(pid)))
    result = load_run(bench.folder / "runs" / name).state.result
    assert result is not None and result.status == "interrupted"


def is_dead(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize(
    ("model", "chosen", "words"),
    [
        ("scripted:none.json", {}, "none.json"),
        ("gpt9", {}, "unknown model spec 'gpt9'"),
        ("http://127.0.0.1:9/v1#name", {}, "127.0.0.1:9"),
        ("micro", {"budget": "$1"}, "needs the price"),
        ("micro", {"nn": 1}, "the screen: unknown key solve.nn; did you mean n?"),
    ],
)
def test_what_cannot_begin_is_one_line_of_words(
    model: str, chosen: dict[str, object], words: str, bench: Bench
) -> None:
    source = bench.start(bench.job(model, **chosen))
    wait_until(lambda: ended(source))
    assert words in source.trouble
    assert "\n" not in source.trouble and "Traceback" not in source.trouble


def test_a_fault_of_the_program_is_words_with_a_place(bench: Bench) -> None:
    source = bench.start(SolveJob(kind="solve", problem={"question": "x"}, chosen={"model": 3}))
    wait_until(lambda: ended(source))
    assert "model" in source.trouble and "Traceback" not in source.trouble


def test_a_full_disk_is_told_with_what_to_do(bench: Bench) -> None:
    model = bench.model()
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, before[1]))
    try:
        source = WorkerSource(bench.job(model))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    bench.workers.append(source)
    wait_until(lambda: ended(source))
    assert "cannot record the run" in source.trouble and "free some space" in source.trouble
    (folder,) = list_runs(bench.folder)
    assert source.state == load_run(folder).state and load_run(folder).state.is_resumable


def test_a_finished_run_is_not_continued(bench: Bench) -> None:
    run = next((Path(__file__).parents[1] / "agent" / "recorded_repairs" / "runs").iterdir())
    source = bench.start(resume(run))
    wait_until(lambda: ended(source))
    assert "has no solve to continue" in source.trouble


def test_a_package_named_as_one_of_this_project_does_not_harm(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    (bench.folder / "tui").mkdir()
    (bench.folder / "tui" / "__init__.py").write_text("raise RuntimeError('not mine')")
    monkeypatch.chdir(bench.folder)
    source = bench.start(bench.job("gpt9"))
    wait_until(lambda: ended(source))
    assert "unknown model spec" in source.trouble


def test_orders_are_lines_of_json() -> None:
    job = SolveJob(kind="solve", problem={"question": "é\n"}, unused=["a"], chosen={"n": 3})
    line = job.to_line()
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and json.loads(line)["chosen"] == {"n": 3}
