"""The problem of adding two integers, a scripted model with right and wrong answers, and a server that gives them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cure.problem import Problem
from cure.problem.file import load_problems
from cure.prompts import prompts_for
from engines.scripted import Entry, Prepared, ScriptedEngine, prompt_sha256
from tests.engines.faulty_server import FaultyServer

SUM = {
    "name": "sum",
    "question": "Read two integers from one line. Print their sum.",
    "example_input": ["1 2\n", "-3 4\n"],
    "example_output": ["3\n", "1\n"],
    "test_input": ["5 6\n", "0 0\n"],
    "test_output": ["11\n", "0\n"],
    "test_time_limit": 1,
}
RIGHT = "```python\na, b = map(int, input().split())\nprint(a + b)\n```"
WRONG = "```python\na, b = map(int, input().split())\nprint(a * b + 1)\n```"
SLOPPY = "I would add them."


def tester_answer(stdin: str, expected: str) -> str:
    """A tester's answer that holds this test."""
    return f"I add them.\n\n**Test Input:**\n```\n{stdin}\n```\n\n**Test Output:**\n```\n{expected}\n```\n"


PROGRAMS = [RIGHT, WRONG, RIGHT, RIGHT, SLOPPY, RIGHT, RIGHT, RIGHT]
TESTS = [tester_answer(f"{i} {i + 1}", str(2 * i + 1 + (i == 3))) for i in range(8)]


@pytest.fixture
def problem_file(tmp_path: Path) -> Path:
    path = tmp_path / "sum.json"
    path.write_text(json.dumps(SUM))
    return path


@pytest.fixture
def script(tmp_path: Path) -> Callable[..., str]:
    """`script(programs, tests, repairs)`: the spec of a scripted model that gives these answers, over and over."""

    def write(programs: list[str], tests: list[str], repairs: list[str] | None = None) -> str:
        given = {"coder/*": programs, "tester/*": tests, "repair/*": repairs or programs}
        entries = [{"key": key, "completions": texts, "repeat": True} for key, texts in given.items() if texts]
        path = tmp_path / "answers.json"
        path.write_text(json.dumps(entries))
        return f"scripted:{path}"

    return write


@pytest.fixture
def solve(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs `cure-agent solve` in a process of its own, recording under the test's folder."""

    def run(*arguments: object, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent", "solve", *map(str, arguments)]
        environment = os.environ | {"CURE_AGENT_STATE": str(tmp_path / "state")} | more
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=120)

    return run


@pytest.fixture(scope="session")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FaultyServer]:
    """An HTTP server that gives the model's answers, and fails in the way that the path of its URL names."""
    path = tmp_path_factory.mktemp("faulty") / "sum.json"
    path.write_text(json.dumps(SUM))
    problem: Problem = load_problems(str(path))[0]
    style = prompts_for("chat")
    asked = {prompt_sha256(style.coder(problem)): PROGRAMS, prompt_sha256(style.tester(problem)): TESTS}
    entries = [
        Entry(tuple(Prepared(text, deltas=5) for text in texts), prompt_sha256=sha, repeat=True)
        for sha, texts in asked.items()
    ]
    repairs = Entry((Prepared(RIGHT, deltas=5),), repeat=True)
    with FaultyServer(ScriptedEngine([*entries, repairs])) as server:
        yield server
