"""Problems read from files, and the error messages about files that hold none."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.problem import Problem, Submission, UnitTest
from cure.problem.file import load_problems, pick, to_record
from tests.problem_files import dump_problems

ROW = {
    "task_id": "sum",
    "question": "Add two numbers.",
    "example_input": ["1 2\n"],
    "example_output": ["3\n"],
    "test_input": ["2 2\n", "0 0\n"],
    "test_output": ["4\n", "0\n"],
    "test_time_limit": 2,
    "difficulty": 1,
    "topic": "sums",
}


def test_a_row_becomes_a_problem_and_unknown_fields_are_kept() -> None:
    (problem,) = load_problems("p.json", json.dumps(ROW))
    assert problem == Problem(
        question="Add two numbers.",
        examples=(UnitTest("1 2\n", "3\n", "public"),),
        hidden=(UnitTest("2 2\n", "4\n", "hidden"), UnitTest("0 0\n", "0\n", "hidden")),
        time_limit_s=2.0,
        name="sum",
        difficulty="1",
        extra={"task_id": "sum", "topic": "sums"},
    )


JUDGED = {
    "question": "Print any even number.",
    "comparison": "unordered-tokens",
    "checker": "import json\n",
    "reference_solution": "print(2)",
    "submissions": ["print(4)", {"program": "print(3)", "correct": False, "model": "m", "index": 2, "cost": 1}],
    "difficulty": "hard",
    "contest_date": "2026-02-03T12:00:00",
}


def test_how_a_problem_is_judged_and_what_the_set_brings_along_are_fields() -> None:
    (problem,) = load_problems("p.json", json.dumps(JUDGED))
    assert (problem.comparison, problem.checker, problem.reference) == ("unordered-tokens", "import json\n", "print(2)")
    assert problem.submissions == (
        Submission("print(4)"),
        Submission("print(3)", False, "m 2", {"correct": False, "model": "m", "index": 2, "cost": 1}),
    )
    assert (problem.difficulty, problem.date) == ("hard", "2026-02-03")
    assert load_problems("p.json", json.dumps(to_record(problem))) == [problem]


def test_names_and_labels_of_submissions_are_written() -> None:
    brought = (Submission("print(3)", False, "wrong.py"), Submission("print(2)", True), Submission("print(4)"))
    (read,) = load_problems("p.json", json.dumps(to_record(Problem("x", name="p", submissions=brought))))
    assert [(each.text, each.right, each.name) for each in read.submissions] == [
        ("print(3)", False, "wrong.py"),
        ("print(2)", True, ""),
        ("print(4)", None, ""),
    ]
    assert load_problems("p.json", json.dumps(to_record(read))) == [read]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"comparison": 1}, "'comparison' is a whole number, expected text"),
        ({"submissions": "print(1)"}, "'submissions' is text, expected a list"),
        (
            {"submissions": [3]},
            "submissions[0] is a whole number, expected a program or an object with the field 'code'",
        ),
        ({"submissions": [{"source": None}]}, "submissions[0]: 'source' is null, expected text"),
        ({"submissions": ["\ud800"]}, "submissions[0] is text with half a surrogate pair, expected text"),
        ({"difficulty": True}, "'difficulty' is true or false, expected text"),
        ({"memory_limit_mb": 0.5}, "'memory_limit_mb' is 0.5, expected at least 1 megabyte"),
        ({"test_time_limit": 10**400}, "'test_time_limit' is a number with 401 digits, expected a smaller one"),
        ({"submissions": [{"model": "m"}]}, "submissions[0] lacks the required field 'code'"),
    ],
)
def test_a_malformed_field_is_named(row: dict[str, object], message: str) -> None:
    with pytest.raises(ProblemError) as error:
        load_problems("p.json", json.dumps({"question": "x", **row}))
    assert str(error.value) == f"p.json: {message}"


def test_a_question_is_all_that_is_required() -> None:
    (problem,) = load_problems("dir/easy.json", '{"question": "x", "example_input": null}')
    assert problem == Problem("x", name="easy")


def test_lists_and_lines_hold_several_problems(tmp_path: Path) -> None:
    rows = [{"question": "a"}, {"question": "b"}]
    listed, lines = tmp_path / "p.json", tmp_path / "p.jsonl"
    listed.write_text(json.dumps(rows))
    lines.write_text("\n\n".join(json.dumps(row) for row in rows) + "\n")
    assert load_problems(str(listed)) == load_problems(str(lines))
    assert [problem.name for problem in load_problems(str(listed))] == ["p/0", "p/1"]


@pytest.mark.parametrize("text", ['{"question": "a"}', '[{"question": "a"}]', '{"question": "a"}\n{"question": "b"}\n'])
def test_standard_input_may_be_json(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert load_problems("-")[0].question == "a"


@pytest.mark.parametrize("text", ["Add two numbers.", "[Easy] Add two numbers."])
def test_standard_input_may_be_a_statement(text: str) -> None:
    assert load_problems("-", text) == [Problem(text, name="stdin")]


STATEMENT = """# Sum of two ##

Add.

## Input
```
not an example
```

## Examples
### Example 1
**Input:**
```
1 2
```
Output
```text
3
```
### Example 2
```input
5 6
7
```
```output
```

## Notes
Input:
```
no example either
```
"""


def test_a_markdown_statement_is_named_by_its_heading_and_brings_its_examples() -> None:
    (problem,) = load_problems("file.md", STATEMENT)
    assert problem.name == "Sum of two"
    assert problem.question == STATEMENT.strip()
    assert problem.examples == (UnitTest("1 2\n", "3\n", "public"), UnitTest("5 6\n7\n", "", "public"))


def test_one_problem_is_picked_by_its_index() -> None:
    problems = [Problem("a"), Problem("b")]
    assert pick(problems, 1) is problems[1]
    assert pick(problems[:1], None) is problems[0]
    for index, message in (
        (None, "the file holds 2 problems; choose one with --index 0 to 1"),
        (2, "--index 2: the file holds problems 0 to 1"),
        (-1, "--index -1: the file holds problems 0 to 1"),
    ):
        with pytest.raises(ProblemError) as error:
            pick(problems, index)
        assert str(error.value) == message


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("p.json", "", "p.json: is empty; expected a problem as JSON, JSONL, Markdown or text"),
        ("p.md", " \n", "p.md: is empty; expected a problem as JSON, JSONL, Markdown or text"),
        ("p.json", '{"question": ', "p.json:1:14: not valid JSON: Expecting value"),
        ("p.json", '{"question": "a"} b', "p.json:1:19: not valid JSON: Extra data"),
        ("p.json", "[" * 100_000, "p.json: not valid JSON: nested too deeply"),
        ("p.json", "[" + "9" * 5000 + "]", "p.json: not valid JSON: a number is too long"),
        ("p.json", "[]", "p.json: the list holds no problem"),
        ("p.json", "3", "p.json: expected a problem or a list of problems, found 3"),
        ("p.json", "[1]", "p.json: problem 0 is a whole number, expected an object"),
        ("p.jsonl", '{"question": "a"}\n{"question"}', "p.jsonl:2:12: not valid JSON: Expecting ':' delimiter"),
        ("p.jsonl", '\n{"question": 5}', "p.jsonl: line 2: 'question' is a whole number, expected text"),
        ("p.json", "{}", "p.json: the field 'question' is missing"),
        (
            "p.json",
            '[{"question": "a"}, {"problem": "b"}]',
            "p.json: problem 1: the field 'question' is missing; it has 'problem': did you mean 'question'?",
        ),
        (
            "p.json",
            '{"qestion": "b"}',
            "p.json: the field 'question' is missing; it has 'qestion': did you mean 'question'?",
        ),
        ("p.json", '{"question": " \\n"}', "p.json: 'question' is empty; a problem needs a statement"),
        ("p.json", '{"question": "\\ud800"}', "p.json: 'question' is text with half a surrogate pair, expected text"),
        ("p.json", '{"question": "a", "test_input": "1"}', "p.json: 'test_input' is text, expected a list"),
        (
            "p.json",
            '{"question": "a", "test_input": ["1", 2], "test_output": ["1", "2"]}',
            "p.json: test_input[1] is a whole number, expected text",
        ),
        (
            "p.json",
            '{"question": "a", "test_input": ["1", "2"], "test_output": ["1"]}',
            "p.json: 'test_input' has 2 texts and 'test_output' has 1 text, expected equally many",
        ),
        (
            "p.json",
            '{"question": "a", "example_input": ["1"], "example_outputs": ["1"]}',
            "p.json: 'example_input' has 1 text and 'example_output' has 0 texts, expected equally many; "
            "'example_output' is missing; it has 'example_outputs': did you mean 'example_output'?",
        ),
        ("p.json", '{"question": "a", "test_time_limit": "2"}', "p.json: 'test_time_limit' is text, expected a number"),
        (
            "p.json",
            '{"question": "a", "test_time_limit": 0}',
            "p.json: 'test_time_limit' is 0, expected a positive number",
        ),
        (
            "p.json",
            '{"question": "a", "test_time_limit": NaN}',
            "p.json: 'test_time_limit' is nan, expected a positive number",
        ),
        (
            "p.json",
            '{"question": "a", "test_time_limit": 3601}',
            "p.json: 'test_time_limit' is 3601, expected at most 3600 seconds",
        ),
        (
            "p.json",
            '{"question": "a", "memory_limit_mb": 1e300}',
            "p.json: 'memory_limit_mb' is 1e+300, expected at most 1048576 megabytes",
        ),
        ("p.json", '{"question": "a", "name": [1]}', "p.json: 'name' is a list, expected text"),
        ("p.md", "# Title\n\n", "p.md: the statement is empty"),
        ("p.md", "# T\nx\n## Example\nInput:\n```\n1\n```", "p.md:5: this example input has no output"),
        (
            "p.md",
            "# T\nx\n## Example\nOutput:\n```\n1\n```\n## Example\nInput:\n```\n1\n```\nOutput:\n```\n1\n```",
            "p.md:5: this example output has no input before it",
        ),
        ("p.md", "# T\nx\n```\n1", "p.md:3: this fenced block is never closed"),
        ("-", "{", "standard input:1:2: not valid JSON: Expecting property name enclosed in double quotes"),
    ],
)
def test_a_bad_file_gets_one_exact_line(name: str, text: str, message: str) -> None:
    with pytest.raises(ProblemError) as error:
        load_problems(name, text)
    assert str(error.value) == message
    assert error.value.exit_code == 2


def test_a_file_that_cannot_be_read_gets_one_exact_line(tmp_path: Path) -> None:
    binary = tmp_path / "b.json"
    binary.write_bytes(b'{"question": "\xff"}')
    for path, message in (
        (tmp_path / "none.json", "no such file"),
        (tmp_path, "is a directory; expected a file"),
        (binary, "is not UTF-8 text (byte 14); save it as UTF-8"),
    ):
        with pytest.raises(ProblemError) as error:
            load_problems(str(path))
        assert str(error.value) == f"{path}: {message}"


def test_a_byte_order_mark_is_no_part_of_the_statement(tmp_path: Path) -> None:
    path = tmp_path / "p.txt"
    path.write_bytes(b"\xef\xbb\xbfAdd.\n")
    assert load_problems(str(path))[0].question == "Add."


def test_parquet_holds_the_same_fields(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "p.parquet"
    parquet.write_table(pyarrow.Table.from_pylist([ROW, ROW]), path)
    assert load_problems(str(path)) == load_problems("p.json", json.dumps([ROW, ROW]))


TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
UNIT_TESTS = st.lists(st.tuples(TEXTS, TEXTS), max_size=3)


@given(TEXTS.filter(str.strip), UNIT_TESTS, UNIT_TESTS, st.floats(0.001, 100), st.integers(1, 4096), TEXTS)
def test_a_dumped_problem_loads_as_it_was(
    question: str,
    examples: list[tuple[str, str]],
    hidden: list[tuple[str, str]],
    limit: float,
    memory: int,
    source: str,
) -> None:
    public = tuple(UnitTest(*pair, "public") for pair in examples)
    tests = tuple(UnitTest(*pair, "hidden") for pair in hidden)
    problem = Problem(
        question, public, hidden=tests, time_limit_s=limit, memory_mb=memory, name="name", extra={"source": source}
    )
    assert load_problems("p.json", dump_problems([problem, problem])) == [problem, problem]
    assert load_problems("p.jsonl", json.dumps(to_record(problem))) == [problem]


def test_real_problem_sets_load(shared_data: Path) -> None:
    problems = load_problems(str(shared_data / "stdio-he-mbpp" / "humaneval_plus_stdio_cure.json"))
    assert len(problems) == 155
    assert problems[0].name == "HumanEval/0"
    assert all(problem.hidden for problem in problems)


def test_a_statement_is_not_named_after_its_example(tmp_path: Path) -> None:
    path = tmp_path / "double.md"
    path.write_text("Double it.\n\n## Example\nInput\n```\n1\n```\nOutput\n```\n2\n```\n")
    assert load_problems(str(path))[0].name == "double"


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("sums.json", '[{"question": "q"}]'),
        ("sums.jsonl", '{"question": "q"}\n'),
        ("sums.md", "q\n"),
        ("sums", '{"question": "q"}'),
    ],
)
def test_a_gzipped_file_reads_like_the_plain_one(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content.encode()))
    assert load_problems(str(tmp_path / f"{name}.gz")) == load_problems(str(tmp_path / name))


def test_a_gzipped_file_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "sums.json"
    path.write_bytes(gzip.compress(b'[{"question": "q"}]'))
    assert [problem.question for problem in load_problems(str(path))] == ["q"]


def test_a_damaged_gzipped_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "sums.json.gz"
    path.write_bytes(gzip.compress(b'[{"question": "q"}]')[:-9])
    with pytest.raises(ProblemError, match=r"sums\.json\.gz: cannot be unzipped"):
        load_problems(str(path))
