"""Pools: answers have the truth that the hidden tests give them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.repository_tasks.pools import Pool, read_pool, write_pool
from benchmarks.repository_tasks.task import RepositoryTask
from tests.agent.repository.tasks.conftest import BUGGY, FIXED

pytestmark = pytest.mark.bubblewrap


def test_every_writing_of_the_fix_is_right(pool: Pool) -> None:
    writings = {"fix", "renamed", "commented", "unparsed", "swapped"}
    right = {answer.kind for answer in pool.coder if answer.right}
    assert writings <= right
    assert all(answer.right for answer in pool.coder if answer.kind in writings)
    assert {answer.form for answer in pool.coder if answer.kind == "fix"} == {"functions", "files", "replacements"}


def test_answers_that_leave_the_fault_or_hold_no_edit_are_wrong(pool: Pool) -> None:
    for kind in ("unchanged", "malformed", "elsewhere", "weakening", "special case"):
        answers = [answer for answer in pool.coder if answer.kind == kind]
        assert answers and not any(answer.right for answer in answers), kind


def test_a_fix_that_breaks_another_function_is_wrong_though_it_repairs(pool: Pool) -> None:
    assert any(answer.repairs and not answer.right for answer in pool.coder if answer.kind == "breaking")


def test_mutants_are_right_exactly_where_they_behave_like_the_fix(pool: Pool) -> None:
    inputs = [(8, 0, 9), (4, 3, 5), (1, 0, 9), (-1, 0, 9), (10, 0, 9)]
    fixed = [_clamped(FIXED, each) for each in inputs]
    mutants = [answer for answer in pool.coder if answer.kind == "mutant"]
    assert mutants and not all(answer.right for answer in mutants)
    for answer in mutants:
        assert answer.changed
        assert answer.right == ([_clamped(answer.changed["small/clamp.py"], each) for each in inputs] == fixed)


def test_right_tests_fail_before_the_fix_and_pass_after_it(pool: Pool) -> None:
    right = [answer for answer in pool.tester if answer.right]
    assert right
    for answer in right:
        assert not _holds(answer.code, BUGGY) and _holds(answer.code, FIXED)


def test_wrong_tests_are_of_every_kind(pool: Pool) -> None:
    wrong = {answer.kind: answer for answer in pool.tester if not answer.right}
    assert {"mutated", "old", "vacuous", "no import", "fails everywhere", "malformed"} <= wrong.keys()
    assert wrong["old"].passes_before and not wrong["old"].passes_after
    assert wrong["vacuous"].passes_before and wrong["vacuous"].passes_after
    assert not wrong["no import"].passes_before and not wrong["no import"].passes_after


def test_answers_are_fenced_and_name_their_file(pool: Pool, task: RepositoryTask) -> None:
    whole = [answer for answer in pool.coder if answer.changed and answer.form == "functions"]
    assert whole
    for answer in whole:
        assert "```python\n" in answer.text
        assert any(path in answer.text for path in answer.changed or {})


def test_a_stored_pool_is_read_as_it_was(pool: Pool, tmp_path: Path) -> None:
    write_pool(tmp_path, pool)
    assert read_pool(tmp_path, pool.task) == pool


def _clamped(source: str, inputs: tuple[int, int, int]) -> object:
    names: dict[str, object] = {}
    exec(source, names)
    try:
        return names["clamp"](*inputs)  # type: ignore[operator]
    except (ArithmeticError, LookupError, NameError, TypeError) as error:
        return type(error)


def _holds(test: str, source: str) -> bool:
    names: dict[str, object] = {}
    exec(source, names)
    exec("\n".join(line for line in test.splitlines() if not line.startswith("from")), names)
    tests = [value for name, value in names.items() if name.startswith("test_")]
    try:
        for each in tests:
            each()  # type: ignore[operator]
    except AssertionError:
        return False
    return bool(tests)
