"""Reads a problem from a statement in Markdown or plain text.

The whole text becomes the statement, its first heading the problem's name, and its samples the public tests.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cure.errors import ProblemError
from cure.problem import Problem
from cure.problem.statement.labels import label
from cure.problem.statement.samples import samples_of

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")


@dataclass(frozen=True)
class Statement:
    """A problem, with notes for the user on how it was read."""

    problem: Problem
    notes: tuple[str, ...] = ()
    """Notes of one line each, beginning with file and line number: what looks like a sample but was not read as a test,
    and what was guessed."""
    unused: tuple[str, ...] = ()
    """The notes on what looks like a sample but was not read as a test."""


def read_statement(text: str, source: str, default_name: str) -> Statement:
    """The problem stated in `text`, called `default_name` where no heading names it.

    Raises ProblemError when the statement is empty, a block is never closed or a sample is incomplete.
    """
    whole = text.replace("\r\n", "\n")
    question = whole.strip()
    lines = whole.split("\n")
    if all(not line.strip() or _HEADING.fullmatch(line) for line in lines):
        raise ProblemError(f"{source}: the statement is empty")
    samples = samples_of(lines, source)
    return Statement(Problem(question, samples.tests, name=_name(lines) or default_name), samples.notes, samples.unused)


def _name(lines: list[str]) -> str:
    """The first heading that does not label a section, such as "Input"; empty where there is none."""
    headings = (match[2] for line in lines if (match := _HEADING.fullmatch(line)) and not _is_label(line, match))
    return next(headings, "").strip(" \t#")


def _is_label(line: str, heading: re.Match[str]) -> bool:
    found = label(line)
    return found is not None and (found.role != "example" or len(heading[1]) > 1)
