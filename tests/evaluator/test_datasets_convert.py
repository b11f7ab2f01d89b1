"""Functional problems as a user converts them: small sets made here, with the faults of real ones."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cure.problem.file import load_problems
from evaluator.commands.datasets import datasets
from evaluator.datasets.functional.asserts import assertions, oracle_of, retyped
from evaluator.datasets.functional.function import Oracle
from evaluator.datasets.functional.humaneval import without_doctests

Made = Callable[..., tuple[dict[str, Any], list[dict[str, Any]]]]


def mbpp(code: str, tests: list[str], text: str = "Do it.") -> dict[str, Any]:
    return {"task_id": 1, "text": text, "code": code, "test_list": tests, "test_setup_code": ""}


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """A function that converts rows with the command, and returns the summary and the rows written."""

    def convert(*rows: dict[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
        source, target = tmp_path / "set.jsonl", tmp_path / "out.json"
        source.write_text("".join(json.dumps(row) + "\n" for row in rows))
        arguments = ["convert", str(source), "--to", str(target), "--sandbox", "none", "--json"]
        result = CliRunner().invoke(datasets, arguments, catch_exceptions=False)
        load_problems(str(target))
        return json.loads(result.stdout), json.loads(target.read_text())

    return convert


def test_arguments_come_a_line_each_and_the_sections_name_them(made: Made) -> None:
    code = "def f(grid, name, k):\n    return [[len(name) + k for _ in row] for row in grid]"
    tests = ["assert f([[1, 2], [3]], 'a b', 2) == [[5, 5], [5]]", "assert f([[1]], '', 1) == [[1]]"]
    summary, (row,) = made(mbpp(code, tests))
    assert summary["converted"] == 1
    assert row["example_input"] == ["2\n1 2\n3\na b\n2\n"]
    assert row["example_output"] == ["5 5\n5\n"]
    assert row["test_input"] == ["1\n1\n\n1\n"]
    assert row["comparison"] == "lines"  # rows of different lengths: tokens alone would not tell them apart
    question = row["question"]
    assert question.startswith("Do it.\n\nWrite a complete program that reads")
    assert "- grid: first a line with the number of items, then the items in turn, each: integers" in question
    assert "- name: a string, as it is, to the end of the line" in question
    assert "- k: an integer" in question
    assert "Output\nPrint the result: a table, one row a line, to the end, each: integers" in question


def test_a_table_at_the_end_needs_no_number_of_rows(made: Made) -> None:
    _, (row,) = made(
        mbpp("def f(t):\n    return sum(map(sum, t))", ["assert f([[1, 2], [3]]) == 6"] * 1 + ["assert f([[4]]) == 4"])
    )
    assert row["example_input"] == ["1 2\n3\n"]


def test_a_test_that_text_cannot_hold_is_kept_for_functions(made: Made) -> None:
    tests = ["assert f('ab') == 2", "assert f('a\\nb') == 3", "assert f(' a') == 2", "assert f('c') == 1"]
    summary, (row,) = made(mbpp("def f(s):\n    return len(s)", tests))
    assert row["example_input"] + row["test_input"] == ["ab\n", "c\n"]
    mark = "# arguments as a tuple of Python\n"
    assert row["function"]["test_input"] == [f"{mark}('a\\nb',)\n", f"{mark}(' a',)\n"]
    assert row["function"]["test_output"] == ["3\n", "2\n"]
    assert summary["test_reasons"] == {} and summary["function_tests"] == 2


def test_a_test_that_no_literal_can_hold_is_left_out_and_listed(made: Made, tmp_path: Path) -> None:
    tests = ["assert f(2.5) == 2", "assert f(1e999) == 3", "assert f(1.5) == 1"]
    summary, (row,) = made(mbpp("def f(x):\n    return int(min(x, 3))", tests))
    assert row["example_input"] + row["test_input"] == ["2.5\n", "1.5\n"]
    assert summary["test_reasons"] == {"the arguments do not survive as text": 1}
    (dropped,) = json.loads((tmp_path / "out.json.dropped.json").read_text())
    assert (dropped["test"], dropped["detail"]) == ("assert 1", "(inf,)")


def test_values_beside_lists_and_complex_numbers_are_literals(made: Made) -> None:
    tests = ["assert f([2, [4]]) == [2j, [2, [4]]]", "assert f([1, [], 3]) == [1j, [1, [], 3]]"]
    _, (row,) = made(mbpp("def f(a):\n    return [a[0] * 1j, a]", tests))
    assert (row["example_input"], row["example_output"]) == (["[2, [4]]\n"], ["[2j, [2, [4]]]\n"])
    assert "a value of Python on one line" in row["question"]


def test_empty_strings_in_lists_take_a_line_each(made: Made) -> None:
    tests = ["assert f(['b', 'a']) == ['a', 'b']", "assert f(['c', 'd', 'e']) == ['c', 'd', 'e']"]
    _, (row,) = made(mbpp("def f(a):\n    return sorted(a)", [*tests, "assert f(['b', '', 'a']) == ['', 'a', 'b']"]))
    assert "b\n\na\n" in row["test_input"]


def test_numbers_of_more_than_4300_digits_are_kept_and_the_statement_says_so(made: Made) -> None:
    code = "def f(n):\n    return 10 ** n"
    _, (row,) = made(mbpp(code, ["assert f(2) == 100", "assert f(5000) == 10 ** 5000", "assert f(3) == 1000"]))
    assert "1" + "0" * 5000 + "\n" in row["test_output"]
    assert "sys.set_int_max_str_digits(0)" in row["question"]


def test_true_and_false_among_integers_are_integers(made: Made) -> None:
    code = "def f(n):\n    return n if n > 2 else False"
    tests = ["assert f(3) == 3", "assert f(4) == 4", "assert f(5) == 5", "assert f(1) == 0", "assert f(0) == False"]
    _, (row,) = made(mbpp(code, tests))
    assert row["example_output"] + row["test_output"] == ["3\n", "4\n", "5\n", "0\n", "0\n"]


@pytest.mark.parametrize(
    ("code", "tests", "comparison"),
    [
        ("def f(a):\n    return set(a)", ["assert f([3, 1]) == {1, 3}", "assert f([2]) == {2}"], "unordered-tokens"),
        ("def f(a):\n    return [*a]", ["assert set(f([9, 1])) == {1, 9}", "assert f([2])"], "unordered-tokens"),
        ("def f(a):\n    return list(set(a))", ["assert f([1, 9]) == [1, 9]", "assert f([2])"], "unordered-tokens"),
        ("def f(a):\n    return sorted(set(a))", ["assert f([1, 9]) == [1, 9]", "assert f([2]) == [2]"], "tokens"),
        ("def f(a):\n    return {x: 1 for x in a}",
         ["assert f([1]) == {1: 1}", "assert f([]) == {}"], "unordered-lines"),
        ("def f(a):\n    return a / 3", ["assert f(1) == 1 / 3", "assert f(2) == 2 / 3"], "float(1e-06,1e-06)"),
        ("def f(a):\n    return a / 3", ["assert abs(f(1) - 0.3) < 0.1", "assert f(6) == 2.0"], "float(0.1,1e-06)"),
        ("def f(a):\n    return a + '  b'", ["assert f('a') == 'a  b'", "assert f('c') == 'c  b'"], "lines"),
        ("def f(a):\n    return a", ["assert f(1) == 1", "assert f(2) == 2"], "tokens"),
        ("def f(a):\n    return a.split(',')",
         ["assert f('a,,b') == ['a', '', 'b']", "assert f('c,d') == ['c', 'd']"], "lines"),
    ],
)  # fmt: skip
def test_the_comparison_a_result_needs_is_recorded(made: Made, code: str, tests: list[str], comparison: str) -> None:
    _, (row,) = made(mbpp(code, tests))
    assert row.get("comparison", "tokens") == comparison
    lines_in_any_order = "in any order, except a line that gives the number of entries." in row["question"]
    assert lines_in_any_order == (comparison == "unordered-lines")


def test_results_that_are_only_true_or_not_are_printed_so(made: Made) -> None:
    code = "import re\ndef f(s):\n    return re.match('a', s)"
    _, (row,) = made(mbpp(code, ["assert f('ab')", "assert not f('b')"]))
    assert row["example_output"] + row["test_output"] == ["True\n", "False\n"]


def test_entries_that_take_several_lines_come_in_order_of_their_keys(made: Made) -> None:
    code = "def f(d):\n    return {k: v + [0] for k, v in d.items()}"
    _, (row,) = made(mbpp(code, ["assert f({'b': [1], 'a': []}) == {'b': [1, 0], 'a': [0]}", "assert f({}) == {}"]))
    assert "2\na\n0\nb\n1 0\n" in row["example_output"] + row["test_output"]
    assert "ascending order of their keys" in row["question"]


@pytest.mark.parametrize(
    ("code", "tests", "words"),
    [
        ("def f(a):\n    return a", ["assert f(1) == 2", "assert f(2) == 3"], "does not give the stated result"),
        ("def f(a):\n    raise ValueError", ["assert f(1) == 2", "assert f(2) == 3"], "ends with crash"),
        ("def f(a):\n    return f", ["assert f(1) == 2", "assert f(2) == 3"], "not a plain value"),
        ("def f(a):\n    return min(set(a), key=bool)",
         ["assert f([1, 2]) == 1", "assert f([3, 4])"], "order of a set"),
        ("def f(a):\n    return a", ["assert g(f(1)) < 2", "assert g(f(2)) < 3"], "program of their own"),
        ("def read_value(a):\n    return [a]", ["assert read_value(1) == [1]", "assert read_value(2) == [2]"], "name"),
        ("def f(a):\n    return a", ["assert f(x) == 1"], "literal"),
    ],
)  # fmt: skip
def test_a_problem_that_cannot_be_converted_is_listed_with_its_reason(
    made: Made, code: str, tests: list[str], words: str
) -> None:
    good = mbpp("def f(a):\n    return a", ["assert f(1) == 1", "assert f(2) == 2"])
    summary, rows = made(good, mbpp(code, tests))
    assert len(rows) == 1
    (left,) = summary["problems_left_out"]
    assert words in left["reason"]


def test_tuples_come_back_as_tuples(made: Made) -> None:
    code = "def f(t, u):\n    return t + (u,)"
    row = {
        "task_id": "Mbpp/1",
        "prompt": '"""\nAppend.\nassert f((1, 2), 3) == (1, 2, 3)\n"""\n',
        "entry_point": "f",
        "canonical_solution": code,
        "assertion": "assert f((1, 2), 3) == (1, 2, 3)",
        "base_input": [[[1, 2], 3]],
        "plus_input": [[[n], n] for n in range(30)] + [[[n], True] for n in range(3)],
        "atol": 0,
    }
    summary, (made_row,) = made(row)
    assert made_row["example_input"][0] == "1 2\n3\n"
    assert len(made_row["test_input"]) == 30 and len(made_row["function"]["test_input"]) == 3
    assert summary["test_reasons"] == {}
    assert made_row["question"].startswith("Append.\n\nWrite")


def test_humaneval_statements_lose_their_doctests_and_keep_what_is_given(made: Made) -> None:
    row = {
        "task_id": "HumanEval/1",
        "prompt": 'def g(x):\n    return x + 1\n\n\ndef f(x):\n    """ Call g twice.\n    >>> f(1)\n    3\n    """\n',
        "entry_point": "f",
        "canonical_solution": "    return g(g(x))\n",
        "test": "def check(candidate):\n    assert candidate(1) == 3, 'one'\n    assert candidate(5) == 7\n",
    }
    _, (made_row,) = made(row)
    assert ">>>" not in made_row["question"]
    assert "Call g twice." in made_row["question"]
    assert "def g(x):" in made_row["question"]
    assert made_row["test_input"] == ["5\n"]


def test_doctests_go_with_what_they_print() -> None:
    assert without_doctests("a\n>>> f(1)\n2\n\nb") == "a\n\nb"


def test_assertions_say_how_a_result_is_judged() -> None:
    found = assertions("assert math.isclose(f(1), 2.5, rel_tol=0.001)", "f")
    assert oracle_of(found) == Oracle("equal", 0.001)
    assert (found[0].arguments, found[0].expected) == ((1,), 2.5)
    assert oracle_of(assertions("x = f(1)\nassert abs(poly(x)) < 1e-4", "f")) == Oracle("other")
    assert retyped([[1], [2]], [[(1,), (2,)]]) == [(1,), (2,)]
    assert retyped("1j", [2j]) == 1j


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "expected a list of problems"),
        ("{", "neither JSON nor JSON lines"),
        ('{"a": 1}', "format is not one of"),
        ('{"question": "q", "test_input": []}', "already"),
        ('{"task_id": "HumanEval/0", "base_input": [], "entry_point": 3}', "row 0: 'entry_point' is int"),
    ],
)
def test_a_source_of_no_use_is_named(tmp_path: Path, content: str, words: str) -> None:
    source = tmp_path / "set.jsonl"
    source.write_text(content)
    arguments = ["convert", str(source), "--to", str(tmp_path / "out.json"), "--sandbox", "none"]
    result = CliRunner().invoke(datasets, arguments)
    assert getattr(result.exception, "exit_code", None) == 2
    assert words in str(result.exception)
    assert not (tmp_path / "out.json").exists()
