"""A small repository with a fault, and a scripted model that knows right and wrong answers."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

PAGER = '''"""Splits lists into pages."""


def page(items, number, size=10):
    """The items of a page; pages are numbered from 1."""
    start = number * size
    return items[start : start + size]


def pages(items, size=10):
    """How many full pages there are."""
    return len(items) // size
'''
SUITE = """from pager import pages


def test_full_pages_are_counted():
    assert pages(list(range(20))) == 2
"""
TASK = "page(items, 1) returns the second page; pages are numbered from 1."

_EDIT = '''```python
# pager.py::{name}
def {head}:
    """{doc}"""
    {body}
```
'''


def page_edit(start: str) -> str:
    """An answer that rewrites `page` with this expression for the first index."""
    body = f"start = {start}\n    return items[start : start + size]"
    doc = "The items of a page; pages are numbered from 1."
    return _EDIT.format(name="page", head="page(items, number, size=10)", doc=doc, body=body)


RIGHT = page_edit("(number - 1) * size")
WRONG = page_edit("number * size - 1")
BREAKING = RIGHT + _EDIT.format(
    name="pages",
    head="pages(items, size=10)",
    doc="How many full pages there are.",
    body="return 1 + len(items) // size",
)
"""Does the task, and breaks the existing test."""
WEAKENING = (
    "```python\n# tests/test_pager.py::test_full_pages_are_counted\ndef test_full_pages_are_counted():\n    pass\n```"
)


def page_test(call: str, expected: str) -> str:
    """An answer with one test of this call."""
    return f"```python\nfrom pager import page, pages\n\n\ndef test_it():\n    assert {call} == {expected}\n```"


FIRST = page_test("page(list(range(30)), 1)", "list(range(10))")
SECOND = page_test("page(list(range(30)), 2, 5)", "[5, 6, 7, 8, 9]")
MISTAKEN = page_test("page(list(range(30)), 2, 5)", "[6, 7, 8, 9, 10]")
VACUOUS = page_test("pages(list(range(30)))", "3")


def git(folder: Path, *words: str) -> str:
    """What git prints."""
    named = ["-c", "user.name=someone", "-c", "user.email=someone@localhost"]
    # Without optional locks, `git status` does not refresh the index, whose bytes tests compare.
    env = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    return subprocess.run(
        ["git", *named, *words], cwd=folder, env=env, capture_output=True, text=True, check=True
    ).stdout


def make_repository(folder: Path) -> Path:
    """The folder with the faulty pager and its suite, committed."""
    (folder / "tests").mkdir(parents=True)
    (folder / "pager.py").write_text(PAGER)
    (folder / "tests" / "test_pager.py").write_text(SUITE)
    (folder / "AGENTS.md").write_text("Keep functions short.\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def make_script(path: Path, coder: list[str], tester: list[str], repair: list[str] | None = None) -> str:
    """The spec of a model with these answers, given over and over."""
    answers = {"coder": coder, "tester": tester, "repair": repair or coder}
    entries = [{"key": f"{role}/*", "completions": said, "repeat": True} for role, said in answers.items() if said]
    path.write_text(json.dumps(entries))
    return f"scripted:{path}"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The small repository."""
    return make_repository(tmp_path / "repository")
