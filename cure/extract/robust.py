"""Extraction that finds what the released CURE code misses, notes what was mended, and gives reasons for failures.

Differences from `cure.extract.release`:

* A model's thinking is removed first: tagged blocks, also with the opening tag missing, and the channels of gpt-oss.
* Fences count wherever models put them: after words, in lists, quotations and bold marks (`cure.extract.layout`).
* Programs: fences of backticks or tildes, tagged python, python3, py or not at all; fences that are never closed or
  opened; fences inside strings; indented blocks; Windows line ends; programs without any fence. The last complete block
  that compiles wins, unless it does nothing or only calls what an earlier one defines (`cure.extract.robust_program`).
* Tests: header variants, language tags on fences, the JSON form `{"input": ..., "output": ...}`. Input and output come
  from one place: the last complete pair, with its last output (`cure.extract.robust_test`).

Where all this finds nothing, the released rules are tried on the whole answer: what they find is found here as well,
except in an answer that ends inside its thinking, and except an empty program and a test whose output is nothing but
fences.

`program` and `unit_test` accept any text, never raise, and take time linear in the text's length.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from cure.extract import release
from cure.extract.layout import laid_out, with_newlines
from cure.extract.result import Extracted, Note, Reason
from cure.extract.robust_program import extract_program
from cure.extract.robust_test import extract_test
from cure.extract.thinking import without_thinking
from cure.problem import UnitTest

Value = TypeVar("Value")


def program(answer: str) -> Extracted[str]:
    """The program in a coder's answer, without blank lines around it, or the reason why there is none."""
    return _extracted(answer, extract_program, _released_program)


def unit_test(answer: str) -> Extracted[UnitTest]:
    """The test in a tester's answer, or the reason why there is none."""
    return _extracted(answer, extract_test, _released_test)


def _extracted(
    answer: str, extract: Callable[[str], Extracted[Value]], released: Callable[[str], Value | None]
) -> Extracted[Value]:
    stripped = without_thinking(answer)
    plain = with_newlines(stripped.text)
    text = laid_out(plain)
    found = extract(text)
    if found.failed and stripped.unfinished:
        found = replace(found, reason=Reason.UNFINISHED_THINKING)
    elif found.failed and (value := released(answer)) is not None:
        found = Extracted(value, notes=(Note.AS_RELEASED,), section=answer)
    elif found.failed and not text and not stripped.thinking:
        found = replace(found, reason=Reason.EMPTY_ANSWER)
    before: tuple[Note, ...] = (Note.THINKING_REMOVED,) if stripped.thinking else ()
    if "\\n" in stripped.text and plain.count("\n") > stripped.text.count("\n"):
        before += (Note.ESCAPED_NEWLINES,)
    return replace(found, notes=(*before, *found.notes), thinking=stripped.thinking)


def _released_program(answer: str) -> str | None:
    found = release.extract_code(answer)
    return None if found == release.NO_CODE or not found else found


def _released_test(answer: str) -> UnitTest | None:
    """The test that the released rules find; None where its output holds nothing but fences."""
    found = release.extract_test(answer)
    if found is None or not found.test_output.strip("` \n"):
        return None
    return UnitTest(found.test_input, found.test_output)
