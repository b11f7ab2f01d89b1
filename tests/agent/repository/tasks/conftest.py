"""A small program with a bug, its task, and the pool of answers to it, made once."""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from benchmarks.repository_tasks.cases import case
from benchmarks.repository_tasks.measure import task_of_program
from benchmarks.repository_tasks.pools import Pool, make_pool
from benchmarks.repository_tasks.program import Program
from benchmarks.repository_tasks.task import RepositoryTask
from benchmarks.repository_tasks.trials import Bench
from sandbox import SandboxUnavailable

FIXED = '''"""Clamp."""


def clamp(value, low, high):
    """The value, or the bound that it exceeds."""
    lower = low
    upper = high
    if value < lower:
        return lower
    return upper if value > upper else value
'''
BUGGY = FIXED.replace("value > upper", "value >= upper - 1")
OTHER = '''"""Sign."""


def sign(value):
    """-1, 0 or 1."""
    if value < 0:
        return -1
    return 1 if value > 0 else 0
'''


def program(name: str, buggy: str, fixed: str, *assertions: str) -> Program:
    """A program whose tests are these assertions."""
    imports = (f"from small.{name} import {name}",)
    cases = [case(f"test_{name}_{at}", imports, ast.parse(each).body) for at, each in enumerate(assertions)]
    return Program("quixbugs", name, name, f"{name.title()}: see its name.", buggy, fixed, tuple(cases))


CLAMP = program(
    "clamp",
    BUGGY,
    FIXED,
    "assert clamp(1, 0, 9) == 1",
    "assert clamp(-1, 0, 9) == 0",
    "assert clamp(8, 0, 9) == 8",
    "assert clamp(10, 0, 9) == 9",
    "assert clamp(4, 3, 5) == 4",
    "assert clamp(1, 0, 9) == 2",
)
SIGN = program("sign", OTHER, OTHER, "assert sign(-3) == -1", "assert sign(0) == 0", "assert sign(5) == 1")


@pytest.fixture(scope="session")
def bench() -> Bench:
    """This interpreter, which has pytest."""
    return Bench(Path(sys.executable)).quick()


@pytest.fixture(scope="session")
def task(bench: Bench, require: Callable[[str, str], NoReturn]) -> RepositoryTask:
    """The task of `clamp`, in a package with `sign`."""
    try:
        return asyncio.run(task_of_program(CLAMP, "small", [SIGN], {}, "Something is off near a bound.", bench))
    except SandboxUnavailable as error:
        require("bubblewrap", str(error))


@pytest.fixture(scope="session")
def pool(task: RepositoryTask, bench: Bench) -> Pool:
    """The pool of `clamp`."""
    return asyncio.run(make_pool(task, bench))
