"""`cure-agent train TARGET` from outside: its messages, its exit codes, the files and processes that it leaves."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from cure.problem import Problem, UnitTest
from tests.problem_files import dump_problems
from tests.trainer.runs import SMALL, metrics, run, small, weights
from trainer.micro.problems import problem
from trainer.progress.progress import Progress
from trainer.rollout.sampling import RolloutEvent
from trainer.rollout.tasks import Task

pytestmark = [pytest.mark.slow, pytest.mark.local, pytest.mark.bubblewrap]

COMMAND = [sys.executable, "-m", "agent", "train"]


def settings(*more: str) -> list[str]:
    return [word for item in (*SMALL, *more) for word in ("--set", item)]


def train(*arguments: str, timeout: float = 200) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    return done.stderr.strip().splitlines()[-1]


def test_two_processes_share_the_work_and_report_once(tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = train(
        "micro", "--out", str(out), "--steps", "2", *settings("train.processes=2", "data.tasks_per_step=3"),
        *("--set", "evaluation.problems=micro", "--set", "evaluation.count=3", "--set", "evaluation.samples=2"),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert [line["step"] for line in metrics(out)] == [1, 2]
    assert [line["step"] for line in metrics(out, "evaluation")] == [0, 2]
    assert metrics(out)[0]["code/answers"] == 12 and metrics(out)[0]["tasks"] == 3
    state = json.loads((out / "checkpoints" / "step-000002" / "state.json").read_text())
    assert state["processes"] == 2
    assert "held out after step 2" in done.stderr and "Traceback" not in done.stderr


class Bars(Progress):
    """Records the phases of a run, and each report of finished parts and their total."""

    def __init__(self) -> None:
        self.phases: list[str] = []
        self.done: dict[str, list[tuple[int, int]]] = {}

    def rolling_out(self, tasks: Sequence[Task], answers_each: int, name: str = "rollout") -> None:
        self.planned = {"answer": len(tasks) * answers_each, "table": len(tasks)}
        self.events: Counter[str] = Counter()

    def running(self, tables: int) -> None:
        self.planned, self.events = {"table": tables}, Counter()

    def event(self, event: RolloutEvent) -> None:
        self.events[event.kind] += 1

    def phase(self, name: str, total: int) -> None:
        self.phases.append(f"{name}, {total}")
        self.done[name] = []

    def part(self, done: int, total: int) -> None:
        self.done[self.phases[-1].partition(",")[0]].append((done, total))


@pytest.mark.parametrize("updates", [1, 2])
def test_the_bar_of_every_phase_fills(tmp_path: Path, updates: int) -> None:
    bars = Bars()
    config = small("steps=1", f"optimiser.updates={updates}", "train.tokens_per_pack=256", "data.tasks_per_step=4")
    run(config, tmp_path / "run", bars)
    assert dict(bars.events) == bars.planned == {"answer": 32, "table": 4}
    assert [phase.partition(",")[0] for phase in bars.phases] == ["update on code", "update on test"]
    for steps in bars.done.values():
        total = len(steps)
        assert total > 1 and steps == [(done, total) for done in range(1, total + 1)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("processes", [1, 2])
def test_a_signal_ends_it_with_a_line_and_the_last_checkpoint(tmp_path: Path, number: int, processes: int) -> None:
    out = tmp_path / "run"
    arguments = [*COMMAND, "micro", "--out", str(out), *settings(f"train.processes={processes}", "checkpoints.every=1")]
    child = subprocess.Popen([*arguments, "--steps", "500"], stderr=subprocess.PIPE, text=True)
    try:
        for _ in range(2400):
            if (out / "checkpoints" / "step-000001").is_dir():
                break
            time.sleep(0.05)
        child.send_signal(number)
        _, errors = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode == 130, errors
    assert f"ended by {signal.Signals(number).name}; the same command goes on" in errors
    assert "Traceback" not in errors
    assert weights(out, 1)


def test_a_full_disk_ends_it_with_a_line(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(small("steps=1"), out)
    (out / "metrics.jsonl").unlink()
    (out / "metrics.jsonl").symlink_to("/dev/full")
    done = train("micro", "--out", str(out), "--steps", "2", *settings())
    assert done.returncode == 2, done.stderr
    assert "No space left on device" in last_line(done)
    assert weights(out, 1)


def test_an_unreachable_frozen_model_is_one_line(tmp_path: Path) -> None:
    done = train(
        "micro", "--out", str(tmp_path / "run"), "--steps", "1",
        *settings("tester.policy=none", "tester.model=http://127.0.0.1:9/v1#nothing"),
    )  # fmt: skip
    assert done.returncode == 5, done.stderr
    assert "127.0.0.1:9" in last_line(done) and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nosuch"], "no preset and no file of this name"),
        (["micro", "--set", "loss.kin=ppo"], "unknown key loss.kin; did you mean kind?"),
        (["micro", "--set", "loss.kind=pop"], "loss.kind: Input should be 'ppo'"),
        (["micro", "--set", "policies.shared.model=/nowhere"], "/nowhere"),
        (["micro", "--set", "data.problems=/nowhere.json"], "/nowhere.json: no such file"),
        (["micro", "--set", "tester.policy=other"], "names the policy 'other'"),
        (["micro", "--set", "coder.model=micro"], "either a policy, which is trained, or a model"),
    ],
)
def test_a_wrong_configuration_is_one_line(tmp_path: Path, arguments: list[str], words: str) -> None:
    done = train(arguments[0], "--out", str(tmp_path / "run"), *settings(), *arguments[1:])
    assert done.returncode == 2, done.stderr
    assert words in last_line(done) and "Traceback" not in done.stderr


def write_problems(path: Path, *problems: Problem) -> str:
    path.write_text(dump_problems(problems))
    return f"data.problems={path}"


def unsolvable(number: int) -> Problem:
    tests = (UnitTest("1 2 3\n", "no program prints this\n", "hidden"),)
    return Problem(problem(0, "train", number).question, hidden=tests, name=f"unsolvable-{number}")


def test_no_right_program_is_counted_and_only_code_could_learn(tmp_path: Path) -> None:
    out = tmp_path / "run"
    file = write_problems(tmp_path / "problems.json", *(unsolvable(number) for number in range(2)))
    run(small("steps=1", file), out)
    line = metrics(out)[0]
    assert line["code/accuracy"] == 0
    assert line["test/groups: no right program"] == 2 and line["test/updates"] == 0
    assert line["code/groups: equal rewards"] == 2 and line["code/updates"] == 0
    assert line["test/p_u"] is None and line["test/mu"] is None
    # Nothing was learned, and nothing was changed.
    base = Path(__file__).parents[2] / "engines" / "micro-base" / "model.safetensors"
    from safetensors.torch import load_file

    before, after = load_file(base), load_file(out / "checkpoints" / "step-000001" / "model.safetensors")
    assert all((before[name] == after[name]).all() for name in before)


def test_one_sample_is_no_group(tmp_path: Path) -> None:
    out = tmp_path / "run"
    run(small("steps=1", "coder.samples=1", "tester.samples=1"), out)
    line = metrics(out)[0]
    assert line["code/groups: too few"] == 2 and line["code/updates"] == 0


def test_problems_without_hidden_tests_are_refused(tmp_path: Path) -> None:
    file = write_problems(tmp_path / "problems.json", Problem("Print 1."))
    done = train("micro", "--out", str(tmp_path / "run"), *settings(file))
    assert done.returncode == 2 and "no problem has hidden tests" in last_line(done)


def test_prompts_that_are_too_long_are_left_out_and_counted(tmp_path: Path) -> None:
    out = tmp_path / "run"
    long = Problem("word " * 600, hidden=(UnitTest("1\n", "1\n", "hidden"),), name="long")
    file = write_problems(tmp_path / "problems.json", long, problem(0, "train", 1))
    run(small("steps=1", file), out)
    line = metrics(out)[0]
    assert line["tasks"] == 2 and line["tasks_too_long"] == 1 and line["code/groups"] == 1


def test_the_launcher_leaves_no_process_behind(tmp_path: Path) -> None:
    out = tmp_path / "run"
    child = subprocess.Popen(
        [*COMMAND, "micro", "--out", str(out), *settings("train.processes=2"), "--steps", "500"],
        stderr=subprocess.DEVNULL,
    )
    for _ in range(2400):
        if (out / "rollouts").is_dir():
            break
        time.sleep(0.05)
    child.terminate()
    child.wait(timeout=60)
    time.sleep(0.5)
    assert [file for file in Path("/proc").glob("[0-9]*/cmdline") if str(out) in _text(file)] == []


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:
        return ""
