"""A new data set format is one file and one line of registration: this file, and the line in `registered` below."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.command import main
from evaluator.datasets.functional.format import Format, Row
from evaluator.datasets.functional.function import Call, FunctionProblem
from evaluator.datasets.functional.registry import FORMATS
from evaluator.datasets.rows import text_of
from tests.evaluator.runs import answer_of_a_tester, script

pytestmark = pytest.mark.bubblewrap


def quiz(row: Row, where: str) -> FunctionProblem:
    """The problem of a row with `quiz`, a lambda expression, and `tries`, lists of arguments."""
    calls = [
        Call(f"try {number}", tuple(arguments), public=number < 2) for number, arguments in enumerate(row["tries"])
    ]
    return FunctionProblem(
        name=text_of(row, "title", where),
        statement=text_of(row, "words", where),
        entry_point="answer",
        parameters=("a", "b"),
        reference=f"answer = {text_of(row, 'quiz', where)}\n",
        calls=tuple(calls),
    )


@pytest.fixture(autouse=True)
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FORMATS, "quiz", Format(lambda row: "quiz" in row, quiz))


ROW = {"title": "sum", "words": "Add them.", "quiz": "lambda a, b: a + b", "tries": [[n, 10 * n] for n in range(9)]}


def command(*arguments: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert isinstance(ended.value.code, int)
    return ended.value.code


def test_a_set_in_the_new_format_is_converted_checked_and_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = tmp_path / "quiz.json", tmp_path / "problems.json"
    source.write_text(json.dumps([ROW]))
    assert command("datasets", "convert", source, "--to", target, "--sandbox", "bubblewrap", "--json") == 0
    converted = json.loads(capsys.readouterr().out)
    assert (converted["format"], converted["converted"]) == ("quiz", 1)
    assert command("datasets", "check", target, "--sandbox", "bubblewrap") == 0
    codes = ["```python\nprint(int(input()) + int(input()))\n```", "```python\nprint(int(input()) * int(input()))\n```"]
    model = script(tmp_path / "model.json", codes, [answer_of_a_tester("2\n3", "5")])
    capsys.readouterr()
    options = ("-n", 2, "-m", 1, "--sandbox", "bubblewrap", "--outputs", tmp_path / "runs", "--json")
    assert command("eval", target, "--model", model, *options) == 0
    metrics = json.loads(capsys.readouterr().out)
    assert metrics["verdicts"]["programs"] == {"right": 1, "wrong answer": 1}
    assert metrics["reference"]["pass_rate"] == 1.0


def test_it_can_be_named_and_is_named_in_messages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "quiz.json", tmp_path / "problems.json"
    source.write_text(json.dumps([ROW]))
    named = ("--format", "quiz", "--to", target, "--sandbox", "bubblewrap")
    assert command("datasets", "convert", source, *named) == 0
    assert command("datasets", "convert", source, "--format", "quizz", "--to", target) == 2
    assert "'quizz' is not one of auto, humaneval, mbpp" in capsys.readouterr().err
    source.write_text(json.dumps([{"riddle": 1}]))
    assert command("datasets", "convert", source, "--to", target) == 2
    assert "livecodebench, quiz; its first row has riddle" in capsys.readouterr().err
