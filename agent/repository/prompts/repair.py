"""The prompt that asks for a better edit than one that fails tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.repository.edit import Format
from agent.repository.prompts.budget import Part, fitted, shortened_lines
from agent.repository.prompts.edit import ShownCode, chat, form_part, shown_parts
from engines import ChatPrompt

_WORDS = """The change above was meant to do the task, but it fails tests. Find out why: follow the code of a \
failing test until it departs from what the task asks. A generated test may itself be wrong; the task decides. The \
code below is the present code, with the change."""

_MOST_TESTS = 3
_LONGEST_DETAIL = 1_200
"""Characters of one traceback or source of a test that are shown."""


@dataclass(frozen=True, kw_only=True)
class FailedTest:
    """A test that an edit fails."""

    test: str
    """Its id, such as `tests/test_x.py::test_y`."""
    expected: str = ""
    actual: str = ""
    traceback: str = ""
    source: str = ""
    """The code of the test; empty where it is not to be shown."""
    passed_before: bool = False
    """Whether the test passes on the unchanged code, so that the edit breaks it."""


def repair_prompt(
    task: str,
    patch: str,
    places: Sequence[ShownCode],
    failures: Sequence[FailedTest],
    summary: str = "",
    format: Format = "rewrite",  # noqa: A002 - the word that the rest of the package uses
    budget: int = 6_000,
) -> ChatPrompt:
    """The prompt that asks for a better edit than `patch`, a diff that fails these tests.

    `places` show the code with the patch applied; `summary` says what the edits so far do. What exceeds `budget` tokens
    is left out: the summary first, then the patch, then details of the failures beyond the first, then code.
    """
    shown = failures[:_MOST_TESTS]
    more = len(failures) - len(shown)
    parts = [
        Part(summary.strip(), 1, head="# All changes so far\n\n"),
        Part(patch.strip("\n"), 2, head="# The change\n\n```diff\n", tail="\n```"),
        Part(_WORDS, 0),
        *shown_parts(places),
        Part(task.strip(), 100, head="# Task\n\n"),
        *(_failure(each, 60 - number, first=not number) for number, each in enumerate(shown)),
        Part(
            f"{more} further tests fail: {', '.join(each.test for each in failures[_MOST_TESTS:])}" if more else "", 1
        ),
        form_part(format, places),
    ]
    return chat(fitted(parts, budget))


def _failure(failure: FailedTest, importance: int, *, first: bool) -> Part:
    broken = ", which passed before the change" if failure.passed_before else ""
    lines = [f"{failure.test}{broken}"]
    if failure.expected or failure.actual:
        lines += [f"expected: {failure.expected}", f"got: {failure.actual}"]
    if failure.source:
        lines += ["```python", shortened_lines(failure.source.strip("\n"), _LONGEST_DETAIL, from_end=True), "```"]
    if failure.traceback:
        lines += ["```", shortened_lines(failure.traceback.strip("\n"), _LONGEST_DETAIL, from_end=True), "```"]
    return Part("\n".join(lines), importance, from_end=True, head="# Failing tests\n\n" if first else "")
