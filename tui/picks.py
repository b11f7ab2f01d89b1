"""What can be opened from the first screen: problems, and recorded runs."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.runs.listing import RunSummary
from cure.plain import visible
from cure.problem import Problem
from cure.problem.file import ProblemFile, read_problem_file

MARKS = {"verified": "●", "low_confidence": "◐", "unfinished": "○", "interrupted": "○", "unreadable": "?"}
ASCII_MARKS = {"verified": "#", "low_confidence": "+", "unfinished": "o", "interrupted": "o", "unreadable": "?"}


@dataclass(frozen=True)
class Pick:
    """A problem that can be solved, with what was said when it was read."""

    problem: Problem
    unused: tuple[str, ...] = ()
    """Notes on text that looks like a sample but was not read as a test."""

    @property
    def title(self) -> str:
        """Its name, on one line."""
        return visible(self.problem.name).replace("\n", " ")

    @property
    def facts(self) -> str:
        """Its numbers of tests and its time limit, in words."""
        examples, hidden = len(self.problem.examples), len(self.problem.hidden)
        return f"{examples} examples, {hidden} hidden tests, {self.problem.time_limit_s:g} s"

    @property
    def text(self) -> str:
        """Its statement."""
        return self.problem.question


def bundled() -> list[Pick]:
    """The problems that come with the project, which the bundled model can solve."""
    import agent

    return picks_of(read_problem_file(str(Path(agent.__file__).with_name("demo_problems.json"))))


def picks_of(found: ProblemFile) -> list[Pick]:
    """The problems of a file."""
    return [Pick(problem, found.unused) for problem in found.problems]


def read_picks(text: str) -> list[Pick]:
    """The problems that a typed text stands for: the name of a file or directory, else a statement or JSON itself.

    Raises ProblemError for what cannot be read.
    """
    line = text.strip()
    if "\n" not in line and line and Path(line).expanduser().exists():
        return picks_of(read_problem_file(str(Path(line).expanduser())))
    is_json = line.startswith(("{", "["))
    return picks_of(read_problem_file("pasted.json" if is_json else "pasted.md", text))


@dataclass(frozen=True)
class RunRow:
    """A recorded run in the list."""

    id: str
    mark: str
    words: str
    """How it ended."""
    problem: str
    when: str


def run_rows(summaries: Sequence[RunSummary], *, ascii_only: bool, now: float | None = None) -> list[RunRow]:
    """The rows of the list of runs."""
    marks = ASCII_MARKS if ascii_only else MARKS
    return [
        RunRow(
            id=run.id,
            mark=marks.get(run.status, "x" if ascii_only else "✗"),
            words=_ended(run),
            problem=visible(run.problem).replace("\n", " "),
            when=ago(run.started_at, time.time() if now is None else now),
        )
        for run in summaries
    ]


def _ended(run: RunSummary) -> str:
    words = run.status.replace("_", " ")
    return f"{words} {run.confidence:.2f}" if run.candidate else words


def ago(then: float, now: float) -> str:
    """How long ago, in one unit."""
    seconds = max(0.0, now - then)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"
