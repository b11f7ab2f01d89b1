"""`datasets check` and `datasets show` as a user calls them."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from evaluator.commands.datasets import datasets

DOUBLE = "print(2 * int(input()))"


def row(**changed: Any) -> dict[str, Any]:
    return {
        "name": "double",
        "question": "Double it [bold]now[/bold].",
        "example_input": ["1\n"],
        "example_output": ["2\n"],
        "test_input": ["2\n", "3\n"],
        "test_output": ["4\n", "6\n"],
        "test_time_limit": 5,
        "reference_solution": DOUBLE,
    } | changed


def check(tmp_path: Path, *rows: dict[str, Any], options: tuple[str, ...] = ("--json",)) -> Result:
    path = tmp_path / "set.json"
    path.write_text(json.dumps(rows))
    return CliRunner().invoke(datasets, ["check", str(path), "--sandbox", "none", *options])


def report(result: Result) -> Any:
    return json.loads(result.stdout)


def test_a_good_set_is_well(tmp_path: Path) -> None:
    result = check(tmp_path, row())
    found = report(result)
    assert (result.exit_code, found["well"], found["reference_pass_rate"]) == (0, True, 1.0)
    assert (found["tests"], found["slowest"]["limit_s"]) == (2, 5)


def test_a_reference_that_fails_is_named_with_test_and_output(tmp_path: Path) -> None:
    result = check(tmp_path, row(), row(name="wrong", reference_solution="print(4)"), row(reference_solution="1/0"))
    found = report(result)
    assert (result.exit_code, found["reference_pass_rate"]) == (1, pytest.approx(1 / 3))
    first, second, crash = found["reference_failures"][:3]
    assert (first["problem"], first["test"], first["output"], first["expected"]) == ("wrong", "public 0", "4\n", "2\n")
    assert second["test"] == "hidden 1"
    assert (crash["verdict"], crash["reason"] != "") == ("crash", True)


def test_labels_are_checked_by_running_programs(tmp_path: Path) -> None:
    programs = [
        {"code": DOUBLE, "correct": True, "model": "a"},
        {"code": "print(4)", "correct": False},
        {"code": "print(4)", "accepted_here": True, "name": "liar"},
        {"code": DOUBLE, "is_solved": False},
        {"code": "unlabelled"},
    ]
    result = check(tmp_path, row(submissions=programs))
    found = report(result)
    assert (result.exit_code, found["programs_right"], found["programs_wrong"]) == (1, 2, 2)
    assert [(item["program"], item["label"], item["passed"]) for item in found["mismatches"]] == [
        ("liar", "right", 1),
        ("program 3", "wrong", 2),
    ]
    assert check(tmp_path, row(submissions=programs), options=("--no-programs",)).exit_code == 0


def test_the_comparison_of_a_row_is_used(tmp_path: Path) -> None:
    rows = [
        row(reference_solution="print(2 * int(input()) + 0.001)", comparison="float(0.01,0)"),
        row(test_input=["x\n"], test_output=["a b\n"], example_input=[], example_output=[],
            reference_solution="print('b a')", comparison="unordered-tokens"),
    ]  # fmt: skip
    assert check(tmp_path, *rows).exit_code == 0
    wrong = check(tmp_path, row(comparison="unordered"))
    assert getattr(wrong.exception, "exit_code", None) == 2
    assert "double: unknown comparison" in str(wrong.exception)


def test_a_checker_program_judges_reference_and_labelled_programs(tmp_path: Path) -> None:
    """The checker accepts any two numbers with the right sum."""
    checker = (
        "import json, sys\n"
        "asked = json.load(sys.stdin)\n"
        "sys.exit(sum(map(int, asked['output'].split())) != int(asked['input']))"
    )
    programs = [{"code": "print(int(input()), 0)", "correct": True}, {"code": "print(1, 1)", "correct": True}]
    sums = row(
        checker=checker,
        test_output=["1 1\n", "1 2\n"],
        example_output=["0 1\n"],
        reference_solution="print(0, int(input()))",
        submissions=programs,
    )
    result = check(tmp_path, sums)
    found = report(result)
    assert (result.exit_code, found["reference_pass_rate"]) == (1, 1.0)
    assert [(item["program"], item["passed"]) for item in found["mismatches"]] == [("program 1", 1)]


def test_what_the_sandbox_fails_on_decides_nothing(tmp_path: Path) -> None:
    """A checker that exceeds its limits leaves the program undecided, like an execution on which the sandbox failed."""
    checker = "import json, sys\nasked = json.load(sys.stdin)\nwhile asked['input'] == '3\\n':\n    print('x' * 2**20)"
    labelled = [{"code": DOUBLE, "correct": True}, {"code": "print(1 / 0)", "correct": False}]
    half_judged = row(checker=checker, submissions=[*labelled, {"code": DOUBLE, "correct": False}])
    result = check(tmp_path, half_judged, row(name="judged"))
    found = report(result)
    assert (found["references"], found["references_undecided"], found["reference_pass_rate"]) == (2, 1, 1.0)
    assert (found["programs_undecided"], found["mismatches"], found["reference_failures"]) == (2, [], [])
    assert found["sandbox_errors"] == 3 and "the checker ended with output_limit" in found["sandbox_error"]
    assert getattr(result.exception, "exit_code", None) == 6 and "3 executions" in str(result.exception)
    nothing = report(check(tmp_path, half_judged))
    assert nothing["reference_pass_rate"] is None and "sandbox" in nothing["reference_pass_rate_reason"]
    shown = check(tmp_path, half_judged, options=()).stdout
    assert "0.0%" not in shown and "the set is not in order" in shown


def test_a_reference_that_depends_on_the_order_of_a_set_is_found_under_other_hash_seeds(tmp_path: Path) -> None:
    words = "alpha beta gamma delta epsilon zeta eta theta"
    ordered = row(
        test_input=[words], test_output=["0\n"], example_input=[], example_output=[],
        reference_solution="print(list(set(input().split())).index('alpha') * 0)",
    )  # fmt: skip
    found = report(check(tmp_path, ordered))
    assert (found["seeded"], found["well"]) == (1, True)
    source = "import sys\nprint(*set(input().split()))"
    expected = " ".join(sorted(words.split())) + "\n"
    free = ordered | {"reference_solution": source, "test_output": [expected], "comparison": "unordered-tokens"}
    assert check(tmp_path, free).exit_code == 0
    bound = report(check(tmp_path, free | {"comparison": "tokens"}))
    assert {item["seed"] for item in bound["reference_failures"]} >= {1, 2}


def test_what_tests_look_like_is_remarked(tmp_path: Path) -> None:
    odd = row(
        test_input=["1\n", "2\n", "2\n", "x"],
        test_output=["2\n", "4\n", "4\n", "\n"],
        reference_solution=None,
    )
    result = check(tmp_path, odd, row(name="fractions", test_output=["4.0\n", "6.5\n"], reference_solution=""))
    found = report(result)
    assert result.exit_code == 0
    assert found["reference_pass_rate"] is None
    assert found["reference_pass_rate_reason"]
    assert found["overlapping"] == {"double": 1}
    assert found["duplicated"] == {"double": 1}
    assert found["empty_expected"] == {"double": 1}
    assert found["fractions_without_tolerance"] == {"fractions": "tokens"}
    assert check(tmp_path, odd, options=("--strict",)).exit_code == 1


@pytest.mark.parametrize(
    "bad",
    [
        {"test_input": ["2\n", "2\n"], "test_output": ["4\n", "5\n"], "reference_solution": None},
        {"test_input": [], "test_output": []},
    ],
)
def test_contradictions_and_missing_tests_are_not_well(tmp_path: Path, bad: dict[str, Any]) -> None:
    assert check(tmp_path, row(**bad)).exit_code == 1


def test_a_person_reads_a_table(tmp_path: Path) -> None:
    result = check(tmp_path, row(), options=())
    assert "100.0% (1 of 1)" in result.stdout
    assert "the set is in order" in result.stdout


def test_a_gzipped_file_is_read_too_and_limit_takes_the_first(tmp_path: Path) -> None:
    path = tmp_path / "set.json.gz"
    path.write_bytes(gzip.compress(json.dumps([row(), row(reference_solution="1/0")]).encode()))
    arguments = ["check", str(path), "--sandbox", "none", "--limit", "1", "--json"]
    assert CliRunner().invoke(datasets, arguments).exit_code == 0


def test_show_has_a_table_and_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_text(json.dumps([row(), row(name="second", comparison="lines")]))
    shown = CliRunner().invoke(datasets, ["show", str(path)], env={"COLUMNS": "160"})
    assert "2 problems, 4 hidden tests, 2 reference solutions" in shown.stdout
    one = CliRunner().invoke(datasets, ["show", str(path), "--index", "1"], env={"COLUMNS": "160"})
    assert "1: second" in one.stdout
    assert "[bold]now[/bold]" in one.stdout
    assert DOUBLE in one.stdout
    printed = json.loads(CliRunner().invoke(datasets, ["show", str(path), "--index", "0", "--json"]).stdout)
    assert printed["test_input"] == ["2\n", "3\n"]
    brief = json.loads(CliRunner().invoke(datasets, ["show", str(path), "--json"]).stdout)
    assert [item["comparison"] for item in brief] == ["tokens", "lines"]
    beyond = CliRunner().invoke(datasets, ["show", str(path), "--index", "2"])
    assert getattr(beyond.exception, "exit_code", None) == 2
