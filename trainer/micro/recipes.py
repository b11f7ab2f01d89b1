"""Recipes: a few steps and an end. A recipe can be run, written as a program, and changed into near misses."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trainer.micro.steps import ENDS, STEPS


@dataclass(frozen=True)
class Step:
    """One operation of a recipe, with its constant."""

    name: str
    k: int = 0
    """The operation's constant; 0 where it has none."""

    def apply(self, numbers: Sequence[int]) -> list[int]:
        """The list after the operation."""
        return STEPS[self.name].apply(numbers, self.k)


@dataclass(frozen=True)
class Recipe:
    """What a micro problem asks for: operations on a list of numbers, then what to print."""

    steps: tuple[Step, ...]
    end: str

    @property
    def kind(self) -> str:
        """The composition without its constants, e.g. `even+reverse+list`."""
        return "+".join([*(step.name for step in self.steps), self.end])

    @property
    def may_empty(self) -> bool:
        """Whether some non-empty input leaves no number for the end."""
        return any(STEPS[step.name].may_empty for step in self.steps)


def trace(recipe: Recipe, numbers: Sequence[int]) -> list[list[int]]:
    """The list at the start, and after each step."""
    lists = [list(numbers)]
    for step in recipe.steps:
        lists.append(step.apply(lists[-1]))
    return lists


def answer(recipe: Recipe, numbers: Sequence[int]) -> list[int]:
    """The numbers that the recipe's program prints for this input."""
    return ENDS[recipe.end].answer(trace(recipe, numbers)[-1])


def source(recipe: Recipe) -> str:
    """The recipe as a Python program: read, one line per step, print."""
    lines = ["a = list(map(int, input().split()))"]
    lines += [STEPS[step.name].code.format(k=step.k) for step in recipe.steps]
    return "\n".join([*lines, ENDS[recipe.end].code])


def near_misses(recipe: Recipe) -> Iterator[Recipe]:
    """Every recipe with one plausible mistake; some of them give the outputs of `recipe` nevertheless.

    Mistakes are an operation confused with another, a constant off by one, a step missing, two steps swapped, a wrong
    end.
    """
    steps = recipe.steps
    for i, step in enumerate(steps):
        for name in STEPS[step.name].near:
            yield replace(recipe, steps=(*steps[:i], _renamed(step, name), *steps[i + 1 :]))
        for k in (step.k - 1, step.k + 1):
            if k in STEPS[step.name].constants:
                yield replace(recipe, steps=(*steps[:i], replace(step, k=k), *steps[i + 1 :]))
        yield replace(recipe, steps=steps[:i] + steps[i + 1 :])
    for i in range(len(steps) - 1):
        yield replace(recipe, steps=(*steps[:i], steps[i + 1], steps[i], *steps[i + 2 :]))
    for end in ENDS[recipe.end].near:
        yield replace(recipe, end=end)


def _renamed(step: Step, name: str) -> Step:
    constants = STEPS[name].constants
    if not constants:
        return Step(name)
    return Step(name, min(constants, key=lambda k: (abs(k - step.k), k)))


def numbers_text(numbers: Sequence[int]) -> str:
    """The numbers separated by spaces."""
    return " ".join(map(str, numbers))


def random_numbers(rng: random.Random, longest: int = 8, largest: int = 20) -> list[int]:
    """A short list of small numbers. Half of the lists have only digits, and some repeat a number."""
    top = rng.choice((9, largest))
    numbers = [rng.randint(0, top) for _ in range(rng.randint(1, longest))]
    if len(numbers) > 2 and rng.random() < 0.4:
        numbers[rng.randrange(len(numbers))] = rng.choice(numbers)
    return numbers
