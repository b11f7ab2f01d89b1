"""Small evaluations for tests: problems that ask for a sum, scripted answers, a run in bubblewrap."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from engines import HttpOptions
from evaluator.run.directory import RunDirectory
from evaluator.run.execute import Progress
from evaluator.run.settings import RoleSettings, Settings
from evaluator.run.start import evaluate, read_problems

RIGHT = "```python\na, b = map(int, input().split())\nprint(a + b)\n```"
WRONG = "```python\na, b = map(int, input().split())\nprint(a * b + 1)\n```"
CRASH = "```python\nprint(1 / 0)\n```"
NOTHING = "I would add them."


def answer_of_a_tester(stdin: str, expected: str) -> str:
    """A tester's answer that holds this test."""
    return f"**Test Input:**\n```\n{stdin}\n```\n\n**Test Output:**\n```\n{expected}\n```\n"


CODES = [RIGHT, WRONG, NOTHING, CRASH]
TESTS = [answer_of_a_tester("3 4", "7"), answer_of_a_tester("2 2", "5"), "no test", answer_of_a_tester("1 1", "2")]


def problems_file(path: Path, count: int = 3, **more: Any) -> Path:
    """The path, after writing `count` problems there that ask for a sum; `more` are further fields of each problem."""
    rows = [
        {
            "name": f"sum-{number}",
            "question": f"Read two integers. Print their sum. ({number})",
            "example_input": ["1 2\n"],
            "example_output": ["3\n"],
            "test_input": ["5 6\n", "0 0\n"],
            "test_output": ["11\n", "0\n"],
            "reference_solution": "a, b = map(int, input().split())\nprint(a + b)\n",
            **more,
        }
        for number in range(count)
    ]
    path.write_text(json.dumps(rows))
    return path


def script(path: Path, codes: Sequence[object] = CODES, tests: Sequence[object] = TESTS) -> str:
    """The spec of a model that gives these answers, over and over."""
    entries = [{"key": "coder/*", "completions": codes}, {"key": "tester/*", "completions": tests}]
    path.write_text(json.dumps([{**entry, "repeat": True} for entry in entries]))
    return f"scripted:{path}"


def settings_of(file: Path, model: str, n: int = 4, m: int = 4, **more: Any) -> Settings:
    """Settings of an evaluation of one model as coder with `n` samples and tester with `m`; 0 leaves the role out."""
    _, sha256 = read_problems(file, None)
    role = {"temperature": 1.0, "top_p": 1.0, "max_tokens": 200}
    coder = RoleSettings(model=model, samples=n, **role) if n else None
    tester = RoleSettings(model=model, samples=m, **role) if m else None
    return Settings(dataset=str(file), data_sha256=sha256, coder=coder, tester=tester, **more)


def run(
    settings: Settings,
    outputs: Path,
    seen: list[Progress] | None = None,
    options: HttpOptions | None = None,
    **more: Any,
) -> RunDirectory:
    """The directory of the evaluation with these settings, after running in bubblewrap what is still missing of it."""
    problems, _ = read_problems(Path(settings.dataset), settings.limit)
    show = (lambda _: None) if seen is None else seen.append
    return asyncio.run(
        evaluate(settings, problems, outputs, "bubblewrap", [options] if options else (), on_progress=show, **more)
    )
