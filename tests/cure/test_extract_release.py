"""Extraction by the rules of CURE's released code, faults included, compared with golden files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cure.extract import extractor, release


def golden(shared_data: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_data / "cure-golden" / "extract.json").read_text())
    return loaded


def test_programs_equal_the_golden_file(shared_data: Path) -> None:
    cases = [case for case in golden(shared_data)["responses"] if case["kind"] == "code"]
    assert len(cases) == 18
    for case in cases:
        assert release.extract_code(case["response"]) == case["extracted"], case["name"]


def test_tests_equal_the_golden_file(shared_data: Path) -> None:
    cases = [case for case in golden(shared_data)["responses"] if case["kind"] == "unit_test"]
    assert len(cases) == 31
    for case in cases:
        found = release.extract_test(case["response"])
        if found is None:
            assert case["eval"] == {"test_input": [], "test_output": [], "example_text": []}, case["name"]
        else:
            assert {key: [getattr(found, key)] for key in case["eval"]} == case["eval"], case["name"]


def test_modified_data_equals_the_golden_file(shared_data: Path) -> None:
    for case in golden(shared_data)["modify"]:
        assert release.modify(case["input"]) == case["output"]


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        ("```python\nprint(1)\n```\n```python\nprint(2)\n```", "print(2)"),
        ("```python3\nprint(1)\n```", "3\nprint(1)"),
        ("```py\nprint(1)\n```", release.NO_CODE),
        ("```python\nprint(1)\n", release.NO_CODE),
        ('```python\ns = "```"\n```', 's = "'),
    ],
)
def test_the_faults_of_program_extraction_are_kept(answer: str, program: str) -> None:
    assert release.extract_code(answer) == program


def test_input_and_output_may_come_from_different_answers() -> None:
    answer = "**Test Input:**\n```\n1\n```\n**Test Output:**\n```\n2\n```\n**Test Input:**\n```\n3\n```\n"
    found = release.extract_test(answer)
    assert found is not None
    assert (found.test_input, found.test_output) == ("3\n", "2\n")


def test_a_failed_program_is_the_sentence_that_is_then_executed() -> None:
    found = extractor("release").program("no program")
    assert (found.value, found.reason) == (release.NO_CODE, "no_code")


@given(
    st.lists(st.sampled_from(["**Test Input:**", "**Test Output:**", "**Explanation:**", "```", "\n", "5", "\\n"])).map(
        "".join
    )
)
def test_any_text_gives_a_test_or_a_reason(answer: str) -> None:
    found = extractor("release").test(answer)
    assert (found.value is None) == found.failed
    assert found.value is None or (found.value.stdin.endswith("\n") and found.value.expected.endswith("\n"))
