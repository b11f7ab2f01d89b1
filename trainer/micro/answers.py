"""Training texts of the warm-up: right and deliberately wrong answers of both roles, and repairs.

Whether an answer is wrong is drawn for each answer, never for a task. So the model learns to sample wrong answers by
chance, not for lack of knowledge: a wrong test is worked out as carefully as a right one, but for a slightly different
task.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem
from cure.prompts.micro import END, coder_prompt, repair_prompt, tester_prompt
from trainer.micro.operations import ENDS, OPERATIONS
from trainer.micro.problems import kinds, recipe_of, stream, unit_test
from trainer.micro.recipes import Operation, Recipe, answer, near_misses, numbers_text, random_numbers, source
from trainer.micro.wording import statement

_LARGEST_IN_WORK = 60
"""Inputs for which the tester's work has a larger number are drawn again; the twentieth draw is taken in any case."""


@dataclass(frozen=True)
class Noise:
    """How often an answer is wrong on purpose, by kind of fault. A near miss is a recipe with one mistake."""

    code: float = 0.41
    """Share of programs that are a near miss."""
    test: float = 0.57
    """Share of tests worked out for a near miss."""
    slip: float = 0.11
    """Share of tests with one wrong number in the work."""
    form: float = 0.03
    """Share of answers that break off: a program before its print, a test before its output."""
    repair: float = 0.12
    """Share of repairs that are still a near miss."""


CLEAN = Noise(0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Mix:
    """Shares of programs and of repairs among the training texts; the rest are tests."""

    code: float = 0.22
    repair: float = 0.20


@dataclass(frozen=True)
class Text:
    """One training text."""

    prompt: str
    completion: str
    """What the model is trained to write, its end token included."""
    wrong: bool
    """Whether the answer is wrong on purpose."""


def text(seed: int, index: int, noise: Noise, mix: Mix = Mix()) -> Text:
    """Training text `index` of the sequence of `seed`: a pure function."""
    rng = stream("text", seed, index)
    recipe = recipe_of(rng.choice(kinds("train")), rng)
    problem = Problem(statement(recipe, rng))
    share = rng.random()
    if share < mix.code:
        return _coder(problem, recipe, rng, noise)
    if share < mix.code + mix.repair:
        return _repair(problem, recipe, rng, noise)
    return _tester(problem, recipe, rng, noise)


def code_answer(recipe: Recipe) -> str:
    """The coder's answer: the recipe's program in a fenced block."""
    return f"```python\n{source(recipe)}\n```"


def test_answer(numbers: Sequence[int], recipe: Recipe, slip: random.Random | None = None) -> str:
    """The tester's answer for `recipe` on this input: the list after every operation, then the test.

    With `slip`, a source of randomness, one number of one line is wrong, and the work continues from that number.
    """
    at = slip.randrange(len(recipe.operations) + 1) if slip else -1
    lines = [f"Input: {numbers_text(numbers)}"]
    current = list(numbers)
    for i, operation in enumerate(recipe.operations):
        current = operation.apply(current)
        if slip and i == at:
            current = _slipped(current, slip)
        lines.append(f"{OPERATIONS[operation.name].note.format(k=operation.k)}: {numbers_text(current) or 'nothing'}")
    end = ENDS[recipe.end]
    work, result = end.work(current), end.answer(current)
    if slip and at == len(recipe.operations):
        work = _slipped(work, slip)
        result = work if recipe.end == "list" else work[-1:]
    lines.append(f"{end.note}: {numbers_text(work)}")
    blocks = f"**Test Input:**\n```\n{numbers_text(numbers)}\n```\n**Test Output:**\n```\n{numbers_text(result)}\n```\n"
    return "\n".join(lines) + f"\n{blocks}**Explanation:** as worked out above"


def _slipped(numbers: Sequence[int], rng: random.Random) -> list[int]:
    changed = list(numbers) or [0]
    i = rng.randrange(len(changed))
    changed[i] = max(0, changed[i] + rng.choice((-1, 1, 2, 10)))
    return changed


def tester_input(recipe: Recipe, rng: random.Random) -> list[int]:
    """Three to five numbers that are easy to work with under `recipe` and seldom leave an empty list.

    They are distinct, so that a number can be followed from line to line, unless the recipe removes repeats.
    """
    numbers = [0]
    for attempt in range(20):
        top = 9 if attempt < 10 else 5
        numbers = rng.sample(range(top + 1), rng.randint(3, 5))
        if any(operation.name == "unique" for operation in recipe.operations):
            numbers[rng.randrange(1, len(numbers))] = numbers[0]
        lists = [numbers]
        for operation in recipe.operations:
            lists.append(operation.apply(lists[-1]))
        largest = max(max(map(max, filter(None, lists))), *ENDS[recipe.end].work(lists[-1]))
        if largest <= _LARGEST_IN_WORK and (lists[-1] or rng.random() < 0.1):
            break
    return numbers


def near_miss(recipe: Recipe, rng: random.Random) -> Recipe:
    """A recipe with one mistake that gives another output on some input."""
    misses = list(near_misses(recipe))
    rng.shuffle(misses)
    probes = [random_numbers(rng, longest=6, largest=12) for _ in range(12)]
    for miss in misses:
        if any(answer(miss, numbers) != answer(recipe, numbers) for numbers in probes):
            return miss
    return Recipe((*recipe.operations, Operation("tail")), recipe.end)


def _coder(problem: Problem, recipe: Recipe, rng: random.Random, noise: Noise) -> Text:
    wrong = rng.random() < noise.code
    completion = code_answer(near_miss(recipe, rng) if wrong else recipe)
    broken = rng.random() < noise.form
    if broken:
        completion = _broken_off(completion, "\nprint(")
    return Text(coder_prompt(problem).text, completion + END, wrong or broken)


def _tester(problem: Problem, recipe: Recipe, rng: random.Random, noise: Noise) -> Text:
    share = rng.random()
    slipped = noise.test <= share < noise.test + noise.slip
    worked = near_miss(recipe, rng) if share < noise.test else recipe
    completion = test_answer(tester_input(recipe, rng), worked, rng if slipped else None)
    broken = rng.random() < noise.form
    if broken:
        completion = _broken_off(completion, "**Test Output:**")
    return Text(tester_prompt(problem).text, completion + END, share < noise.test + noise.slip or broken)


def _repair(problem: Problem, recipe: Recipe, rng: random.Random, noise: Noise) -> Text:
    bad = near_miss(recipe, rng)
    tries = [random_numbers(rng, longest=5, largest=12) for _ in range(20)]
    distinguishing = [given for given in tries if answer(bad, given) != answer(recipe, given)]
    numbers = distinguishing[0] if distinguishing else tries[0]
    failing = unit_test(recipe, numbers, "generated")
    prompt = repair_prompt(problem, source(bad), failing, numbers_text(answer(bad, numbers))).text
    wrong = rng.random() < noise.repair
    return Text(prompt, code_answer(near_miss(recipe, rng) if wrong else recipe) + END, wrong)


def _broken_off(completion: str, before: str) -> str:
    return completion[: completion.rindex(before)].rstrip()
