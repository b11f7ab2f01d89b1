"""Extraction from answers in the forms that models write them in; `answer_forms` holds the forms, by kind."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.extract import Note, Reason, extractor
from cure.extract.headers import header_at
from tests.cure import answer_forms as forms
from tests.cure.answer_forms import DRAFT, FENCED, INPUT, OUTPUT, PROGRAM, block

robust, release = extractor("robust"), extractor("release")


def every(*kinds: Mapping[str, str]) -> pytest.MarkDecorator:
    """A decorator that runs a test once for each form of these kinds, with the answer in that form."""
    answers = [pytest.param(answer, id=form) for kind in kinds for form, answer in kind.items()]
    return pytest.mark.parametrize("answer", answers)


@every(forms.FENCES)
def test_a_program_is_found_behind_any_fence(answer: str) -> None:
    assert robust.program(answer).value == PROGRAM


@every(forms.OPENING_FENCE_MISSING)
def test_a_program_is_found_without_its_opening_fence(answer: str) -> None:
    assert robust.program(answer).value == PROGRAM


@every(forms.OTHER_MARKS, forms.OTHER_CHARACTERS, forms.OTHER_THINKING)
def test_a_program_is_found_between_other_marks_characters_and_thinking(answer: str) -> None:
    assert robust.program(answer).value == PROGRAM


def test_a_program_is_mended_only_where_it_does_not_compile() -> None:
    for program in ('print("&lt;", input())', 'print("\u201c\u00a0\u201d", input())', "print(input())  # 1. Read it"):
        assert robust.program(block(program, "python")).value == program
    assert robust.program(block("n = int(input()\nprint(n)", "python")).value == "n = int(input()\nprint(n)"
    found = robust.program(block("n = int(input())\nif n &lt; 0:\n    print(n)", "python"))
    assert found.value == "n = int(input())\nif n < 0:\n    print(n)"
    assert Note.MENDED_CHARACTERS in found.notes


@every(forms.LAST_BLOCK_DOES_NOTHING)
def test_a_last_block_that_does_nothing_does_not_replace_the_program(answer: str) -> None:
    assert robust.program(answer).value == PROGRAM


def test_a_function_that_is_only_called_in_a_later_block_is_put_before_the_call() -> None:
    definition = "def main():\n    print(int(input()) * 2)"
    found = robust.program(f"{block(definition, 'python')}Then:\n{block('main()', 'python')}")
    assert found.value == f"{definition}\n\nmain()"
    assert Note.JOINED_BLOCKS in found.notes
    whole = f"{definition}\n\nmain()"
    assert robust.program(f"{block(whole, 'python')}Then:\n{block('main()', 'python')}").value == whole


@every(forms.OUTPUT_CORRECTED, forms.INPUTS_BEFORE_OUTPUTS, forms.FENCES_OF_TESTS, forms.OTHER_TESTS)
def test_a_test_is_found_in_any_order_and_form(answer: str) -> None:
    found = robust.test(answer)
    assert found.value is not None, found.why
    assert (found.value.stdin, found.value.expected) == ("5\n", "10\n")


def test_a_correction_is_said() -> None:
    found = robust.test(f"{INPUT}{block(5)}{OUTPUT}{block(11)}Wait.\n{OUTPUT}{block(10)}")
    assert Note.CORRECTED in found.notes


@pytest.mark.parametrize(
    ("line", "exact"),
    [
        ("**Test Input:**", True),
        ("  **Test Output:** 5", True),
        ("**Explanation:** so", True),
        ("**Explanation: so**", True),
        ("1. **Test Input:**", True),
        ("***Test Input:***", True),
        ("So **Test Input:**", True),
        ("x **Explanation:**", True),
        ("**Test input:**", False),
        ("So **Test input:**", False),
        ("x **EXPLANATION:**", False),
        ("x **Test Explanation:**", False),
        ("x **Test Input**:", False),
        ("Test Input:", False),
        ("## Test Input:", False),
        ("**The Test Input:**", False),
        ("**Input:**", False),
    ],
)
def test_a_header_is_exact_where_the_released_code_finds_it(line: str, exact: bool) -> None:
    header = header_at(line)
    assert header is not None
    assert header.exact == exact
    if header.kind == "input":
        assert (release.test(f"{line}\n5\n**Test Output:**\n6").value is not None) == exact


@pytest.mark.parametrize(("data", "expected"), forms.HEADER_WORDS_IN_DATA.values(), ids=forms.HEADER_WORDS_IN_DATA)
@pytest.mark.parametrize("styles", [("**Test Input:**", "**Test Output:**"), ("Test Input:", "Test Output:")])
def test_header_words_in_fenced_data_are_data(data: str, expected: str, styles: tuple[str, str]) -> None:
    found = robust.test(f"{styles[0]}\n{block(data[:-1])}{styles[1]}\n{block(expected[:-1])}**Explanation:** so")
    assert found.value is not None, found.why
    assert (found.value.stdin, found.value.expected) == (data, expected)


def test_header_words_in_plain_data_are_data_where_the_headers_are_bold() -> None:
    found = robust.test(f"{INPUT}log\ntest input: 5\n\n{OUTPUT}ok")
    assert found.value is not None
    assert (found.value.stdin, found.value.expected) == ("log\ntest input: 5\n", "ok\n")


@every(forms.CUT_PROGRAMS)
def test_a_program_cut_before_it_began_is_said_to_be_cut(answer: str) -> None:
    assert robust.program(answer).reason == Reason.CUT


@every(forms.CUT_TESTS)
def test_a_test_cut_before_it_was_there_is_said_to_be_cut(answer: str) -> None:
    assert robust.test(answer).reason == Reason.CUT


PIECES = (
    *("```", "```python", "```text", "~~~", "\n", "\n", "\n", "> ", "1. ", "**", "Sure! ", "5", "x = 5", "print(1)"),
    *(PROGRAM, FENCED, DRAFT, INPUT, OUTPUT, "Output: 5", "**Explanation:** so", block(5), "<answer>", "</answer>"),
    *("</think>", "<|channel|>final<|message|>", "<|end|>", "<|im_end|>", '{"input": "5", "output": "6"}', "Wait."),
)


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_robust_extraction_finds_whatever_the_released_finds(answer: str) -> None:
    assert_nothing_lost(answer)


def assert_nothing_lost(answer: str) -> None:
    """Assert that robust extraction finds a program, or a test, wherever the released rules find one.

    Exceptions are answers that end inside their thinking, where what is found is a draft, and tests whose output is
    nothing but fences.
    """
    found, released = robust.program(answer), release.program(answer)
    if not released.failed and released.value and found.reason != Reason.UNFINISHED_THINKING:
        assert found.value, answer
    test, released_test = robust.test(answer), release.test(answer).value
    if released_test is not None and released_test.expected.strip("` \n"):
        assert test.value is not None or test.reason == Reason.UNFINISHED_THINKING, answer


def stored_answers(shared_data: Path) -> Iterator[str]:
    """Answers of the golden file of the released extraction, then answers of real models."""
    golden = json.loads((shared_data / "cure-golden" / "extract.json").read_text())
    yield from (case["response"] for case in golden["responses"])
    for path in sorted((shared_data / "codet").glob("*_code_solution.jsonl.gz")) + sorted(
        (shared_data / "codet").glob("*_test_case.jsonl.gz")
    ):
        with gzip.open(path, "rt") as lines:
            for line in lines:
                yield from json.loads(line)["samples"][:4]
    for path in sorted((shared_data / "stdio-he-mbpp").glob("*.json.gz")):
        with gzip.open(path, "rt") as file:
            for row in json.load(file):
                yield from (f"```python\n{submission['code']}\n```" for submission in row.get("submissions", ())[:1])


def test_robust_extraction_finds_whatever_the_released_finds_in_stored_answers(shared_data: Path) -> None:
    count = 0
    for answer in stored_answers(shared_data):
        assert_nothing_lost(answer)
        count += 1
    assert count > 500
