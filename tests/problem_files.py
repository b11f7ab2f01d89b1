"""Problem files written for tests."""

from __future__ import annotations

import json
from collections.abc import Sequence

from cure.problem import Problem
from cure.problem.file import to_record


def dump_problems(problems: Sequence[Problem]) -> str:
    """The problems as CURE's JSON text."""
    return json.dumps([to_record(problem) for problem in problems], ensure_ascii=False, indent=1) + "\n"
