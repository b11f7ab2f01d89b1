"""Micro problems: their kinds (combinations of operations), splits, statements, tests that tell programs apart."""

from __future__ import annotations

import subprocess
import sys

import pytest

from cure.problem.row import problem_from_row
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of
from sandbox import open_sandbox
from trainer.micro.operations import ENDS, OPERATIONS
from trainer.micro.problems import HIDDEN, PUBLIC, Split, kinds, problem, problem_and_recipe, rows
from trainer.micro.recipes import Operation, Recipe, answer, near_misses, source, trace

SPLITS: tuple[Split, ...] = ("train", "heldout")


def test_there_are_over_a_thousand_kinds_and_no_kind_is_in_both_splits() -> None:
    train, heldout = set(kinds("train")), set(kinds("heldout"))
    assert len(train) > 1000
    assert not train & heldout
    assert 0.13 < len(heldout) / len(train | heldout) < 0.22


def test_every_operation_of_a_heldout_kind_is_seen_in_training() -> None:
    seen = {name for kind in kinds("train") for name in kind.split("+")}
    assert seen == {*OPERATIONS, *ENDS}
    assert {name for kind in kinds("heldout") for name in kind.split("+")} <= seen


@pytest.mark.parametrize("split", SPLITS)
def test_a_problem_is_of_its_split_and_has_public_and_hidden_tests(split: Split) -> None:
    for index in range(30):
        made = problem(3, split, index)
        assert made.extra["kind"] in kinds(split)
        assert len(made.examples) == PUBLIC == 2
        assert len(made.hidden) == HIDDEN >= 8
        shown = {test.stdin for test in made.examples}
        assert len({test.stdin for test in made.hidden} - shown) == HIDDEN
        assert all(test.expected.strip() for test in (*made.examples, *made.hidden))


def test_problems_differ_by_seed_and_index_and_a_problem_is_the_same_in_another_process() -> None:
    here = [problem(seed, "heldout", index).question for seed in (1, 2) for index in (0, 1, 2)]
    assert len(set(here)) == len(here)
    script = (
        "from trainer.micro.problems import problem\n"
        "print(*[problem(s, 'heldout', i).question for s in (1, 2) for i in (0, 1, 2)], sep='\\n')"
    )
    there = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "7"}
    )
    assert there.stdout.splitlines() == here


async def test_every_reference_solution_passes_its_tests_and_every_operation_prints_what_it_computes() -> None:
    made = [problem(5, split, index) for split in SPLITS for index in range(25)]
    # A recipe for each operation, and one for each end (what to print of the list), so that each is run.
    singles = [Recipe((Operation(name, (spec.constants or (0,))[0]),), "list") for name, spec in OPERATIONS.items()]
    singles += [Recipe((), end) for end in ENDS]
    inputs = ([3, 1, 4, 1, 5, 9, 2, 6], [7], [0, 12, 8, 8])
    box = await open_sandbox("none")
    try:
        for item in made:
            tests = {str(i): test for i, test in enumerate((*item.examples, *item.hidden))}
            asked = ProgramTable({"reference": Candidate(item.reference)}, tests)
            known = await fill(ProgramExecutor(box, judging_of(item)), asked)
            assert all(known.passes("reference", name) for name in known.tests), (item, known.cells)
        from sandbox import Job

        jobs = [
            Job(str(i), source(recipe), tuple(" ".join(map(str, numbers)).encode() for numbers in inputs))
            for i, recipe in enumerate(singles)
        ]
        async for execution in box.run(jobs):
            recipe, numbers = singles[int(execution.job)], inputs[execution.index]
            assert [int(word) for word in execution.stdout.split()] == answer(recipe, numbers), recipe
    finally:
        await box.close()


def test_hidden_tests_tell_near_misses_from_the_reference() -> None:
    told, all_misses = 0, 0
    for index in range(60):
        made, recipe = problem_and_recipe(9, "heldout", index)
        inputs = [[int(word) for word in test.stdin.split()] for test in made.hidden]
        for miss in near_misses(recipe):
            all_misses += 1
            told += any(answer(miss, numbers) != answer(recipe, numbers) for numbers in inputs)
    # The rest are near misses that behave like the reference, such as two swapped steps that commute.
    assert told / all_misses > 0.9


def test_a_statement_names_its_constants() -> None:
    for index in range(60):
        made, recipe = problem_and_recipe(4, "train", index)
        for operation in recipe.operations:
            if OPERATIONS[operation.name].constants:
                assert str(operation.k) in made.question


def test_the_trace_shows_the_list_after_every_step() -> None:
    recipe = Recipe((Operation("even"), Operation("add", 3)), "sum")
    assert trace(recipe, [4, 7, 2]) == [[4, 7, 2], [4, 2], [7, 5]]
    assert answer(recipe, [4, 7, 2]) == [12]
    assert answer(recipe, [1]) == [0]


def test_rows_are_cures_json_and_load_again() -> None:
    made = problem(1, "heldout", 0)
    [row] = rows([made])
    loaded = problem_from_row(row, "row 0", "unnamed")
    assert (loaded.question, loaded.examples, loaded.hidden) == (made.question, made.examples, made.hidden)
    assert loaded.extra["kind"] == made.extra["kind"]
    assert loaded.reference == made.reference
