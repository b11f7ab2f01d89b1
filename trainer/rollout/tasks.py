"""Chooses the problems of each step; the choice depends only on the problem set, the configuration and the step."""

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
"""Name of the micro lab's problems in a configuration."""


@dataclass(frozen=True)
class Task:
    """One problem in one step."""

    slot: int
    """The task's place in the step, counted from 0."""
    index: int
    """The problem's number in the problem set."""
    problem: Problem


class Tasks(Protocol):
    """A problem set from which tasks are taken, finite or endless."""

    @property
    def size(self) -> int | None:
        """Number of problems; None for an endless set."""

    def problem(self, index: int) -> Problem:
        """Problem `index`, counted from 0. Raises IndexError where a finite set has fewer problems."""


class FileTasks:
    """The problems of a file; with `labelled` only those with hidden tests, from which the labels are taken."""

    def __init__(self, problems: Sequence[Problem], where: str, labelled: bool) -> None:
        """`where` names the file. Raises TrainerError where no problem is left."""
        self._problems = [problem for problem in problems if problem.hidden or not labelled]
        if not self._problems:
            raise TrainerError(f"{where}: no problem has hidden tests (test_input, test_output) to learn from")

    @property
    def size(self) -> int | None:
        return len(self._problems)

    def problem(self, index: int) -> Problem:
        return self._problems[index]


class MicroTasks:
    """The micro lab's endless problems."""

    size = None

    def __init__(self, seed: int, split: Literal["train", "heldout"]) -> None:
        self._seed = seed
        self._split = split

    def problem(self, index: int) -> Problem:
        from trainer.micro.problems import problem

        return problem(self._seed, self._split, index)


def open_tasks(problems: str, seed: int, split: Literal["train", "heldout"], labelled: bool = True) -> Tasks:
    """The problem set that a configuration names.

    Raises ProblemError where the file cannot be read, TrainerError where none of its problems can be used.
    """
    if problems == MICRO:
        return MicroTasks(seed, split)
    return FileTasks(load_problems(problems), problems, labelled)


def tasks_of_step(tasks: Tasks, step: int, count: int, order: Literal["epochs", "fresh"], seed: int) -> list[Task]:
    """The `count` tasks of step `step`, counted from 1.

    `epochs`: every problem once per pass over the set, in a new random order for each pass. `fresh`: distinct problems
    drawn anew for each step. An endless set is read from its beginning with either. Raises TrainerError for `fresh` if
    the set has fewer than `count` problems.
    """
    size = tasks.size
    first = (step - 1) * count
    if size is None:
        indices = list(range(first, first + count))
    elif order == "epochs":
        indices = [_shuffled(size, seed, at // size)[at % size] for at in range(first, first + count)]
    elif count > size:
        raise TrainerError(f"data.tasks_per_step is {count}, but the problem set has only {size} problems")
    else:
        indices = _shuffled(size, seed, f"step {step}")[:count]
    return [Task(slot, index, tasks.problem(index)) for slot, index in enumerate(indices)]


def _shuffled(size: int, seed: int, part: object) -> list[int]:
    order: list[int] = np.random.default_rng(seed_of(seed, "order", part)).permutation(size).tolist()
    return order


def seed_of(*key: object) -> int:
    """A 62-bit seed that depends only on `key`. Random choices use such seeds, so no generator state need be saved."""
    digest = hashlib.blake2b("\0".join(map(str, key)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") >> 2
