"""Training texts: what the coder and the tester are taught to write, right and wrong."""

from __future__ import annotations

import random

from cure.extract import extractor
from cure.problem import UnitTest
from cure.prompts.micro import CODER, END, REPAIR, TESTER
from trainer.micro.answers import CLEAN, Noise, code_answer, near_miss, test_answer, text
from trainer.micro.problems import problem_and_recipe
from trainer.micro.recipes import Operation, Recipe, answer, source

test_answer.__test__ = False  # type: ignore[attr-defined]  # its name only looks like a test's


def test_both_extractions_read_the_answers() -> None:
    recipe = Recipe((Operation("even"), Operation("add", 3)), "sum")
    for mode in ("robust", "release"):
        read = extractor(mode)
        assert read.program(code_answer(recipe)).value == source(recipe)
        found = read.test(test_answer([4, 7, 2], recipe)).value
        assert isinstance(found, UnitTest)
        assert (found.stdin.split(), found.expected.split()) == (["4", "7", "2"], ["12"])


def test_the_tester_writes_the_list_after_every_step_and_partial_sums() -> None:
    recipe = Recipe((Operation("even"), Operation("add", 3)), "sum")
    steps = test_answer([4, 7, 2], recipe).split("\n**Test Input:**")[0]
    assert steps.splitlines() == ["Input: 4 7 2", "keep even: 4 2", "add 3: 7 5", "sum: 7 12"]


def test_a_slip_makes_some_tests_wrong_and_keeps_the_form() -> None:
    recipe = Recipe((Operation("ascending"), Operation("add", 3)), "max")
    outputs = set()
    for seed in range(30):
        found = extractor("robust").test(test_answer([4, 7, 2], recipe, random.Random(seed))).value
        assert isinstance(found, UnitTest)
        outputs.add(found.expected.strip())
    assert outputs - {"10"}


def test_a_near_miss_behaves_differently() -> None:
    for index in range(40):
        _, recipe = problem_and_recipe(2, "train", index)
        miss = near_miss(recipe, random.Random(index))
        lists = [[random.Random(i).randint(0, 12) for i in range(j, j + 1 + j % 6)] for j in range(300)]
        assert any(answer(miss, numbers) != answer(recipe, numbers) for numbers in lists), (recipe, miss)


def test_texts_depend_on_seed_and_index_alone() -> None:
    assert text(1, 5, Noise()) == text(1, 5, Noise())
    assert len({text(1, i, Noise()).prompt for i in range(50)}) > 45
    assert text(1, 5, Noise()) != text(2, 5, Noise())


def test_clean_texts_are_right_and_noisy_ones_wrong_as_often_as_asked() -> None:
    assert not any(text(0, i, CLEAN).wrong for i in range(200))
    noise = Noise()
    wrong: dict[str, list[bool]] = {CODER: [], TESTER: [], REPAIR: []}
    for i in range(3000):
        item = text(0, i, noise)
        assert item.completion.endswith(END)
        wrong[next(role for role in wrong if item.prompt.startswith(role))].append(item.wrong)
    shares = {role: sum(values) / len(values) for role, values in wrong.items()}
    assert abs(shares[CODER] - (1 - (1 - noise.code) * (1 - noise.form))) < 0.06
    assert abs(shares[TESTER] - (1 - (1 - noise.test - noise.slip) * (1 - noise.form))) < 0.06
    assert abs(shares[REPAIR] - noise.repair) < 0.06


def test_broken_off_answers_yield_nothing() -> None:
    read = extractor("robust")
    broken = Noise(code=0, test=0, slip=0, form=1.0, repair=0)
    for i in range(60):
        item = text(0, i, broken)
        if item.prompt.startswith(TESTER):
            assert read.test(item.completion.removesuffix(END)).value is None
