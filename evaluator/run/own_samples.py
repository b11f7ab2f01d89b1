"""Sample files of EvalPlus and LiveCodeBench, evaluated as they are: `cure-agent eval SET --samples FILE`.

EvalPlus has a row for each sample: `task_id` with `solution`, or with `completion`, which continues the prompt.
LiveCodeBench has a row for each problem: `question_id` and `code_list`. Some problems asked for a function before they
were converted to programs; a sample for such a problem is a function, or a class Solution with a method. The sample
becomes a program by the source text `main`, which the conversion stored in the problem's row, and runs on all hidden
tests and on the tests that were stored for functions alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from cure.errors import ProblemError
from cure.problem import Problem, UnitTest
from evaluator.datasets.functional.program import function_program
from evaluator.datasets.rows import list_of, read_rows, text_of
from evaluator.run.settings import SAMPLES, EvalOptions

_IMPORTED = """from string import *
from re import *
from datetime import *
from collections import *
from heapq import *
from bisect import *
from copy import *
from math import *
from random import *
from statistics import *
from itertools import *
from functools import *
from operator import *
from io import *
from sys import *
from json import *
from builtins import *
from typing import *
import string, re, datetime, collections, heapq, bisect, copy, math, random, statistics, itertools, functools, operator
import io, sys, json
sys.setrecursionlimit(50000)
"""
"""What LiveCodeBench puts in front of every program of its samples."""


def with_samples(settings: EvalOptions, problems: Sequence[Problem], file: Path) -> tuple[EvalOptions, list[Problem]]:
    """The settings with these samples as the coder's, and the problems that have samples, with all their tests.

    Without a model for the tester, the settings ask for no tests. Raises ProblemError where the file cannot be read, or
    has no sample of these problems.
    """
    found = samples_of(file, problems)
    most = max(map(len, found.values()))
    tests = settings.tests if settings.model or settings.tester else 0
    digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
    changed = {"coder": f"{SAMPLES}{file}@{digest}", "programs": most, "tests": tests}
    return settings.model_copy(update=changed), [with_function_tests(it) for it in problems if it.name in found]


def samples_of(file: Path, problems: Sequence[Problem]) -> dict[str, list[str]]:
    """The programs of each problem that has samples, by the problem's name.

    Raises ProblemError where the file cannot be read, a row is malformed, or no sample is of these problems.
    """
    by_name = {problem.name: problem for problem in problems}
    found: dict[str, list[str]] = {}
    for number, row in enumerate(read_rows(file)):
        where = f"{file}: row {number}"
        name = str(row.get("task_id", row.get("question_id", "")))
        if not name:
            raise ProblemError(f"{where}: has neither 'task_id' (EvalPlus) nor 'question_id' (LiveCodeBench)")
        if (problem := by_name.get(name)) is not None:
            found.setdefault(name, []).extend(_program(problem, source) for source in _sources(row, problem, where))
    if not found:
        raise ProblemError(f"{file}: no sample is of a problem of this set, such as {next(iter(by_name), 'none')}")
    return found


def _sources(row: dict[str, Any], problem: Problem, where: str) -> list[str]:
    """The sources of a row's samples."""
    if "code_list" in row:
        return [_IMPORTED + str(source) for source in list_of(row, "code_list", where)]
    if "solution" in row:
        return [text_of(row, "solution", where)]
    if "completion" not in row:
        raise ProblemError(f"{where}: has none of 'solution', 'completion' and 'code_list'")
    function = problem.extra.get("function")
    if not function or not function.get("prompt"):
        raise ProblemError(
            f"{where}: a completion continues the prompt of its problem, which this set does not have; convert the "
            f"original set anew with `cure-agent datasets convert`, or give whole solutions"
        )
    return [function["prompt"] + text_of(row, "completion", where)]


def _program(problem: Problem, source: str) -> str:
    function = problem.extra.get("function")
    return function_program(source, function["main"]) if function else source


def with_function_tests(problem: Problem) -> Problem:
    """The problem with the tests that were stored for functions alone added to its hidden tests.

    The reference solution becomes a program that runs on all these tests; empty where the set has no solution.

    A problem that was not converted from one that asks for a function is returned unchanged.
    """
    function = problem.extra.get("function")
    if not function:
        return problem
    pairs = zip(function["test_input"], function["test_output"], strict=True)
    hidden = (*problem.hidden, *(UnitTest(given, text, "hidden") for given, text in pairs))
    reference = function_program(function["solution"], function["main"]) if function["solution"] else ""
    return replace(problem, hidden=hidden, reference=reference)
