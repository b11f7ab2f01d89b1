"""`benchmarks/real_prompts`, which compares forms of prompts on real problems."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.real_prompts.figures import differences, figures_of, table
from benchmarks.real_prompts.forms import FORMS
from benchmarks.real_prompts.problem_set import fixed_set, problems_of, tuning_set
from benchmarks.real_prompts.run import join, merge, sample
from benchmarks.real_prompts.store import store, stored
from engines import prompt_text
from evaluator.run.directory import RunDirectory
from evaluator.run.settings import Role, RoleSettings
from tests.evaluator.runs import RIGHT, TESTS, WRONG, answer_of_a_tester, problems_file, script


def asked(role: Role, form: str, rows: list[Any], model: str, out: Path) -> RunDirectory:
    """The run of one role, with four samples for each problem."""
    asking = RoleSettings(model=model, samples=4, style="chat", max_tokens=64)
    return asyncio.run(sample(rows, role, form, FORMS[form], asking, out, sandbox="bubblewrap"))


@pytest.mark.bubblewrap
def test_two_forms_are_asked_once_each_compared_joined_and_stored(tmp_path: Path) -> None:
    rows = json.loads(problems_file(tmp_path / "sums.json", 3).read_text())
    copies = script(tmp_path / "copies.json", tests=[answer_of_a_tester("1 2", "3")])
    thinks = script(tmp_path / "thinks.json", [RIGHT, WRONG], TESTS)
    first = asked("tester", "first", rows, copies, tmp_path / "out")
    second = asked("tester", "turns", rows, thinks, tmp_path / "out")
    before = second.samples("tester").read_bytes()
    assert asked("tester", "turns", rows, thinks, tmp_path / "out").path == second.path
    assert second.samples("tester").read_bytes() == before

    a, b = figures_of(first), figures_of(second)
    assert (a.cells["valid and new"], a.cells["public examples again"]) == ("0.000 (0 of 12)", "1.000 (12 of 12)")
    assert (b.cells["valid and new"], b.cells["tests not extracted"]) == ("0.500 (6 of 12)", "0.250 (3 of 12)")
    assert "| valid and new | 0.000 (0 of 12) | 0.500 (6 of 12) |" in table([a, b])
    assert "| ut_new_reference_requested | 0.000 | 0.500 | +0.500 | +0.500 to +0.500 |" in differences(a, b)

    coder = asked("coder", "chat", rows, thinks, tmp_path / "out")
    both = merge([coder, coder], tmp_path / "out" / "both")
    joined = asyncio.run(join(rows, both, second, tmp_path / "out", sandbox="bubblewrap"))
    together = figures_of(joined).cells
    assert (together["code accuracy"], together["any right"]) == ("0.500", "1.000")
    # Right and wrong programs pass equally many tests: the example, the test "1 1", and either "3 4" or "2 2".
    assert together["best of 8, examples, 4 tests, agreement"] == "0.500"

    assert store([first, second], tmp_path / "answers.jsonl.gz") == 24
    answers = stored(tmp_path / "answers.jsonl.gz")
    assert [answer["form"] for answer in answers] == ["first"] * 12 + ["turns"] * 12
    assert answers[0]["problem"] == "sum-0" and answers[0]["text"] == answer_of_a_tester("1 2", "3")


def test_the_sets_are_fixed_have_references_and_share_no_problem(shared_data: Path) -> None:
    fixed, tuning = problems_of(fixed_set(shared_data)), problems_of(tuning_set(shared_data))
    assert (len(fixed), len(tuning)) == (64, 24)
    assert all(problem.reference and problem.hidden and problem.examples for problem in fixed)
    assert not {problem.name for problem in fixed} & {problem.name for problem in tuning}
    for problem in fixed:
        assert prompt_text(FORMS["chat"].tester(problem)) == prompt_text(FORMS["turns-small"].tester(problem))
        assert prompt_text(FORMS["chat"].coder(problem)) == prompt_text(FORMS["first"].coder(problem))
