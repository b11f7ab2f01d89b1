"""Problems in the JSON that the browser extension competitive-companion sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cure.errors import ProblemError
from cure.problem import UnitTest
from cure.problem.file import load_problems, read_problem_file, to_record

SENT: dict[str, Any] = {
    "name": "A. Twice",
    "group": "Our Judge - Round 1",
    "url": "https://judge.example/contest/1/A",
    "interactive": False,
    "memoryLimit": 512,
    "timeLimit": 1500,
    "tests": [{"input": "5\n", "output": "10\n"}, {"input": "7\n", "output": "14\n"}],
    "testType": "single",
    "input": {"type": "stdin"},
    "output": {"type": "stdout"},
    "languages": {"java": {"mainClass": "Main", "taskClass": "ATwice"}},
    "batch": {"id": "b", "size": 1},
}


def test_a_sent_problem_is_read_as_it_is() -> None:
    found = read_problem_file("p.json", json.dumps(SENT))
    (problem,) = found.problems
    assert problem.name == "A. Twice"
    assert problem.examples == (UnitTest("5\n", "10\n", "public"), UnitTest("7\n", "14\n", "public"))
    assert (problem.time_limit_s, problem.memory_mb) == (1.5, 512)
    assert problem.extra == {"group": SENT["group"], "url": SENT["url"]}
    assert problem.question.startswith(
        "# A. Twice\n\nA problem of Our Judge - Round 1 (https://judge.example/contest/1/A)"
    )
    assert found.notes == (
        "p.json: the browser extension sends no statement; put it into the file as 'question' for better answers",
    )
    assert load_problems("p.json", json.dumps(to_record(problem))) == [problem]


def test_a_question_that_was_added_is_the_statement() -> None:
    found = read_problem_file("p.json", json.dumps([{**SENT, "question": "Print 2n."}, {**SENT, "name": "B"}]))
    assert [problem.question.split("\n")[0] for problem in found.problems] == ["Print 2n.", "# B"]
    assert len(found.notes) == 1


def test_limits_that_are_not_stated_are_the_usual_ones() -> None:
    (problem,) = load_problems("p.json", json.dumps({**SENT, "timeLimit": 0, "memoryLimit": None}))
    assert (problem.time_limit_s, problem.memory_mb) == (1.0, 256)


def test_a_note_names_the_files_of_the_judge() -> None:
    files = {"input": {"type": "file", "fileName": "a.in"}, "output": {"type": "file", "fileName": "a.out"}}
    notes = read_problem_file("p.json", json.dumps({**SENT, **files, "question": "x"})).notes
    assert notes == (
        "p.json: the judge's input is the file a.in; here programs use standard input and output",
        "p.json: the judge's output is the file a.out; here programs use standard input and output",
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"interactive": True}, "the problem is interactive; only problems with fixed inputs can be solved"),
        ({"tests": {}}, "'tests' is an object, expected a list"),
        ({"tests": [{"input": "1"}]}, "tests[0]: the field 'output' is missing"),
        (
            {"tests": [{"input": "1", "output": "\ud800"}]},
            "tests[0]: 'output' is text with half a surrogate pair, expected text",
        ),
        ({"timeLimit": "1s"}, "'timeLimit' is text, expected a number"),
        ({"timeLimit": 1e12}, "'timeLimit' is 1e+12, expected at most 3600000 milliseconds"),
        ({"memoryLimit": float("inf")}, "'memoryLimit' is inf, expected a positive number"),
        ({"memoryLimit": 0.5}, "'memoryLimit' is 0.5, expected at least 1 megabyte"),
        ({"name": 5}, "'name' is a whole number, expected text"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        load_problems("p.json", json.dumps({**SENT, **change}))
    assert str(error.value) == f"p.json: {message}"
