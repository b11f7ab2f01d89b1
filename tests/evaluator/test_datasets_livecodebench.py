"""LiveCodeBench's raw records; their pickled tests are parsed without `pickle.loads`, which could run code."""

from __future__ import annotations

import base64
import json
import os
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.functional.convert import convert
from evaluator.datasets.functional.livecodebench import livecodebench, without_examples
from evaluator.datasets.sources.pickled import pickled_string
from sandbox import open_sandbox

TESTS = [
    {"input": "[[1,2],[3,4]]\n2", "output": "[1, 3]", "testtype": "functional"},
    {"input": "[[5]]\n1", "output": "[5]", "testtype": "functional"},
]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def packed(tests: list[dict[str, str]], protocol: int = 4) -> str:
    return base64.b64encode(zlib.compress(pickle.dumps(json.dumps(tests), protocol))).decode()


def record(private: str, **changed: Any) -> dict[str, Any]:
    public = [{"input": "[[7,8]]\n3", "output": "[7]", "testtype": "functional"}]
    return {
        "question_title": "first column",
        "question_content": "Return it.\n\nInput: grid = [[7,8]], k = 3\nOutput: [7]\nExplanation: as is.\n",
        "question_id": "1",
        "contest_date": "2024-01-02T00:00:00",
        "starter_code": "class Solution:\n    def first(self, grid: List[List[int]], k: int) -> List[int]:\n        ",
        "public_test_cases": json.dumps(public),
        "private_test_cases": private,
        "metadata": json.dumps({"func_name": "first"}),
    } | changed


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("text", ["", "a", "é\n\\u0041'\"", "𝄞" * 300, "x" * 70_000])
def test_a_string_is_read_in_every_protocol(protocol: int, text: str) -> None:
    assert pickled_string(pickle.dumps(text, protocol)) == text


@given(st.text(), st.sampled_from(PROTOCOLS))
def test_any_string_is_read(text: str, protocol: int) -> None:
    assert pickled_string(pickle.dumps(text, protocol)) == text


@given(st.binary())
def test_anything_else_is_a_value_error(data: bytes) -> None:
    try:
        pickled_string(data)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("value", [1, ["a"], ("a", "b"), {"a": "b"}, b"a", None])
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_any_other_value_is_refused(value: object, protocol: int) -> None:
    with pytest.raises(ValueError, match="refused"):
        pickled_string(pickle.dumps(value, protocol))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_malicious_pickle_is_refused_and_does_nothing(protocol: int, tmp_path: Path) -> None:
    attack = pickle.dumps(Malicious(tmp_path / "made"), protocol)
    private = base64.b64encode(zlib.compress(attack)).decode()
    with pytest.raises(DatasetError, match=r"row 0.*refused"):
        livecodebench(record(private), "row 0")
    assert not (tmp_path / "made").exists()


def test_bytes_that_follow_a_pickle_are_refused() -> None:
    with pytest.raises(ValueError, match="bytes follow"):
        pickled_string(pickle.dumps("a") + b"more")


@pytest.mark.parametrize("private", ["no base64!", base64.b64encode(b"not zlib").decode(), packed(TESTS)[:-8]])
def test_damaged_private_tests_are_named(private: str) -> None:
    with pytest.raises(DatasetError, match="row 3: 'private_test_cases'"):
        livecodebench(record(private), "row 3")


def test_a_stdin_record_is_taken_as_it_is() -> None:
    tests = [{"input": "1\n", "output": "2", "testtype": "stdin"}, {"input": "3", "output": "4\n", "testtype": "stdin"}]
    row = livecodebench(record(packed(tests), public_test_cases=json.dumps(tests[:1])), "row 0")
    assert isinstance(row, dict)
    assert (row["example_input"], row["example_output"]) == (["1\n"], ["2\n"])
    assert (row["test_input"], row["test_output"]) == (["3\n"], ["4\n"])  # the public one is not repeated
    assert row["test_time_limit"] == 8
    assert row["date"] == "2024-01-02"


async def test_a_functional_record_becomes_lines(tmp_path: Path) -> None:
    source = tmp_path / "raw.jsonl"
    source.write_text(json.dumps(record(packed(TESTS))) + "\n")
    sandbox = await open_sandbox("none")
    found = await convert(source, sandbox)
    await sandbox.close()
    (row,) = found.rows
    assert found.format == "livecodebench"
    assert row["example_input"] == ["1\n7 8\n3\n"]  # a table that is not last has its number of rows
    assert row["test_input"] == ["2\n1 2\n3 4\n2\n", "1\n5\n1\n"]
    assert row["test_output"] == ["1 3\n", "5\n"]
    assert "- grid: first a line with the number of items" in row["question"]
    assert "- k: an integer" in row["question"]
    assert "grid = [[7,8]]" not in row["question"]
    assert "Explanation: as is." in row["question"]


def test_only_the_two_lines_of_an_example_go() -> None:
    text = 'Given.\n\n**Input:** s = "a"\n**Output:** 3.14\nSo.\n\nInput\nis read.'
    assert without_examples(text) == "Given.\n\nSo.\n\nInput\nis read."
