"""Micro problems: `problem(seed, split, index)` is a pure function, and held-out kinds do not occur in training.

A kind is a composition of operations without constants (`even+reverse+list`), so a held-out problem asks for known
operations in a combination that no training text contains.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterable
from functools import cache
from itertools import permutations
from typing import Any, Literal

from cure.problem import Problem, UnitTest
from cure.problem.file import to_record
from trainer.micro.operations import ENDS, OPERATIONS
from trainer.micro.recipes import Operation, Recipe, answer, near_misses, numbers_text, random_numbers, source
from trainer.micro.wording import statement

Split = Literal["train", "heldout"]

_HELDOUT_PERCENT = 18
_PROBES = 32
_MOST_OPERATIONS = 2
_LARGEST = 150
PUBLIC = 2
"""Number of public examples of a problem."""
HIDDEN = 10
"""Number of hidden tests of a problem."""


def stream(*key: object) -> random.Random:
    """A random stream that depends on `key` alone, the same in every process."""
    return random.Random(hashlib.sha256("\0".join(map(str, key)).encode()).digest())


@cache
def kinds(split: Split) -> tuple[str, ...]:
    """All kinds of a split, in a fixed order. The splits are disjoint and do not depend on any seed."""
    return tuple(kind for kind in _all_kinds() if _is_heldout(kind) == (split == "heldout"))


@cache
def _all_kinds() -> tuple[str, ...]:
    names = [chosen for count in range(1, _MOST_OPERATIONS + 1) for chosen in permutations(OPERATIONS, count)]
    recipes = (Recipe(tuple(_middle(name) for name in chosen), end) for chosen in names for end in ENDS)
    return tuple(recipe.kind for recipe in recipes if _every_operation_matters(recipe))


def _middle(name: str) -> Operation:
    constants = OPERATIONS[name].constants
    return Operation(name, constants[len(constants) // 2] if constants else 0)


@cache
def _probe_inputs() -> tuple[tuple[int, ...], ...]:
    rng = stream("probes")
    return tuple(tuple(random_numbers(rng, longest=6, largest=12)) for _ in range(_PROBES))


def _every_operation_matters(recipe: Recipe) -> bool:
    """Whether every operation matters, judged by the recipe's outputs on the probe inputs.

    At least 4 outputs differ, no number in them is above 3 x `_LARGEST`, and leaving out any operation changes at least
    a quarter of them.
    """
    outputs = [answer(recipe, numbers) for numbers in _probe_inputs()]
    if len({tuple(output) for output in outputs}) < 4 or max(map(max, outputs)) > 3 * _LARGEST:
        return False
    for i in range(len(recipe.operations)):
        shorter = Recipe(recipe.operations[:i] + recipe.operations[i + 1 :], recipe.end)
        changed = sum(answer(shorter, n) != output for n, output in zip(_probe_inputs(), outputs, strict=True))
        if changed < _PROBES // 4:
            return False
    return True


def _is_heldout(kind: str) -> bool:
    if kind.count("+") < _MOST_OPERATIONS:
        return False  # compositions are learned from single operations
    return int(hashlib.sha256(kind.encode()).hexdigest(), 16) % 100 < _HELDOUT_PERCENT


def recipe_of(kind: str, rng: random.Random) -> Recipe:
    """A recipe of this kind with constants drawn from `rng`."""
    *names, end = kind.split("+")
    return Recipe(tuple(Operation(name, rng.choice(OPERATIONS[name].constants or (0,))) for name in names), end)


def problem(seed: int, split: Split, index: int) -> Problem:
    """Problem `index` of the endless sequence of `seed` and `split`: a pure function."""
    return problem_and_recipe(seed, split, index)[0]


def problem_and_recipe(seed: int, split: Split, index: int) -> tuple[Problem, Recipe]:
    """The problem, and the recipe that it was made from: a pure function."""
    rng = stream("problem", seed, split, index)
    recipe = recipe_of(rng.choice(kinds(split)), rng)
    question = statement(recipe, rng)
    public = _distinct_inputs(rng, PUBLIC, longest=6, largest=12)
    hidden = _distinguishing_inputs(recipe, rng, exclude=public)
    made = Problem(
        question=question,
        examples=tuple(unit_test(recipe, numbers, "public") for numbers in public),
        hidden=tuple(unit_test(recipe, numbers, "hidden") for numbers in hidden),
        name=f"micro-{split}-{seed}-{index}",
        reference=source(recipe),
        extra={"kind": recipe.kind},
    )
    return made, recipe


def unit_test(recipe: Recipe, numbers: Iterable[int], origin: Literal["public", "hidden", "generated"]) -> UnitTest:
    """The test with this input and the output that `recipe` gives."""
    given = list(numbers)
    return UnitTest(numbers_text(given) + "\n", numbers_text(answer(recipe, given)) + "\n", origin)


def _distinct_inputs(rng: random.Random, count: int, longest: int, largest: int) -> list[list[int]]:
    found: list[list[int]] = []
    while len(found) < count:
        numbers = random_numbers(rng, longest, largest)
        if len(numbers) > 2 and numbers not in found:
            found.append(numbers)
    return found


def _distinguishing_inputs(recipe: Recipe, rng: random.Random, exclude: list[list[int]]) -> list[list[int]]:
    """`HIDDEN` inputs, chosen one by one.

    An input reveals a near miss (the recipe with one mistake) if recipe and near miss give different outputs on it. The
    next input is the one that reveals the most near misses that no input chosen so far reveals.
    """
    pool = [numbers for numbers in (random_numbers(rng) for _ in range(6 * HIDDEN)) if numbers not in exclude]
    pool = [list(numbers) for numbers in dict.fromkeys(map(tuple, pool))]
    expected = [answer(recipe, numbers) for numbers in pool]
    revealing = [
        {i for i, numbers in enumerate(pool) if answer(miss, numbers) != expected[i]} for miss in near_misses(recipe)
    ]
    chosen: list[int] = []
    while len(chosen) < HIDDEN:
        unrevealed = [where for where in revealing if not where & set(chosen)]
        rest = [i for i in range(len(pool)) if i not in chosen]
        chosen.append(max(rest, key=lambda i: (_count(unrevealed, i), _count(revealing, i), -i)))
    return [pool[i] for i in chosen]


def _count(revealing: list[set[int]], index: int) -> int:
    return sum(index in where for where in revealing)


FIELDS = (
    "question",
    "example_input",
    "example_output",
    "test_input",
    "test_output",
    "test_time_limit",
    "name",
    "kind",
    "reference_solution",
)
"""Fields of a micro problem in CURE's JSON."""


def rows(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """Problems as rows of CURE's JSON."""
    return [{name: record[name] for name in FIELDS} for record in map(to_record, problems)]
