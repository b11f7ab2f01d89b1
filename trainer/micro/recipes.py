"""Recipes: a few operations on a list of numbers, then an end, which says what of the list is printed.

A recipe can be run, written as a program, and changed into near misses: recipes with one mistake.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from trainer.micro.operations import ENDS, OPERATIONS


@dataclass(frozen=True)
class Operation:
    """One operation of a recipe, with its constant."""

    name: str
    k: int = 0
    """The operation's constant; 0 where it has none."""

    def apply(self, numbers: Sequence[int]) -> list[int]:
        """The list after the operation."""
        return OPERATIONS[self.name].apply(numbers, self.k)


@dataclass(frozen=True)
class Recipe:
    """What a micro problem asks for: operations on a list of numbers, then what to print."""

    operations: tuple[Operation, ...]
    end: str

    @property
    def kind(self) -> str:
        """The names of the operations and of the end, without constants, e.g. `even+reverse+list`."""
        return "+".join([*(operation.name for operation in self.operations), self.end])

    @property
    def may_empty(self) -> bool:
        """Whether some operation can empty a non-empty list; the recipe as a whole perhaps cannot."""
        return any(OPERATIONS[operation.name].may_empty for operation in self.operations)


def trace(recipe: Recipe, numbers: Sequence[int]) -> list[list[int]]:
    """The list at the start, and after each operation."""
    lists = [list(numbers)]
    for operation in recipe.operations:
        lists.append(operation.apply(lists[-1]))
    return lists


def answer(recipe: Recipe, numbers: Sequence[int]) -> list[int]:
    """The numbers that the recipe's program prints for this input."""
    return ENDS[recipe.end].answer(trace(recipe, numbers)[-1])


def source(recipe: Recipe) -> str:
    """The recipe as a Python program: read, one line for each operation, print."""
    lines = ["a = list(map(int, input().split()))"]
    lines += [OPERATIONS[operation.name].code.format(k=operation.k) for operation in recipe.operations]
    return "\n".join([*lines, ENDS[recipe.end].code])


def near_misses(recipe: Recipe) -> Iterator[Recipe]:
    """Every recipe with one plausible mistake; some of them give the outputs of `recipe` nevertheless.

    Mistakes are an operation confused with another, a constant off by one, an operation left out, two operations
    swapped, a wrong end.
    """
    operations = recipe.operations
    for i, operation in enumerate(operations):
        for name in OPERATIONS[operation.name].near:
            yield replace(recipe, operations=(*operations[:i], _renamed(operation, name), *operations[i + 1 :]))
        for k in (operation.k - 1, operation.k + 1):
            if k in OPERATIONS[operation.name].constants:
                yield replace(recipe, operations=(*operations[:i], replace(operation, k=k), *operations[i + 1 :]))
        yield replace(recipe, operations=operations[:i] + operations[i + 1 :])
    for i in range(len(operations) - 1):
        yield replace(recipe, operations=(*operations[:i], operations[i + 1], operations[i], *operations[i + 2 :]))
    for end in ENDS[recipe.end].near:
        yield replace(recipe, end=end)


def _renamed(operation: Operation, name: str) -> Operation:
    constants = OPERATIONS[name].constants
    if not constants:
        return Operation(name)
    return Operation(name, min(constants, key=lambda k: (abs(k - operation.k), k)))


def numbers_text(numbers: Sequence[int]) -> str:
    """The numbers separated by spaces."""
    return " ".join(map(str, numbers))


def random_numbers(rng: random.Random, longest: int = 8, largest: int = 20) -> list[int]:
    """A short list of small numbers. Half of the lists are drawn from 0 to 9 only, and some repeat a number."""
    top = rng.choice((9, largest))
    numbers = [rng.randint(0, top) for _ in range(rng.randint(1, longest))]
    if len(numbers) > 2 and rng.random() < 0.4:
        numbers[rng.randrange(len(numbers))] = rng.choice(numbers)
    return numbers
