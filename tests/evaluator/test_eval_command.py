"""`cure-agent eval DATASET`: what it prints, which files it writes, and its error messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cure.errors import ProblemError
from evaluator.commands import evaluate
from tests.evaluator.runs import problems_file, script

pytestmark = pytest.mark.bubblewrap


def command(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def run(tmp_path: Path, *more: object) -> Result:
    file = problems_file(tmp_path / "sums.json", 2)
    asked = ["-n", 4, "-m", 4, "--sandbox", "bubblewrap", "--outputs", tmp_path / "out"]
    return command(file, "--model", script(tmp_path / "s.json"), *asked, *more)


def test_numbers_as_json_and_a_report_on_disk(tmp_path: Path) -> None:
    done = run(tmp_path, "--json")
    assert done.exit_code == 0, done.output
    metrics = json.loads(done.stdout)
    assert metrics["standard"]["values"]["code_accuracy_macro"]["value"] == 0.25
    (directory,) = (tmp_path / "out").glob("*/*/*")
    made = {path.name for path in directory.iterdir()}
    assert {"config.json", "metrics.json", "metrics.csv", "problems.csv", "report.html", "report.md"} <= made
    assert json.loads((directory / "metrics.json").read_text()) == metrics


def test_a_table_for_people_and_the_same_run_again(tmp_path: Path) -> None:
    first, second = run(tmp_path), run(tmp_path)
    assert first.exit_code == second.exit_code == 0
    assert "code accuracy" in first.stdout and "report.html" in first.stdout
    assert first.stdout == second.stdout
    assert len(list((tmp_path / "out").glob("*/*/*"))) == 1


def test_a_run_is_scored_and_compared_where_it_lies(tmp_path: Path) -> None:
    run(tmp_path)
    (directory,) = (tmp_path / "out").glob("*/*/*")
    scored = json.loads(command("score", directory, "--json").stdout)
    assert scored[0]["printed"]["code_acc"] == 0.25
    assert scored[0]["standard"]["values"]["ut_accuracy_reference_requested"]["value"] == 0.5
    compared = json.loads(command("compare", directory, directory, "--json").stdout)
    assert compared["problems"] == 2 and not any(one["winner"] for one in compared["differences"])


def test_a_dry_run_asks_nobody(tmp_path: Path) -> None:
    done = run(tmp_path, "--dry-run", "--json")
    assert json.loads(done.stdout) == {
        "problems": 2,
        "requests": 16,
        "most_completion_tokens": 160_000,
        "most_executions": 4 * (6 + 8),
    }
    assert not (tmp_path / "out").exists()


def test_no_model_is_a_usage_error(tmp_path: Path) -> None:
    done = command(problems_file(tmp_path / "sums.json", 1), "--outputs", tmp_path / "out")
    assert done.exit_code == 2 and "name a model" in done.stderr


@pytest.mark.parametrize(
    ("content", "words"), [("", "is empty"), ("{", "not valid JSON"), ('[{"question": 1}]', "question")]
)
def test_wrong_data_is_one_clear_error(tmp_path: Path, content: str, words: str) -> None:
    file = tmp_path / "problems.json"
    file.write_text(content)
    done = command(file, "--model", "micro", "--outputs", tmp_path / "out")
    assert isinstance(done.exception, ProblemError) and words in str(done.exception)
    assert done.exception.exit_code == 2
