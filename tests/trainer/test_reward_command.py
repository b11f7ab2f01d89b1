"""`cure-agent train reward`: rewards of stored tables, by the CURE paper or as its released code computes them."""

from __future__ import annotations

import copy
import json
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cure.errors import ProblemError
from trainer.commands.reward_tables import reward

ROOT = Path(__file__).parents[2]
FIGURE_3 = ROOT / "cure" / "reward" / "figure3.json"
PAGE = (ROOT / "docs" / "rewards.md").read_text(encoding="utf-8")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(reward, list(arguments))


def printed(path: Path, *arguments: str) -> Any:
    """The JSON on standard output."""
    result = CliRunner().invoke(reward, [str(path), "--json", *arguments], catch_exceptions=False)
    assert result.exit_code == 0
    return json.loads(result.stdout)


def changed(tmp_path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """Figure 3's file after a change to its only problem."""
    content = copy.deepcopy(json.loads(FIGURE_3.read_text()))
    change(content["cases"][0]["problems"][0])
    path = tmp_path / "tables.json"
    path.write_text(json.dumps(content))
    return path


def test_figure_3_of_the_paper() -> None:
    (case,) = printed(FIGURE_3)
    (problem,) = case["problems"]
    assert (case["name"], case["preset"]) == ("figure 3", "paper")
    assert problem["codes"]["rewards"] == [1, 1, 1, 2 / 3, 1 / 3, 0]
    assert problem["tests"]["rewards"] == [3, 2, 1, 0, 0, -1]
    assert sum(problem["tests"]["advantages"]) == pytest.approx(0, abs=1e-12)
    assert problem["tests"]["reason"] is None


def test_the_release_divides_by_the_number_of_wrong_codes_and_standardises_to_the_same() -> None:
    (paper,), (release,) = printed(FIGURE_3), printed(FIGURE_3, "--preset", "release")
    (ours,), (theirs,) = paper["problems"], release["problems"]
    assert theirs["tests"]["rewards"] == [1, 2 / 3, 1 / 3, 0, 0, -1 / 3]
    for role in ("codes", "tests"):
        assert theirs[role]["advantages"] == pytest.approx(ours[role]["advantages"], abs=1e-12)
    assert [row["reward"] for row in release["rl_case_data"]] == theirs["tests"]["advantages"]
    assert release["rl_code_data"][0] == {
        "prompt": "Write a program.",
        "response": "code 1<|im_end|>",
        "reward": theirs["codes"]["advantages"][0],
    }
    assert (release["error"], release["reason"]) == (None, None)


def test_release_equals_the_golden_file(shared_data: Path) -> None:
    path = shared_data / "cure-golden" / "reward.json"
    for found, stored in zip(printed(path, "--preset", "release"), json.loads(path.read_text())["cases"], strict=True):
        expected = stored["expected"]
        assert found["error"] == expected["error"]
        for name in ("rl_code_data", "rl_case_data"):
            assert [row | {"reward": 0} for row in found[name]] == [row | {"reward": 0} for row in expected[name]]
            assert [row["reward"] for row in found[name]] == (
                pytest.approx([row["reward"] for row in expected[name]], abs=1e-12, rel=0)
            )


@pytest.mark.parametrize("preset", ["paper", "release"])
def test_every_group_has_advantages_or_a_reason(shared_data: Path, preset: str) -> None:
    for case in printed(shared_data / "cure-golden" / "reward.json", "--preset", preset):
        for problem in case["problems"]:
            for role in ("codes", "tests"):
                group = problem[role]
                assert (group["advantages"] is None) == (group["reason"] is not None)


def test_no_right_program_no_table_and_no_ground_truth_are_reasons(tmp_path: Path) -> None:
    def nobody_is_right(problem: dict[str, Any]) -> None:
        problem["all_case_bool_table"] = [[False, *row[1:]] for row in problem["all_case_bool_table"]]

    def no_ground_truth(problem: dict[str, Any]) -> None:
        problem["num_ground_truth_test"] = 0
        problem["all_case_bool_table"] = [row[3:] for row in problem["all_case_bool_table"]]

    for preset in ("paper", "release"):
        ((case,), (none,), (unlabelled,)) = (
            printed(changed(tmp_path, change), "--preset", preset)
            for change in (nobody_is_right, lambda row: row.update(all_case_bool_table=None), no_ground_truth)
        )
        assert case["problems"][0]["tests"] == {"rewards": None, "advantages": None, "reason": "no program is right"}
        assert none["problems"][0]["codes"]["reason"] == "there is no table"
        assert "no ground-truth tests" in unlabelled["problems"][0]["codes"]["reason"]
        if preset == "release":
            assert [row["reward"] for row in unlabelled["rl_code_data"]] == [None] * 6


def test_a_dropped_group_says_why(tmp_path: Path) -> None:
    (case,) = printed(
        changed(tmp_path, lambda row: row.update(all_case_bool_table=[[True] * 9] * 6)), "--preset", "release"
    )
    assert case["problems"][0]["codes"]["reason"] == "all rewards are equal"
    assert case["rl_code_data"] == []


def test_people_get_a_table() -> None:
    result = invoke(str(FIGURE_3))
    assert result.exit_code == 0
    assert "figure 3 (paper)" in result.stdout
    assert re.search(r"test 5 .* -1\.0000 .* -1\.3644", result.stdout)


def test_a_list_of_cases_without_names_or_configs_will_do(tmp_path: Path) -> None:
    problems = json.loads(FIGURE_3.read_text())["cases"][0]["problems"]
    path = tmp_path / "list.json"
    path.write_text(json.dumps([{"problems": problems}]))
    assert printed(path)[0]["problems"] == printed(FIGURE_3)[0]["problems"]
    assert "#0 (paper)" in invoke(str(path)).stdout


def set_cell(problem: dict[str, Any], value: object) -> None:
    problem["all_case_bool_table"][2][1] = value


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda row: set_cell(row, 1),
            "all_case_bool_table[2][1] is a whole number, expected true or false",
        ),
        (lambda row: set_cell(row, None), "all_case_bool_table[2][1] is null, expected true or false"),
        (
            lambda row: row["all_case_bool_table"][4].pop(),
            "'all_case_bool_table' row 4 has 8 entries, expected 9: "
            "the ground-truth tests, then one for each of 'full_case_generation'",
        ),
        (
            lambda row: row["all_case_bool_table"].pop(),
            "'all_case_bool_table' has 5 rows, expected 6, one for each of 'full_code_generation'",
        ),
        (
            lambda row: row.update(all_case_bool_table=[3] * 6),
            "all_case_bool_table[0] is a whole number, expected a list",
        ),
        (lambda row: row.pop("all_case_bool_table"), "the field 'all_case_bool_table' is missing"),
        (lambda row: row.update(num_ground_truth_test=-1), "'num_ground_truth_test' is -1, expected at least 0"),
        (lambda row: row.update(num_ground_truth_test=True), "is true or false, expected a whole number"),
        (
            lambda row: row["case_response_length"].pop(),
            "'case_response_length' has 5 entries, expected 6, one for each of 'full_case_generation'",
        ),
        (
            lambda row: row["code_response_length"].__setitem__(0, -5),
            "'code_response_length' holds a length that is negative or too large",
        ),
        (lambda row: row["full_code_generation"].__setitem__(3, None), "[3] is null, expected text"),
    ],
)
def test_a_bad_problem_gets_one_line_and_prints_nothing(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    path = changed(tmp_path, change)
    result = invoke(str(path), "--json")
    assert isinstance(result.exception, ProblemError)
    assert result.exception.exit_code == 2
    assert str(result.exception).startswith(f"{path}: cases[0]: problems[0]: ")
    assert str(result.exception).endswith(message)
    assert "\n" not in str(result.exception)
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", ":1:1: not valid JSON: Expecting value"),
        (b"\xff", ": is not UTF-8 text (byte 0); save it as UTF-8"),
        (b"3", " is a whole number, expected an object"),
        (b"{}", ": the field 'cases' is missing"),
        (b"[3]", ": cases[0] is a whole number, expected an object"),
        (b"[{}]", ": cases[0]: the field 'problems' is missing"),
        (
            b'[{"problems": [], "config": {"post_stage": 1}}]',
            ": cases[0]: 'config': 'post_stage' is a whole number, expected true or false",
        ),
    ],
)
def test_a_bad_file_gets_one_line(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    assert str(invoke(str(path)).exception) == f"{path}{message}"


def test_a_missing_file_is_named() -> None:
    assert str(invoke("nowhere.json").exception) == "nowhere.json: no such file"


def test_the_command_loads_nothing_heavy() -> None:
    script = "import sys, trainer.commands.reward_tables; print(sorted({'torch', 'numpy', 'rich'} & set(sys.modules)))"
    shown = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_the_commands_of_the_page_work_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    commands = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    assert len(commands) >= 2
    for command in commands:
        words = shlex.split(command)
        assert words[:3] == ["cure-agent", "train", "reward"]
        result = invoke(*words[3:])
        assert result.exit_code == 0, result.output


def test_the_example_of_the_page_computes_what_it_says() -> None:
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/rewards.md", "exec"), {})
