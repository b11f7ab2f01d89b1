"""Mutants of programs: one small fault each."""

from __future__ import annotations

import ast
import gzip
import json
from pathlib import Path

import pytest

from cure.audit import mutants

PROGRAM = '''"""Sums."""
def total(n, most):
    found = 0
    for i in range(1, n + 1):
        if 1 <= i < most and i % 2 == 0:
            found += i
    return found
n, most = map(int, input().split())
while n > 10:
    n -= 1
print(total(n, most))
'''

ANSWERS = Path(__file__).parents[1] / "data" / "real_answers" / "answers.jsonl.gz"


def test_every_kind_of_fault_comes_before_any_kind_comes_twice() -> None:
    kinds = [each.fault.split()[0] for each in mutants(PROGRAM, 6)]
    assert sorted(kinds) == ["boundary", "comparison", "condition", "constant", "operator", "statement"]


def test_a_fault_says_what_was_changed_and_where() -> None:
    by_fault = {each.fault: each.text for each in mutants(PROGRAM, 100)}
    assert "n += 1" in by_fault["operator - became + in line 10"]
    assert "while n >= 10" in by_fault["boundary > became >= in line 9"]
    assert "1 <= i <= most" in by_fault["boundary < became <= in line 5"]
    assert "while not n > 10" in by_fault["condition negated in line 9"]
    assert "found = 1" in by_fault["constant 0 became 1 in line 3"]
    assert "print" not in by_fault["statement removed in line 11"]


def test_mutants_differ_from_the_program_and_from_each_other_by_one_node() -> None:
    made = mutants(PROGRAM, 100)
    texts = {each.text for each in made}
    assert len(texts) == len(made) > 20 and ast.unparse(ast.parse(PROGRAM)) not in texts
    lines = ast.unparse(ast.parse(PROGRAM)).splitlines()
    for each in made:
        changed = [(old, new) for old, new in zip(lines, each.text.splitlines(), strict=True) if old != new]
        assert len(changed) == 1, each.fault


@pytest.mark.parametrize("text", ["", "pass", "def f(:", "'doc'", "\0"])
def test_where_there_is_nothing_to_change_there_is_no_mutant(text: str) -> None:
    assert mutants(text, 5) == ()


def test_a_change_that_the_compiler_removes_is_no_mutant() -> None:
    assert mutants("assert 1 < 2\n", 9) == ()
    assert len(mutants("x = 1 < 2\nassert x < 2\n", 9)) == len(mutants("x = 1 < 2\n", 9)) > 0


def test_mutants_of_programs_of_real_models_compile() -> None:
    with gzip.open(ANSWERS, "rt") as lines:
        answers = [json.loads(line) for line in lines]
    blocks = [text.split("```python\n", 1)[1].split("```", 1)[0] for text in _texts(answers) if "```python\n" in text]
    made = [each for source in blocks[:60] for each in mutants(source, 6)]
    assert len(made) > 100
    for each in made:
        compile(each.text, "mutant", "exec")


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in _texts(part)]
