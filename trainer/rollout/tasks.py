"""The tasks of a run: which problems each step works on. Everything is a function of the seed and the step."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from cure.problem import Problem
from cure.problem.file import load_problems
from trainer.errors import TrainerError

MICRO = "micro"


@dataclass(frozen=True)
class Task:
    """One problem in one step."""

    slot: int
    """Its place in the step."""
    index: int
    """Its number in the problem set."""
    problem: Problem


class Tasks(Protocol):
    """A problem set, finite or endless."""

    @property
    def size(self) -> int | None:
        """How many there are; None for an endless set."""

    def problem(self, index: int) -> Problem:
        """Problem `index`, counted from 0."""


class FileTasks:
    """The problems of a file that can teach something: those with hidden tests, where `labelled` asks for them."""

    def __init__(self, problems: Sequence[Problem], where: str, labelled: bool) -> None:
        self._problems = [problem for problem in problems if problem.hidden or not labelled]
        self.left_out = len(problems) - len(self._problems)
        if not self._problems:
            raise TrainerError(f"{where}: no problem has hidden tests (test_input, test_output) to learn from")

    @property
    def size(self) -> int | None:
        return len(self._problems)

    def problem(self, index: int) -> Problem:
        return self._problems[index]


class MicroTasks:
    """The micro lab's problems."""

    size = None

    def __init__(self, seed: int, split: Literal["train", "heldout"]) -> None:
        self._seed = seed
        self._split = split

    def problem(self, index: int) -> Problem:
        from trainer.micro.problems import problem

        return problem(self._seed, self._split, index)


def open_tasks(problems: str, seed: int, split: Literal["train", "heldout"], labelled: bool = True) -> Tasks:
    """The problem set that a configuration names; raises TrainerError or ProblemError."""
    if problems == MICRO:
        return MicroTasks(seed, split)
    return FileTasks(load_problems(problems), problems, labelled)


def tasks_of_step(tasks: Tasks, step: int, count: int, order: Literal["epochs", "fresh"], seed: int) -> list[Task]:
    """The tasks of step `step`, counted from 1. Raises TrainerError where a fresh draw asks for more than there are."""
    size = tasks.size
    first = (step - 1) * count
    if size is None:
        indices = list(range(first, first + count))
    elif order == "epochs":
        indices = [_shuffled(size, seed, at // size)[at % size] for at in range(first, first + count)]
    elif count > size:
        raise TrainerError(f"data.tasks_per_step is {count}, but the problem set has only {size} tasks")
    else:
        indices = _shuffled(size, seed, f"step {step}")[:count]
    return [Task(slot, index, tasks.problem(index)) for slot, index in enumerate(indices)]


def _shuffled(size: int, seed: int, part: object) -> list[int]:
    order: list[int] = np.random.default_rng(seed_of(seed, "order", part)).permutation(size).tolist()
    return order


def seed_of(*key: object) -> int:
    """A 62-bit number that depends on `key` alone: the only source of randomness, so nothing of it has to be saved."""
    digest = hashlib.blake2b("\0".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2
