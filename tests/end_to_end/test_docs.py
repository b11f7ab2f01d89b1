"""The README's commands run as written, except those in OUTSIDE; options shown there and in pages of docs/ exist."""

import os
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
NAMES = ("sandbox.md", "workspaces.md", "evaluator.md", "metrics.md", "datasets.md", "statements.md")
PAGES = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in NAMES)

OUTSIDE = {
    "make": "run by CI itself",
    "vllm": "needs a GPU",
    "openai:": "needs a key",
    "http://": "needs a server",
    "hf:Qwen": "needs a download",
    "--model qwen2.5-coder": "needs a download",
    "gguf:": "needs a model file",
    "train micro-base": "takes minutes",
    "train micro --out": "takes minutes; tests/trainer trains",
    "train inspect": "needs the run before it; tests/trainer inspects",
    "torchrun": "needs GPUs",
    "eval compare RUN_A": "needs two runs; tests/evaluator compares",
    "serve": "runs until it is stopped; tests/engines starts it",
}
"""Texts in commands that are not run here, with the reason."""


def shown_commands(text: str = README) -> list[str]:
    """The lines of the shell blocks of a page, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line]


def runs_here(command: str) -> bool:
    return not any(word in command for word in OUTSIDE)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("state")


def run(command: str, state: Path) -> subprocess.CompletedProcess[str]:
    words = shlex.split(command)
    assert words[0] == "cure-agent", command
    environment = os.environ | {"CURE_AGENT_STATE": str(state)}
    arguments = [sys.executable, "-m", "agent", *words[1:]]
    return subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False, env=environment)


def test_the_readme_shows_commands() -> None:
    assert sum(map(runs_here, shown_commands())) >= 8


@pytest.mark.slow
@pytest.mark.local
@pytest.mark.parametrize("command", [*filter(runs_here, shown_commands())])
def test_a_command_of_the_readme_works_as_written(command: str, state: Path) -> None:
    """Commands run in the README's order, so that `runs` and `why` show what `solve` recorded."""
    done = run(command, state)
    allowed = (0, 1) if "solve" in command or "resume" in command else (0,)
    assert done.returncode in allowed, done.stderr
    assert "Traceback" not in done.stderr


@cache
def help_of(*name: str) -> str:
    """What `--help` of a command prints; kept, because most commands are shown several times."""
    shown = run(f"cure-agent {' '.join(name)} --help", Path(os.devnull))
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


@pytest.mark.parametrize(
    "command", dict.fromkeys(line for line in shown_commands() + shown_commands(PAGES) if line.startswith("cure-agent"))
)
def test_every_option_shown_exists(command: str) -> None:
    words = shlex.split(command.partition("<")[0].partition(" -- ")[0])
    name = words[1:3] if words[1] in ("train", "sandbox", "eval", "datasets") else words[1:2]
    if " " in words[1]:
        name = ["change"]  # a task in words
    # With this option, `eval` has the options of another command.
    shown = help_of(*name, *(["--strategy", "cure"] if words[1] == "eval" and "--strategy" in words else []))
    options = [word for word in words if word.startswith("-") and len(word) > 1]
    assert all(option in shown for option in options), shown


def test_files_the_readme_points_to_exist() -> None:
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
