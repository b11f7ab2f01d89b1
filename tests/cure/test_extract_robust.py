"""The extraction mode `robust`, which reads programs and tests from answers that do not keep to the form asked for."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cure.errors import ProblemError
from cure.extract import MODES, Note, Reason, extractor

robust = extractor("robust")


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        ("```py\nprint(1)\n```", "print(1)"),
        ("```python3\nprint(1)\n```", "print(1)"),
        ("```Python\nprint(1)\n```", "print(1)"),
        ("``` python\nprint(1)\n```", "print(1)"),
        ("```{.python}\nprint(1)\n```", "print(1)"),
        ("```\nprint(1)\n```", "print(1)"),
        ("```\npython\nprint(1)\n```", "print(1)"),
        ("~~~python\nprint(1)\n~~~", "print(1)"),
        ("````python\nprint(1)\n````", "print(1)"),
        ("```python\nprint(1)\n", "print(1)"),
        ("```python\nprint(1)```", "print(1)"),
        ("```python\r\nprint(1)\r\n```", "print(1)"),
        ("  ```python\n  print(1)\n  ```", "print(1)"),
        ("1. So:\n   ```python\n   if 1:\n       print(1)\n   ```", "if 1:\n    print(1)"),
        ("```python\\nprint(1)\\nprint(2)\\n```", "print(1)\nprint(2)"),
        ('```python\ns = "```"\nprint(s)\n```', 's = "```"\nprint(s)'),
        ("```python\ns = '''\n```\nx\n```\n'''\nprint(s)\n```\nDone.", "s = '''\n```\nx\n```\n'''\nprint(s)"),
        ("```python\nprint(1)\n```<|im_end|>", "print(1)"),
        ("print(1)", "print(1)"),
        ("Here it is:\nimport sys\nprint(sys.stdin.read())", "import sys\nprint(sys.stdin.read())"),
    ],
)
def test_a_program_is_found_in_every_form(answer: str, program: str) -> None:
    found = robust.program(answer)
    assert (found.value, found.reason) == (program, "")


@pytest.mark.parametrize(
    ("answer", "program"),
    [
        ("```python\nprint(1)\n```\nbetter:\n```python\nprint(2)\n```", "print(2)"),
        ("```python\nprint(1)\n```\nbetter:\n```\nprint(2)\n```", "print(2)"),
        ("```python\nprint(1)\n```\nIt prints:\n```\n1\n```", "print(1)"),
        ("```python\nprint(1)\n```\nIt prints:\n```\n1 2 3\n```", "print(1)"),
        ("```python\nprint(1)\n```\nor in C:\n```c\nint main(){}\n```", "print(1)"),
        ("```python\nprint(1)\n```\nNow\n```python\nprint(2", "print(1)"),
        ("```python\nprint(1)\n```\nNow\n```python\nprint(2)", "print(1)"),
        ("```python\nprint((1)\n\nWait:\n```python\nprint(2)\n```", "print(2)"),
        ("```python\nprint(1)\n```\nWorse:\n```python\nprint((2)\n```", "print(1)"),
    ],
)
def test_the_last_complete_program_wins(answer: str, program: str) -> None:
    assert robust.program(answer).value == program


def test_a_last_block_that_does_not_compile_is_kept_and_said_so() -> None:
    found = robust.program("```python\nprint((1)\n```")
    assert found.value == "print((1)"
    assert Note.DOES_NOT_COMPILE in found.notes


@pytest.mark.parametrize(
    "answer",
    [
        "<think>\n```python\nprint('draft')\n```\n</think>\n```python\nprint(1)\n```",
        "```python\nprint('draft')\n```\n</think>\n```python\nprint(1)\n```",
        "<thinking>```python\nprint('draft')\n```</thinking>```python\nprint(1)\n```",
        "```python\nprint(1)\n```\n<think>again: ```python\nprint('draft')\n```",
        "```python\nprint(1)\n```\n<think>\n```python\nprint('draft')\n```",
    ],
)
def test_drafts_in_thinking_are_not_answers(answer: str) -> None:
    assert robust.program(answer).value == "print(1)"


def test_thinking_is_counted() -> None:
    found = robust.program("<think>abc</think>```python\nprint(1)\n```")
    assert found.thinking == len("<think>abc</think>")
    assert Note.THINKING_REMOVED in found.notes


def test_a_program_may_print_the_word_think() -> None:
    assert robust.program('```python\nprint("<think>")\n```').value == 'print("<think>")'


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", Reason.EMPTY_ANSWER),
        ("  \n", Reason.EMPTY_ANSWER),
        ("I cannot solve this.", Reason.NO_CODE),
        ("hello", Reason.NO_CODE),
        ("```python\n```", Reason.EMPTY_CODE),
        ("```cpp\nint main(){}\n```", Reason.OTHER_LANGUAGE),
        ("<think>\nlet me see ```python\nprint(1)\n```", Reason.UNFINISHED_THINKING),
    ],
)
def test_a_missing_program_has_a_reason(answer: str, reason: Reason) -> None:
    found = robust.program(answer)
    assert (found.value, found.reason, found.why) == (None, reason, reason.words)


FORMS = {
    "as asked": "**Test Input:**\n```\n3\n1 2 3\n```\n\n**Test Output:**\n```\n6\n```\n\n**Explanation:**\n\nSum.",
    "data on the fence": "**Test Input:**\n```3\n1 2 3\n```\n**Test Output:**\n```6```\n**Explanation:** x",
    "colon outside": "**Test Input**:\n```\n3\n1 2 3\n```\n**Test Output**:\n```\n6\n```",
    "headings": "### Test Input\n```\n3\n1 2 3\n```\n### Test Output\n```\n6\n```\n### Explanation\nSum.",
    "plain words": "Test Input:\n3\n1 2 3\n\nTest Output:\n6\n\nBecause.",
    "lower case": "**test input:**\n```\n3\n1 2 3\n```\n**test output:**\n```\n6\n```",
    "numbered": "1. **Test Input:**\n```\n3\n1 2 3\n```\n2. **Expected Output:**\n```\n6\n```",
    "input and output": "**Input:**\n```\n3\n1 2 3\n```\n**Output:**\n```\n6\n```",
    "tags": "**Test Input:**\n```text\n3\n1 2 3\n```\n**Test Output:**\n```output\n6\n```",
    "tildes": "**Test Input:**\n~~~\n3\n1 2 3\n~~~\n**Test Output:**\n~~~\n6\n~~~",
    "words before the fence": "**Test Input:** (small)\n```\n3\n1 2 3\n```\n**Test Output:** (by hand)\n```\n6\n```",
    "unclosed input": "**Test Input:**\n```\n3\n1 2 3\n\n**Test Output:**\n```\n6\n```",
    "unclosed output": "**Test Input:**\n```\n3\n1 2 3\n```\n**Test Output:**\n```\n6\n",
    "all in one fence": "```\n**Test Input:**\n3\n1 2 3\n**Test Output:**\n6\n```",
    "carriage returns": "**Test Input:**\r\n```\r\n3\r\n1 2 3\r\n```\r\n**Test Output:**\r\n```\r\n6\r\n```",
    "indented": "- **Test Input:**\n  ```\n  3\n  1 2 3\n  ```\n- **Test Output:**\n  ```\n  6\n  ```",
    "header after words": "My test. **Test Input:**\n```\n3\n1 2 3\n```\nSo **Test Output:**\n```\n6\n```",
    "one line": "**Test Input:** `3\\n1 2 3` **Test Output:** `6`",
    "escaped newlines": "**Test Input:**\n```\n3\\n1 2 3\\n\n```\n**Test Output:**\n```\n6\\n\n```",
    "quoted as shown in a prompt": "**Test Input:**\n```\n'3\\n1 2 3\\n'\n```\n**Test Output:**\n```\n'6\\n'\n```",
    "json": 'So:\n```json\n{"input": "3\\n1 2 3\\n", "output": "6"}\n```',
    "json without a fence": '{"test_input": ["3", "1 2 3"], "expected_output": 6}',
    "thinking first": "<think>**Test Input:**\n1\n**Test Output:**\n1</think>\n"
    "**Test Input:**\n3\n1 2 3\n**Test Output:**\n6",
    "mentioned in prose": "I use **Test Input:** and **Test Output:**.\n**Test Input:**\n```\n3\n1 2 3\n```\n"
    "**Test Output:**\n```\n6\n```\n**Explanation:** The **Test Input:** has 3 and **Test Output:** is 6.",
    "code after the test": "**Test Input:**\n3\n1 2 3\n**Test Output:**\n6\n\nCheck:\n```python\nprint(6)\n```",
    "output first": "**Test Output:**\n```\n6\n```\n**Test Input:**\n```\n3\n1 2 3\n```\n**Explanation:** x",
}


@pytest.mark.parametrize("form", FORMS)
def test_a_test_is_found_in_every_form(form: str) -> None:
    found = robust.test(FORMS[form])
    assert found.value is not None, found.why
    assert (found.value.stdin, found.value.expected) == ("3\n1 2 3\n", "6\n")


def block(data: str) -> str:
    return f"```\n{data}\n```\n"


def test_input_and_output_come_from_the_same_answer() -> None:
    first = f"**Test Input:**\n{block('1')}**Test Output:**\n{block('2')}**Explanation:** first\n"
    for second in (f"**Test Input:**\n{block('3')}", f"**Test Input:**\n{block('3')}**Test Output:**\n```\n4"):
        found = robust.test(first + second)
        assert found.value is not None
        assert (found.value.stdin, found.value.expected) == ("1\n", "2\n")
        assert Note.EARLIER_PAIR in found.notes


@pytest.mark.parametrize(
    "data",
    [
        'print("a\\nb")',  # within quotation marks: the program under test must get the backslash
        "a\\nb\nc",  # data with a real newline: the escape is text
        "C:\\new\\table",  # a Windows path: its backslashes are no escapes
        "plaintext\nfoo",  # a tag only counts on the line of the fence
        "a ``` b",
        "[1, 2]",
    ],
)
def test_data_that_only_looks_odd_stays_as_it_is(data: str) -> None:
    found = robust.test(f"**Test Input:**\n{block(data)}**Test Output:**\n{block('1')}")
    assert found.value is not None
    assert found.value.stdin == data + "\n"


def test_an_empty_expected_output_is_said_so() -> None:
    found = robust.test(f"**Test Input:**\n{block('1')}**Test Output:**\n```\n```\n**Explanation:** nothing")
    assert found.value is not None
    assert found.value.expected == ""
    assert Note.EMPTY_EXPECTED in found.notes


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("", Reason.EMPTY_ANSWER),
        ("I cannot find a test.", Reason.NO_TEST),
        (f"**Test Output:**\n{block('5')}", Reason.NO_INPUT),
        (f"**Test Input:**\n{block('5')}", Reason.NO_OUTPUT),
        ("**Test Input:**\n5\n**Test Output:**\n", Reason.NO_OUTPUT),
        ("**Test Input:**\n```\n```\n**Test Output:**\n```\n```", Reason.EMPTY_TEST),
        ("**Test Output:**\n1\n**Test Output:**\n1\n**Test Input:**\n1", Reason.SPLIT_TEST),
        ('{"input": {"a": 1}, "output": "1"}', Reason.JSON_VALUE),
        ("<think>\n**Test Input:**\n5\n**Test Output:**\n6\n", Reason.UNFINISHED_THINKING),
    ],
)
def test_a_missing_test_has_a_reason(answer: str, reason: Reason) -> None:
    found = robust.test(answer)
    assert (found.value, found.reason, found.why) == (None, reason, reason.words)


def test_every_reason_and_note_has_words() -> None:
    assert all(member.words.endswith(".") for member in (*Reason, *Note))


def test_an_unknown_mode_names_the_nearest() -> None:
    with pytest.raises(ProblemError) as error:
        extractor("robots")
    assert str(error.value) == "unknown extraction mode 'robots'; did you mean 'robust'?"


MARKS = (
    "```",
    "~~~",
    "python",
    "<think>",
    "</think>",
    "**Test Input:**",
    "**Test Output:**",
    "Output:",
    "**Explanation:**",
)
DATA = ("5", "\\n", '"', "'", "{", '{"input": 1, "output": [', "]}", "print(1)", "# ", "\n", " ", "\r\n", "\0")
PIECES = st.lists(st.sampled_from((*MARKS, *DATA, *"\n\n\n"))).map("".join)


@settings(deadline=None)
@given(st.one_of(PIECES, st.text(st.characters(categories=None))))
def test_no_text_makes_extraction_fail_loudly(answer: str) -> None:
    for mode in MODES.values():
        program, test = mode.program(answer), mode.test(answer)
        assert program.failed or program.value is not None
        assert (test.value is None) == test.failed
        if mode is robust and test.value is not None:
            assert all(not text or text.endswith("\n") for text in (test.value.stdin, test.value.expected))


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="`~\\\r", exclude_categories=["Cs"])))
def test_fenced_data_survives_whatever_it_is(data: str) -> None:
    found = robust.test(f"**Test Input:**\n{block('1')}**Test Output:**\n{block('x' + data + 'x')}")
    headers = any(word in data.lower() for word in ("input", "output", "explanation"))
    assert headers or (found.value is not None and found.value.expected == f"x{data}x\n")


MONOTONOUS = (
    *("`", "~", "```\n", "```python\nx(\n```\n", "```python\n'''", "**Test Input:**", "**Test Output:**\n", "<think>"),
    *("**Test Input:**1**Test Output:**2", "</think>", "</s>", "{", "[\n", " ", "(", "-", "\\n", "1."),
)


@pytest.mark.parametrize("unit", MONOTONOUS)
def test_a_megabyte_of_anything_takes_seconds_at_most(unit: str) -> None:
    answer = unit * (1_000_000 // len(unit)) + "x"
    start = time.process_time()
    for mode in MODES.values():
        mode.program(answer)
        mode.test(answer)
    assert time.process_time() - start < 20  # quadratic time would be minutes
