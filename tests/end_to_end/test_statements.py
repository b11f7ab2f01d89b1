"""A program that fails the statement's own sample is never verified, whatever form the sample has."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.agent.conftest import Desk, desk
from tests.cure.statement_forms import FORMS, Form
from tests.end_to_end import conftest

__all__ = ["desk"]

Solve = Callable[..., subprocess.CompletedProcess[str]]
Script = Callable[..., str]

THRICE = "```python\nprint(int(input()) * 3)\n```"
WRONG_TESTS = [conftest.tester_answer(str(number), str(3 * number)) for number in range(6, 14)]


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)
def test_a_wrong_program_with_agreeing_tests_is_not_verified(form: Form, desk: Desk) -> None:
    file = desk.folder / "twice.md"
    file.write_text(form.render([("5\n", "10\n")]))
    model = desk.script(coder=[THRICE], tester=WRONG_TESTS, repair=[THRICE])
    done = desk.run("solve", file, "--model", model, "--rounds", 1, "--sandbox", "none")
    assert done.code == 3, done.stderr
    assert done.stdout == ""


def test_a_sample_that_was_not_understood_is_said_before_the_work_begins(
    solve: Solve, script: Script, tmp_path: Path
) -> None:
    file = tmp_path / "twice.md"
    file.write_text("# Twice\nRead n. Print 2n. For example\n\n```\n5\n```\n\ngives\n\n```\n10\n```\n")
    done = solve(file, "--model", script([THRICE], WRONG_TESTS, [THRICE]), "--rounds", 1, "--confident", 0.8)
    assert done.returncode == 1, "a sample that was not read may refute the program"
    words = " ".join(done.stderr.split())
    assert "parts of the statement look like samples and were not used as tests" in words
    first, second, *_ = done.stderr.splitlines()
    assert first.startswith(f"note: {file}:4: this block looks like a sample; put the sample below")
    assert second.startswith(f"note: {file}:10: this block looks like a sample; put the sample below")
