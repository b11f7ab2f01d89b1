"""The question of the mode ask, answered at a terminal: in words, by hunks, with yes."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.console import Console

from agent import list_runs, load_run
from agent.commands.accept import _chosen_hunks
from tests.agent.repository.conftest import FIRST, RIGHT, TASK, git, make_script

PLAIN = ("-n", "1", "-m", "1", "--rounds", "1", "--sandbox", "none", "--python", sys.executable)


def answered(repository: Path, folder: Path, *answers: str) -> int:
    """The exit code of a change at a terminal where these lines are typed."""
    model = make_script(folder / "answers.json", [RIGHT], [FIRST])
    words = [sys.executable, "-m", "agent", "change", TASK, "--repo", str(repository), "--model", model, *PLAIN]
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{answer}\n" for answer in answers).encode())
    env = {**os.environ, "CURE_AGENT_STATE": str(folder), "TERM": "dumb"}
    with subprocess.Popen(words, stdin=theirs, stdout=subprocess.DEVNULL, stderr=theirs, env=env) as process:
        os.close(theirs)
        try:
            while os.read(ours, 4096):
                pass
        except OSError:
            pass  # the other end is closed
    os.close(ours)
    return process.returncode


def test_words_start_another_run_whose_prompts_show_them(repository: Path, tmp_path: Path) -> None:
    assert answered(repository, tmp_path, "use a constant for the first page", "y") in (0, 1)
    second, first = map(load_run, list_runs(tmp_path))
    record = json.loads(second.blob(second.started.problem))
    ((patch, words),) = record["remarks"]
    assert words == "use a constant for the first page" and patch == first.outcome().program
    for key in ("coder/1", "tester/1"):
        prompt = second.blob(second.state.asked[key].prompt)
        assert words in prompt and "+    start = (number - 1) * size" in prompt
        assert words not in first.blob(first.state.asked[key].prompt)
    assert "(number - 1) * size" in (repository / "pager.py").read_text()


def test_no_changes_nothing(repository: Path, tmp_path: Path) -> None:
    assert answered(repository, tmp_path, "no") == 1
    assert git(repository, "status", "--porcelain") == "" and len(list_runs(tmp_path)) == 1


ONE = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-a = 1\n+a = 2\n"
TWO = ONE.replace("a.py", "b.py").replace("a = ", "b = ")


@pytest.mark.parametrize(
    ("answers", "chosen"), [("y n y", ONE), ("n y y", TWO), ("y n n", None), ("y y", ONE + TWO), ("n n", None)]
)
def test_a_part_of_a_patch_is_shown_before_it_is_applied(answers: str, chosen: str | None) -> None:
    found: list[str | None] = []

    @click.command()
    def choose() -> None:
        found.append(_chosen_hunks(Console(stderr=True), ONE + TWO))

    done = CliRunner().invoke(choose, input="".join(f"{answer}\n" for answer in answers.split()))
    assert done.exit_code == 0 and found == [chosen], done.output
    assert ("not on this part of it" in done.output) is (answers.count("y") < 3 and len(answers.split()) == 3)
