"""`cure-agent train inspect` on runs written by hand, so that every figure is known: nothing here needs torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result

from cure.problem import Problem, UnitTest
from tests.problem_files import dump_problems
from trainer.commands import train
from trainer.config import dump, load
from trainer.distributed.world import World
from trainer.errors import TrainerError
from trainer.inspect.figures import figures
from trainer.inspect.recorded import open_run, open_step, ranges
from trainer.inspect.series import Series, band, series, smoothed
from trainer.policy.policy import Update
from trainer.record.recorder import Recorder
from trainer.rollout.answers import Answer, TaskAnswers, TaskTable
from trainer.rollout.tasks import Task
from trainer.update.credit import credit

RIGHT, WRONG = "print(int(input()) + 1)", "print(int(input()) + 2)"
PROBLEMS = [Problem(f"Add one to n, number {at}.", hidden=(UnitTest("1\n", "2\n", "hidden"),), name=f"add-{at}")
            for at in range(3)]  # fmt: skip


def inspect(*arguments: object) -> Result:
    return CliRunner().invoke(train, ["inspect", *map(str, arguments)], env={"COLUMNS": "160"})


def refusal(*arguments: object) -> str:
    """The error message of `train inspect` with these arguments, which must exit with 2."""
    result = inspect(*arguments)
    if isinstance(result.exception, TrainerError):
        assert result.exception.exit_code == 2
        return str(result.exception)
    assert result.exit_code == 2, result.output
    return result.stderr


def answer(text: str, *, length: int = 2, finish: Any = "stop") -> Answer:
    return Answer(text, finish, tuple(range(length)), tuple(-0.5 * at - 0.1 for at in range(length)), "step-0")


def answers(slot: int) -> TaskAnswers:
    coder = (answer(RIGHT), answer(WRONG, length=3), answer("no program \x1b[31m", finish="length"))
    tester = (answer("1 -> 2"), answer("1 -> 3"), answer("nothing"))
    return TaskAnswers(slot, slot, {"coder": (7, 8), "tester": (9,)}, {"coder": coder, "tester": tester})


def table(slot: int) -> TaskTable:
    """A task's table with three answers of each role: a right one, a wrong one, one from which nothing was read."""
    return TaskTable(
        slot=slot,
        programs=(RIGHT, WRONG, None),
        tests=(UnitTest("1\n", "2\n"), UnitTest("1\n", "3\n"), None),
        labels=(UnitTest("1\n", "2\n", "hidden"),),
        label_passes=np.array([[True], [False], [False]]),
        test_passes=np.array([[True, False], [False, True], [False, False]]),
        unknown=(False, False, False),
        executions=2,
        notes={"code: no block": 1},
    )


def begin(path: Path, *overrides: str, problems: bool = True) -> Path:
    """The directory of a run that has no steps yet."""
    path.mkdir()
    if problems:
        (path.parent / "problems.json").write_text(dump_problems(PROBLEMS))
    file = f"data.problems={path.parent / 'problems.json'}"
    config = load("micro", (file, "data.tasks_per_step=2", "train.processes=1", *overrides))
    (path / "config.toml").write_text(dump(config))
    return path


def write_step(path: Path, step: int, until: str = "commit") -> None:
    """Record a step of two tasks, and a third that is left out, up to and including the part `until`."""
    config = open_run(path).config
    recorder = Recorder(path, config, World(0, 1, device=None))
    with recorder.step_record(step) as record:
        record.plan([Task(at, at, problem) for at, problem in enumerate(PROBLEMS)])
        if until != "plan":
            record.answers([answers(0), answers(1)], 1)
        if until in ("tables", "rewards", "commit"):
            record.tables([table(0), table(1)], {"sampling": 1.5, "tables": 0.5})
        if until in ("rewards", "commit"):
            record.rewards([group for at in range(2) for group in credit(answers(at), table(at), config.reward)])
        if until == "commit":
            measured = Update(loss=0.25, gradient_norm=0.5, entropy=0.1, tokens=12, row_tokens=20, sums={})
            record.update("code", [measured])
            record.update("test", [])
            record.commit({})


def step_line(step: int, **more: Any) -> dict[str, Any]:
    return {"step": step, "kind": "step", **{name.replace("__", "/"): value for name, value in more.items()}}


def write_metrics(path: Path, *lines: dict[str, Any]) -> None:
    (path / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    path = begin(tmp_path / "run")
    write_step(path, 1)
    write_step(path, 2, until="answers")
    (path / "checkpoints" / "step-000001").mkdir(parents=True)
    write_metrics(
        path,
        {"step": 0, "kind": "evaluation", "eval/code/accuracy": 0.5, "eval/test/p_01": 0.25, "seconds/evaluation": 1.0},
        step_line(1, code__accuracy=0.5, test__mu=None, code__groups=2, code__groups_trained=1.0, code__updates=1,
                  test__groups=2, test__updates=0, tasks_too_long=1, seconds__sampling=1.5, seconds__tables=0.5,
                  seconds__other=-0.1, seconds__step=2.0),
        {"step": 1, "kind": "evaluation", "eval/code/accuracy": 0.75, "eval/test/p_01": 0.5, "seconds/evaluation": 1.0},
    )  # fmt: skip
    return path


def test_the_command_loads_nothing_heavy() -> None:
    script = (
        "import sys, trainer.inspect.command as c; print({'torch', 'rich', 'numpy', 'matplotlib'} & {*sys.modules})"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"


def test_looking_at_a_step_needs_no_torch(run: Path) -> None:
    script = (
        "import sys; sys.modules['torch'] = None\n"
        "from trainer.commands import train\n"
        f"train(['inspect', {str(run)!r}, '--step', '1', '--task', '0'], standalone_mode=False)"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "coder/0" in shown.stdout


def test_a_run_in_figures(run: Path) -> None:
    seen = figures(open_run(run))
    assert (seen.steps, seen.of_steps, seen.last_checkpoint) == (1, 120, 1)
    accuracy, p_01 = seen.held_out
    assert (accuracy.first, accuracy.last, accuracy.best, accuracy.best_step) == (0.5, 0.75, 0.75, 1)
    assert (p_01.name, p_01.best, p_01.best_step) == ("p_01", 0.25, 0)  # less is better
    assert [change.name for change in seen.own] == ["code accuracy"]  # what is None everywhere is left out
    assert {phase.name: phase.share for phase in seen.phases} == {"evaluation": 0.5, "sampling": 0.375, "tables": 0.125}
    assert seen.left_out == {"tasks whose prompt was too long": 1, "test stages with nothing to train on": 1}


def test_why_groups_and_updates_were_left_out(tmp_path: Path) -> None:
    path = begin(tmp_path / "run")
    skipped = {"test/skipped": 2, "test/skipped_because": "loss nan, gradient norm 1"}
    write_metrics(
        path,
        step_line(1, code__groups=4, test__groups=4, test__updates=0) | {"code/groups: equal rewards": 3} | skipped,
        step_line(2, code__groups=4, test__groups=4) | {"code/groups: equal rewards": 1, "code/groups: too few": 1},
    )
    seen = figures(open_run(path))
    coder, tester = seen.groups
    assert coder.others == {"equal rewards": 4, "too few": 1} and coder.trained == 3 / 8
    assert tester.others == {} and tester.trained == 1
    assert seen.left_out == {"test updates skipped: loss nan, gradient norm 1": 2}


def test_the_summary_and_its_picture(run: Path) -> None:
    pytest.importorskip("matplotlib", reason="curves need matplotlib")
    shown = inspect(run)
    assert shown.exit_code == 0, shown.exception
    assert "1 of 120 steps, last checkpoint 1" in shown.stdout
    assert "code accuracy" in shown.stdout and "+0.250" in shown.stdout
    assert shown.stderr.strip() == f"curves: {run / 'curves.png'}"
    assert (run / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_pictures_where_they_are_asked_for(run: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="curves need matplotlib")
    assert inspect(run, "--svg", tmp_path / "c.svg").exit_code == 0
    assert "Code accuracy" in (tmp_path / "c.svg").read_text()
    assert not (run / "curves.png").exists()
    assert "cannot write" in refusal(run, "--png", tmp_path / "no" / "c.png")


def test_without_matplotlib_there_is_one_line(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    shown = inspect(run)
    assert shown.exit_code == 0 and "1 of 120 steps" in shown.stdout
    assert shown.stderr.strip() == "no curves: curves need matplotlib: pip install 'cure-agent[plots]'"
    assert "cure-agent[plots]" in refusal(run, "--png", run / "c.png")


def test_a_run_that_has_only_begun(tmp_path: Path) -> None:
    shown = inspect(begin(tmp_path / "run"))
    assert shown.exit_code == 0 and "0 of 120 steps, no checkpoint yet" in shown.stdout
    assert "no step is committed" in shown.stderr


def test_figures_as_json(run: Path) -> None:
    record = json.loads(inspect(run, "--json").stdout)
    assert record["steps"] == 1 and record["held_out"][0]["last"] == 0.75
    assert not (run / "curves.png").exists()


def test_several_runs_as_mean_and_range(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="curves need matplotlib")
    paths = [begin(tmp_path / f"seed-{seed}", f"seed={seed}") for seed in range(2)]
    for seed, path in enumerate(paths):
        write_metrics(
            path,
            {"step": 0, "kind": "evaluation", "eval/code/accuracy": 0.5},
            *(step_line(step, code__accuracy=0.5 + 0.01 * step, test__p_u=0.25) for step in range(1, 13)),
            {"step": 12, "kind": "evaluation", "eval/code/accuracy": 0.75 + 0.125 * seed},
        )
    record = json.loads(inspect(*paths, "--json").stdout)
    assert record["differ_in"] == []
    change = record["compared"][0]
    assert change["name"] == "code accuracy" and change["held_out"] and change["runs"] == 2
    assert change["after"] == {"mean": 0.8125, "low": 0.75, "high": 0.875}
    assert change["change"] == {"mean": 0.3125, "low": 0.25, "high": 0.375}
    shown = inspect(*paths, "--png", tmp_path / "both.png")
    assert "0.750 to 0.875" in shown.stdout and (tmp_path / "both.png").is_file()


def test_answers_not_extracted_are_called_so_on_the_terminal_and_keep_their_name_in_json(tmp_path: Path) -> None:
    paths = [begin(tmp_path / name) for name in ("a", "b")]
    for path in paths:
        write_metrics(
            path,
            *({"step": step, "kind": "evaluation", "eval/code/unparsed": 0.5, "eval/test/unparsed": 0.25}
              for step in range(2)),
        )  # fmt: skip
    for shown in (inspect(paths[0]).stdout, inspect(*paths).stdout):
        assert "programs not extracted" in shown and "tests not extracted" in shown and "unparsed" not in shown
    names = [change["name"] for change in json.loads(inspect(paths[0], "--json").stdout)["held_out"]]
    assert names == ["code unparsed", "tests unparsed"]


def test_runs_of_different_configurations_are_named_as_such(tmp_path: Path) -> None:
    paths = [begin(tmp_path / "a"), begin(tmp_path / "b", "optimiser.learning_rate=1e-6", "seed=4")]
    assert "The runs differ in optimiser.learning_rate." in inspect(*paths).stdout


def test_the_tasks_of_a_step(run: Path) -> None:
    shown = inspect(run, "--step", "1").stdout
    assert "committed: 3 tasks" in shown
    assert "add-0" in shown and "1/3 (1 not extracted)" in shown and "prompt too long" in shown
    assert "update on test: nothing to train on" in shown
    record = json.loads(inspect(run, "--step", "1", "--json").stdout)
    coder = record["tasks"][0]["coder"]
    assert (coder["right"], coder["answers"], coder["truncated"], coder["outcome"]) == (1, 3, 1, "trained")
    assert record["tasks"][2]["left_out"] and record["too_long"] == 1


@pytest.mark.parametrize(
    ("until", "state"),
    [
        ("plan", "under way: sampling"),
        ("answers", "under way: running programs"),
        ("tables", "under way: giving rewards"),
        ("rewards", "under way: updating"),
    ],
)
def test_a_step_under_way(run: Path, until: str, state: str) -> None:
    write_step(run, 3, until)
    shown = inspect(run, "--step", "3")
    assert shown.exit_code == 0 and state in shown.stdout
    task = inspect(run, "--step", "3", "--task", "0")
    assert task.exit_code == 0 and "Add one to n, number 0." in task.stdout
    assert ("coder/0" in task.stdout) == (until in ("tables", "rewards"))
    if until == "plan":
        assert "has no answers (under way: sampling)" in refusal(run, "--step", 3, "--task", 0, "--answer", "coder/0")


def test_a_torn_line_ends_what_is_known(run: Path) -> None:
    with (run / "rollouts" / "step-000002.jsonl").open("a") as file:
        file.write('{"table": {"slot": 0, "pro')
    assert "under way: running programs" in inspect(run, "--step", "2").stdout
    assert open_step(open_run(run), 2).tasks[0].table is None


def test_a_task_with_its_table(run: Path) -> None:
    shown = inspect(run, "--step", "1", "--task", "1").stdout
    assert "Step 1, task 1: add-1 (problem 1)" in shown and "Add one to n, number 1." in shown
    rows = {line[:7]: line for line in reversed(shown.splitlines()) if line.startswith("coder/")}
    # The label, then the two tests that were read.
    assert rows["coder/0"].split()[4:] == ["●", "●", "·"]
    assert rows["coder/1"].split()[4:] == ["·", "·", "●"]
    assert "no program" in rows["coder/2"]
    assert RIGHT in shown and WRONG in shown
    assert "coder/2: program not extracted" in shown
    assert "coder/0: passes 1 of 1 labels, right, reward 1.000" in shown
    assert "tester/1: 1 of 3 programs passes, wrong" in shown
    assert "\x1b" not in shown


def test_a_task_as_json(run: Path) -> None:
    record = json.loads(inspect(run, "--step", "1", "--task", "0", "--json").stdout)
    assert record["statement"] == "Add one to n, number 0."
    assert [one["right"] for one in record["programs"]] == [True, False, False]
    assert record["programs"][0]["reward"] == 1.0 and record["programs"][2]["program"] is None
    assert record["test_passes"] == [[1, 0], [0, 1], [0, 0]] and record["test_columns"] == [0, 1]
    assert record["groups"] == {"coder": "trained", "tester": "trained"}


def test_the_statement_is_not_made_up(tmp_path: Path) -> None:
    path = begin(tmp_path / "run", problems=False)
    write_step(path, 1)
    shown = inspect(path, "--step", "1", "--task", "0").stdout
    assert "No statement: the problem set cannot be read here:" in shown and "problems.json: no such file" in shown
    (tmp_path / "problems.json").write_text(dump_problems(PROBLEMS[::-1]))
    shown = inspect(path, "--step", "1", "--task", "0").stdout
    assert "has another problem in place 0: 'add-2'" in shown
    (tmp_path / "problems.json").write_text(dump_problems(PROBLEMS[:1]))
    assert "has no problem 1 any more" in inspect(path, "--step", "1", "--task", "1").stdout


def test_an_answer_in_full(run: Path) -> None:
    shown = inspect(run, "--step", "1", "--task", "0", "--answer", "coder/1").stdout
    assert "coder/1 of step 1, task 0: 3 tokens, ended by stop, weights step-0" in shown
    assert WRONG in shown and "wrong, reward 0.000" in shown
    assert "log-probability -1.80, -0.600 a token, behind a prompt of 2" in shown
    assert shown.splitlines()[-1].split() == ["0", "0", "-0.10", "1", "1", "-0.60", "2", "2", "-1.10"]


def test_control_characters_do_not_reach_the_terminal(run: Path) -> None:
    shown = inspect(run, "--step", "1", "--task", "0", "--answer", "coder/2").stdout
    assert "no program \\x1b[31m" in shown and "\x1b" not in shown
    assert "ended by length" in shown


def test_an_answer_as_json(run: Path) -> None:
    record = json.loads(inspect(run, "--step", 1, "--task", 0, "--answer", "tester/0", "--json").stdout)
    assert record["text"] == "1 -> 2" and record["token_ids"] == [0, 1] and record["logprobs"] == [-0.1, -0.6]
    assert record["right"] is True and record["prompt_token_ids"] == [9] and record["group"] == "trained"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--step", 9], "has no record of step 9: it has steps 1 to 2"),
        (["--step", 1, "--task", 3], "step 1 has no task 3: its tasks are 0 to 2"),
        (
            ["--step", 1, "--task", 0, "--answer", "coder/3"],
            "no answer 'coder/3'; there are coder/0 to coder/2, tester",
        ),
        (["--step", 1, "--task", 0, "--answer", "judge/0"], "no answer 'judge/0'"),
        (["--step", 1, "--task", 2, "--answer", "coder/0"], "task 2 has no answers"),
        (["--task", 1], "--task needs --step"),
        (["--answer", "coder/0"], "--answer needs --step and --task"),
        (["--step", 1, "--png", "x.png"], "--step shows one run"),
    ],
)
def test_what_is_not_there_is_one_line(run: Path, arguments: list[object], words: str) -> None:
    assert words in refusal(run, *arguments)


def test_a_directory_without_a_run_is_one_line(tmp_path: Path) -> None:
    assert "no such directory" in refusal(tmp_path / "nosuch")
    assert "holds no training run" in refusal(tmp_path)
    (tmp_path / "config.toml").write_text("steps = ")
    assert "not valid TOML" in refusal(tmp_path)


def test_a_step_made_again_counts_once(tmp_path: Path) -> None:
    path = begin(tmp_path / "run")
    write_metrics(path, step_line(1, a=1), step_line(2, a=1), step_line(2, a=2))
    with (path / "metrics.jsonl").open("a") as file:
        file.write('{"step": 3, "kind": "st')
    assert [line["a"] for line in open_run(path).steps] == [1, 2]


def test_smoothing_keeps_constants_and_gaps() -> None:
    steps = np.arange(40, dtype=np.float64)
    flat = np.full(40, 0.5)
    flat[10] = np.nan
    assert np.allclose(smoothed(Series(steps, flat)).values, 0.5)
    nothing = Series(steps, np.full(40, np.nan))
    assert not nothing.known and not smoothed(nothing).known


def test_a_band_is_of_the_steps_that_all_runs_have() -> None:
    lines = [
        [{"step": 1, "x": 1.0}, {"step": 2, "x": 2.0}, {"step": 3, "x": None}],
        [{"step": 2, "x": 4.0}, {"step": 3, "x": 1.0}, {"step": 4, "x": 1.0}],
    ]
    together = band([series(one, "x") for one in lines])
    assert together.steps.tolist() == [2] and together.mean.tolist() == [3]
    assert together.low.tolist() == [2] and together.high.tolist() == [4]


def test_numbers_in_words() -> None:
    assert ranges([1, 2, 3, 5, 7, 8]) == "1 to 3, 5, 7 to 8"
    assert ranges([]) == ""
