"""Extraction as in the released CURE code (Gen-Verse/CURE @ 69fe174), faults included, but written anew.

Use it to reproduce published numbers. Its faults, which `cure.extract.robust` mends: only fences that say exactly
`python` count; a fence inside a string cuts the program; input and output of a test are searched independently of each
other; language tags other than `plaintext` become data; every backslash-n in the data becomes a newline.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cure.extract.result import Extracted, Reason
from cure.problem import UnitTest

NO_CODE = "We can not extract the code in the output. "
"""Takes the place of a program that could not be extracted. It is executed like a program, and fails."""

_FENCE = "```"
_CODE = "```python"
_INPUT = "**Test Input:**"
_OUTPUT = "**Test Output:**"
_AFTER_OUTPUT = re.compile(r"\*\*Explanation:|\*\*Test Input:")


@dataclass(frozen=True)
class ReleaseTest:
    """The three texts the release takes from a tester's answer."""

    test_input: str
    test_output: str
    example_text: str
    """The answer from its last input header on."""


def extract_code(answer: str) -> str:
    """The last ```` ```python ```` block, stripped; `NO_CODE` when there is none."""
    last, position = None, 0
    while (start := answer.find(_CODE, position)) >= 0:
        end = answer.find(_FENCE, start + len(_CODE))
        if end < 0:
            break
        last = answer[start + len(_CODE) : end]
        position = end + len(_FENCE)
    return NO_CODE if last is None else last.strip()


def extract_test(answer: str) -> ReleaseTest | None:
    """The last test input and, independently, the last test output; None when one of them is missing.

    The released evaluation drops a test that was not found; the released training replaces it by the test ("", "").
    """
    test_input = _last_fenced(answer, _INPUT)
    if test_input is None:
        test_input = _last_plain_input(answer)
    test_output = _last_fenced(answer, _OUTPUT)
    if test_output is None:
        test_output = _last_plain_output(answer)
    if test_input is None or test_output is None:
        return None
    return ReleaseTest(modify(test_input), modify(test_output), answer[answer.rfind(_INPUT) :])


def modify(data: str) -> str:
    """`data` without every "plaintext" at a line's end (and the line feed after it), and with a newline at the end.

    Every backslash-n becomes a newline.
    """
    data = data.replace("plaintext\n", "").replace("\\n", "\n")
    return data if data.endswith("\n") else data + "\n"


def program(answer: str) -> Extracted[str]:
    """The program as `Extracted`; a failure carries `NO_CODE` as its value, since the release runs it."""
    found = extract_code(answer)
    return Extracted(found, reason=Reason.NO_CODE if found == NO_CODE else "", section=found)


def unit_test(answer: str) -> Extracted[UnitTest]:
    """The test as `Extracted`; a failure has no value, as in the released evaluation."""
    found = extract_test(answer)
    if found is None:
        return Extracted(None, reason=_why_no_test(answer))
    return Extracted(UnitTest(found.test_input, found.test_output), section=found.example_text)


def _last_fenced(answer: str, header: str) -> str | None:
    """The content of the last fence directly after `header`, without newlines at its start; None without a fence."""
    last, position = None, 0
    while (found := answer.find(header, position)) >= 0:
        after = _skip_blanks(answer, found + len(header))
        if not answer.startswith(_FENCE, after):
            position = found + 1
            continue
        end = answer.find(_FENCE, after + len(_FENCE))
        if end < 0:
            break
        last = answer[after + len(_FENCE) : end].lstrip("\n")
        position = end + len(_FENCE)
    return last


def _last_plain_input(answer: str) -> str | None:
    last, position = None, 0
    while (found := answer.find(_INPUT, position)) >= 0:
        end = answer.find(_OUTPUT, found + len(_INPUT))
        if end < 0:
            break
        last = answer[found + len(_INPUT) : end].strip()
        position = end
    return last


def _last_plain_output(answer: str) -> str | None:
    last, position = None, 0
    while (found := answer.find(_OUTPUT, position)) >= 0:
        start = found + len(_OUTPUT)
        marker = _AFTER_OUTPUT.search(answer, start)
        end = marker.start() if marker else len(answer)
        last = answer[start:end].strip()
        position = max(end, start)
    return last


def _skip_blanks(text: str, position: int) -> int:
    while position < len(text) and text[position].isspace():
        position += 1
    return position


def _why_no_test(answer: str) -> Reason:
    if not answer.strip():
        return Reason.EMPTY_ANSWER
    has_input, has_output = _INPUT in answer, _OUTPUT in answer
    if has_input and not has_output:
        return Reason.NO_OUTPUT
    return Reason.NO_INPUT if has_output else Reason.NO_TEST
