"""`eval extract`, `eval score` and `eval compare` as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from cure.errors import ProblemError
from cure.select import SELECTORS
from evaluator.commands import evaluate

ANSWERS = {
    "about": "ignored",
    "responses": [
        {"kind": "code", "name": "py tag", "response": "```py\nprint(1)\n```"},
        {"kind": "code", "name": "none", "response": "no"},
        {
            "kind": "unit_test",
            "name": "tag",
            "response": "**Test Input:**\n```text\n5\n```\n**Test Output:**\n```\n7\n```",
        },
        {"kind": "unit_test", "name": "none [bold]\ud800", "response": "no"},
    ],
    "modify": [{"input": "a\\n"}, {"input": "\\\\n"}],
    "test_if_eq": [{"output": "1.0", "expected": "1"}, {"output": "1\n2", "expected": "1 2"}],
}

CASE = {
    "name": "two programs",
    "config": {"scale_tuple_list": [[2, 1]], "single_eval": False, "max_test": 8},
    "problems": [
        {"n_code": 2, "n_case": 1, "n_test_total": 1, "test_table": [[False], [True]], "case_table": [[0 > 1], [True]]}
    ],
}


def run(path: Path, content: object, *arguments: str) -> Any:
    """The JSON that the command prints for a file with this content."""
    path.write_text(json.dumps(content))
    command, *options = arguments
    result = CliRunner().invoke(evaluate, [command, str(path), *options, "--json"], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def test_release_extraction_prints_the_published_fields(tmp_path: Path) -> None:
    printed = run(tmp_path / "a.json", ANSWERS, "extract", "--all", "--mode", "release")
    assert list(printed) == ["responses", "modify", "test_if_eq"]
    sentence = "We can not extract the code in the output. "
    assert [row.get("extracted") for row in printed["responses"]] == [sentence, sentence, None, None]
    assert printed["responses"][2]["eval"]["test_input"] == ["text\n5\n"]
    assert printed["responses"][3]["eval"] == {"test_input": [], "test_output": [], "example_text": []}
    assert printed["responses"][3]["sample"] == {"test_input": [""], "test_output": [""], "example_text": [""]}
    assert [row["reason"] for row in printed["responses"]] == ["no_code", "no_code", None, "no_test"]
    assert [row["output"] for row in printed["modify"]] == ["a\n", "\\\n"]
    assert [row["equal"] for row in printed["test_if_eq"]] == [False, True]


def test_robust_extraction_says_what_it_mended_and_where_it_differs(tmp_path: Path) -> None:
    printed = run(tmp_path / "a.json", ANSWERS, "extract", "--all")
    program, no_program, test, _ = printed["responses"]
    assert (program["extracted"], program["differs"]) == ("print(1)", True)
    assert program["notes"][0]["note"] == "language_tag"
    assert (no_program["extracted"], no_program["reason"]) == (None, "no_code")
    assert no_program["why"]
    assert test["eval"]["test_input"] == ["5\n"]
    assert [row["output"] for row in printed["modify"]] == ["a\n", "\\\\n\n"]
    assert [row["equal"] for row in printed["test_if_eq"]] == [True, True]


def test_a_list_of_answers_will_do(tmp_path: Path) -> None:
    assert run(tmp_path / "a.json", ANSWERS["responses"], "extract") == run(tmp_path / "a.json", ANSWERS, "extract")


def test_release_extraction_equals_the_golden_file(shared_data: Path, tmp_path: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "extract.json").read_text())
    printed = run(tmp_path / "a.json", golden, "extract", "--all", "--mode", "release")
    for expected, found in zip(golden["responses"], printed["responses"], strict=True):
        fields = expected.keys() - {"response"}
        assert {field: found[field] for field in fields} == {field: expected[field] for field in fields}
    assert printed["modify"] == golden["modify"]
    assert printed["test_if_eq"] == golden["test_if_eq"]


def test_every_difference_of_robust_extraction_is_explained(shared_data: Path, tmp_path: Path) -> None:
    golden = json.loads((shared_data / "cure-golden" / "extract.json").read_text())
    for found in run(tmp_path / "a.json", golden, "extract", "--all")["responses"]:
        assert not found["differs"] or found["notes"] or found["why"], found


def test_a_score_has_the_published_fields(tmp_path: Path) -> None:
    (found,) = run(tmp_path / "m.json", {"cases": [CASE]}, "score", "--mode", "release")
    assert (found["name"], found["error"], found["reason"]) == ("two programs", None, None)
    assert found["printed"]["code_acc"] == 0.5
    assert found["printed"]["bon"] == [{"n": 2, "m": 1, "acc": 1.0, "accumulate_acc": 1.0}]
    assert found["counts"]["stats"][0]["BoN_num"] == 1


def test_several_runs_may_share_their_problems(tmp_path: Path) -> None:
    config = CASE["config"]
    runs = {"problems": CASE["problems"], "runs": [{"config": config}, {"config": {"single_eval": True}}]}
    first, second = run(tmp_path / "m.json", runs, "score")
    assert first["printed"]["code_acc"] == second["printed"]["code_acc"] == 0.5
    assert second["printed"]["ut_acc"] is None


@pytest.mark.parametrize("name", ["metrics.json", "real_humaneval_bon.json"])
def test_scores_equal_the_golden_files(shared_data: Path, tmp_path: Path, name: str) -> None:
    golden = json.loads((shared_data / "cure-golden" / name).read_text())
    printed = run(tmp_path / "m.json", golden, "score", "--mode", "release")
    for case, found in zip(golden.get("cases") or golden["runs"], printed, strict=True):
        expected = case["expected"]
        assert (found["counts"], found["error"]) == (expected["counts"], expected["error"])
        if expected["error"]:
            assert found["reason"]
            assert found["printed"]["bon"][0]["acc"] is None
        else:
            assert found["printed"] == expected["printed"]


@pytest.mark.parametrize("name", ["metrics.json", "real_humaneval_bon.json"])
def test_both_modes_print_the_released_numbers_unchanged(shared_data: Path, tmp_path: Path, name: str) -> None:
    golden = json.loads((shared_data / "cure-golden" / name).read_text())
    both = run(tmp_path / "m.json", golden, "score")
    for found, expected in zip(both, run(tmp_path / "m.json", golden, "score", "--mode", "release"), strict=True):
        assert found.pop("standard")["coverage"]["problems"] > 0
        assert found == expected


STORED = {
    "name": "all that may be known",
    "config": {"scale_tuple_list": [[2, 2]], "data": "0a", "checker": "tokens"},
    "problems": [
        {
            "name": "p",
            "n_code": 3,
            "n_case": 3,
            "n_test_total": 2,
            "test_table": [[True, True], [False, None], [True, True]],
            "case_table": [[True, False, True], [None, False, True], [True, True, True]],
            "code_extracted": [True, True, False],
            "case_extracted": [True, False, True],
            "case_reference": [True, None, False],
            "case_inputs": ["1", "", "1"],
            "case_outputs": [["a ", None, "b"], ["a", None, "b"], [None, None, None]],
            "public_table": [[True], [False], [False]],
            "pool": {"right": [True, False], "case_table": [[True, False, True], [False, False, True]]},
        }
    ],
}


def test_everything_that_may_be_stored_is_used(tmp_path: Path) -> None:
    (found,) = run(tmp_path / "m.json", [STORED], "score", "--public-first")
    assert found["printed"] is None
    assert "problems[0]: 'test_table' row 1 has a cell the sandbox failed on" in found["reason"]
    standard = found["standard"]
    assert standard["selection"] == {"hidden_tests": "the first 8", "data": "0a", "checker": "tokens"}
    assert standard["sampling"]["public_first"] is True
    coverage = standard["coverage"]
    assert (coverage["programs_not_extracted"], coverage["tests_requested"], coverage["tests_extracted"]) == (1, 3, 2)
    assert (coverage["unknown_hidden_cells"], coverage["unknown_generated_cells"]) == (1, 1)
    values = {name: (row["numerator"], row["denominator"]) for name, row in standard["values"].items()}
    assert values["code_accuracy_pooled"] == (1, 3)
    assert values["ut_accuracy_reference_requested"] == (1, 3)
    assert values["duplicate_inputs"] == (0.5, 1)
    assert (values["pool_suite_tpr"], values["pool_suite_tnr"]) == ((1, 1), (1, 1))
    assert {point["selector"] for point in standard["best_of_n"]} == set(SELECTORS)
    assert next(point for point in standard["best_of_n"] if (point["n"], point["m"]) == (3, 0))["best"]["value"] == 1.0


def test_release_mode_refuses_cells_it_would_take_for_failures(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps([STORED]))
    result = CliRunner().invoke(evaluate, ["score", str(path), "--mode", "release"])
    assert "which the released code does not know" in str(result.exception)
    assert "all that may be known" in CliRunner().invoke(evaluate, ["score", str(path)], catch_exceptions=False).stdout


def test_the_release_sees_extracted_tests_only(tmp_path: Path) -> None:
    problem = CASE["problems"][0]  # type: ignore[index]
    failed = problem | {"n_case": 2, "case_table": [[True, False], [True, True]], "case_extracted": [False, True]}
    expected, found = (
        run(tmp_path / "m.json", [CASE | {"problems": [row]}], "score", "--mode", "release")[0]["printed"]
        for row in (problem, failed)
    )
    assert found == expected


def pair(tmp_path: Path, **config: Any) -> tuple[str, str]:
    """The paths of two files of 40 problems: in B every program is right, in A every fourth; B has this config."""
    paths = []
    for name, right in (("a", 4), ("b", 1)):
        problems = [
            {
                "n_code": 4,
                "n_case": 1,
                "n_test_total": 9,
                "test_table": [[program % right == 0] * 9 for program in range(4)],
                "case_table": [[(program + index) % 2 == 0] for program in range(4)],
            }
            for index in range(40)
        ]
        case = {"config": {"scale_tuple_list": []} | (config if name == "b" else {}), "problems": problems}
        paths.append(tmp_path / f"{name}.json")
        paths[-1].write_text(json.dumps([case]))
    return str(paths[0]), str(paths[1])


def test_a_comparison_names_the_winner_of_a_clear_difference_and_none_of_a_run_with_itself(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    compared = CliRunner().invoke(evaluate, ["compare", a, b, "--json"], catch_exceptions=False)
    rows = {row["name"]: row for row in json.loads(compared.stdout)["differences"]}
    assert rows["code_accuracy_macro"]["difference"] == 0.75
    assert rows["code_accuracy_macro"]["winner"] == "B"
    itself = CliRunner().invoke(evaluate, ["compare", a, a, "--json"], catch_exceptions=False)
    assert not any(row["winner"] for row in json.loads(itself.stdout)["differences"])
    shown = CliRunner().invoke(evaluate, ["compare", a, b], catch_exceptions=False).stdout
    assert "40 problems in common" in shown


def test_more_than_two_runs_are_compared_with_the_first_and_fit_a_narrow_terminal(tmp_path: Path) -> None:
    a, b = pair(tmp_path)
    compared = json.loads(CliRunner().invoke(evaluate, ["compare", a, b, a, "--json"], catch_exceptions=False).stdout)
    assert [(found["a"], found["b"]) for found in compared] == [(a, b), (a, a)]
    winners = [{row["name"]: row["winner"] for row in found["differences"]} for found in compared]
    assert [of["code_accuracy_macro"] for of in winners] == ["B", None]
    shown = CliRunner().invoke(evaluate, ["compare", a, a, b], env={"COLUMNS": "80"}, catch_exceptions=False).stdout
    assert max(map(len, shown.splitlines())) <= 80
    code = [line.split()[2:] for line in shown.splitlines() if line.split()[:2] == ["Code", "accuracy"]]
    assert code[0] == ["0.250", "0.250", "1.000"] and [cells[-1] for cells in code[1:]] == ["none", "C"]
    assert CliRunner().invoke(evaluate, ["compare", a]).exit_code == 2


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"max_test": 9}, "cannot compare: the selections of hidden tests differ (the first 8 and the first 9)"),
        ({"max_test": 3}, "cannot compare: the selections of hidden tests differ (the first 8 and the first 3)"),
    ],
)
def test_what_was_judged_differently_is_refused(tmp_path: Path, config: dict[str, Any], message: str) -> None:
    a, b = pair(tmp_path, **config)
    result = CliRunner().invoke(evaluate, ["compare", a, b])
    assert isinstance(result.exception, ProblemError)
    assert str(result.exception) == message


def test_which_case_to_compare_must_be_said_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps([CASE, STORED]))
    result = CliRunner().invoke(evaluate, ["compare", str(path), str(path)])
    assert str(result.exception).endswith("choose one with --case: two programs, all that may be known")
    for case in ("two programs", "1"):
        arguments = ["compare", str(path), str(path), "--case", case]
        assert CliRunner().invoke(evaluate, arguments, catch_exceptions=False).exit_code == 0
    missing = CliRunner().invoke(evaluate, ["compare", str(path), str(path), "--case", "x"])
    assert "has no case 'x'; there are: two programs" in str(missing.exception)


def test_people_get_tables(tmp_path: Path) -> None:
    answers, tables = tmp_path / "a.json", tmp_path / "m.json"
    answers.write_text(json.dumps(ANSWERS))
    tables.write_text(json.dumps({"cases": [CASE]}))
    extracted = CliRunner().invoke(evaluate, ["extract", str(answers)], catch_exceptions=False)
    assert "2 of 4 extracted" in extracted.stdout
    assert "[bold]" in extracted.stdout
    scored = CliRunner().invoke(evaluate, ["score", str(tables)], catch_exceptions=False)
    assert "0.5000" in scored.stdout
    assert "best of n by max-pass" in scored.stdout
    assert "1 problems: 1 with programs" in scored.stdout


@pytest.mark.parametrize(
    ("command", "content", "message"),
    [
        ("extract", "", ":1:1: not valid JSON: Expecting value"),
        ("extract", "{", ":1:2: not valid JSON: Expecting property name enclosed in double quotes"),
        ("extract", "3", "is a whole number, expected an object"),
        ("extract", "{}", "has none of the lists responses, modify, test_if_eq"),
        ("extract", '{"responses": {}}', "'responses' is an object, expected a list"),
        ("extract", '[{"kind": "code"}]', "responses[0]: the field 'response' is missing"),
        (
            "extract",
            '[{"kind": "code", "respons": ""}]',
            "the field 'response' is missing; it has 'respons': did you mean 'response'?",
        ),
        ("extract", '[{"kind": "x", "response": ""}]', "responses[0]: 'kind' is 'x', expected 'code' or 'unit_test'"),
        ("score", "{}", "has neither the list 'cases' nor the lists 'problems' and 'runs'"),
        ("score", '{"cases": [{"config": {}}]}', "cases[0]: the field 'problems' is missing"),
        (
            "score",
            '[{"config": {"max_test": 0}, "problems": []}]',
            "cases[0]: 'config': 'max_test' is 0, expected at least 1",
        ),
        (
            "score",
            '[{"config": {"scale_tuple_list": [[0, 1]]}, "problems": []}]',
            "scale_tuple_list[0] is [0, 1], expected [n, m] with n at least 1 and m at least 0",
        ),
        (
            "score",
            '[{"config": {}, "problems": [{"n_code": 1, "n_case": 0, "n_test_total": 1, '
            '"test_table": [], "case_table": []}]}]',
            "problems[0]: 'test_table' has 0 rows, expected one for each of 1 programs",
        ),
        (
            "score",
            '[{"config": {}, "problems": [{"n_code": 1, "n_case": 1, "n_test_total": 1, '
            '"test_table": [[3]], "case_table": [[true]]}]}]',
            "problems[0]: test_table[0][0] is a whole number, expected true or false",
        ),
        (
            "score",
            '[{"config": {}, "problems": [{"n_code": 1, "n_case": 1, "n_test_total": 1, '
            '"test_table": [[true]], "case_table": [[true]], "case_reference": []}]}]',
            "problems[0]: 'case_reference' has 0 entries, expected 1",
        ),
        (
            "score",
            '{"task_ids": ["a"], "problems": [], "runs": []}',
            "'task_ids' has 1 entries, expected one for each of 0 problems",
        ),
    ],
)
def test_a_bad_file_gets_one_line_and_prints_nothing(tmp_path: Path, command: str, content: str, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_text(content)
    result = CliRunner().invoke(evaluate, [command, str(path), "--json"])
    assert isinstance(result.exception, ProblemError)
    assert result.exception.exit_code == 2
    assert str(result.exception).startswith(str(path))
    assert str(result.exception).endswith(message)
    assert "\n" not in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize("command", ["extract", "score"])
def test_a_missing_file_is_named(command: str) -> None:
    result = CliRunner().invoke(evaluate, [command, "nowhere.json"])
    assert str(result.exception) == "nowhere.json: no such file"
