"""Extraction that finds what the released one loses, notes what was mended, and gives a reason for each failure.

Differences from `cure.extract.release`:

* Thinking blocks are removed first (`<think>`, `<thinking>`, also with the opening tag missing).
* Programs: fences of backticks or tildes, tagged python, python3, py or not at all; unclosed fences; fences inside
  strings; indented blocks; Windows line ends; programs without any fence. The last complete block that compiles wins.
* Tests: header variants, language tags on fences, the JSON form `{"input": ..., "output": ...}`. Input and output come
  from one place: the last complete pair. `cure.extract.robust_test` says how the data is read.

Both functions accept any text, never raise, and take time linear in its length.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from cure.extract.result import Extracted, Note, Reason
from cure.extract.robust_program import extract_program
from cure.extract.robust_test import extract_test
from cure.extract.thinking import Answer, without_thinking
from cure.problem import UnitTest

Value = TypeVar("Value")

_END_MARKS = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "</s>", "</answer>")


def program(answer: str) -> Extracted[str]:
    """The program in a coder's answer, without blank lines around it, or the reason why there is none."""
    stripped = without_thinking(answer)
    return _with_thinking(extract_program(_prepared(stripped)), stripped)


def unit_test(answer: str) -> Extracted[UnitTest]:
    """The test in a tester's answer, or the reason why there is none."""
    stripped = without_thinking(answer)
    return _with_thinking(extract_test(_prepared(stripped)), stripped)


def _prepared(answer: Answer) -> str:
    """The answer with plain newlines, without end-of-turn tokens, which some servers leave in the text."""
    text = answer.text.replace("\r\n", "\n")
    end = len(text)
    while True:
        while end and text[end - 1].isspace():
            end -= 1
        mark = next((mark for mark in _END_MARKS if text.endswith(mark, 0, end)), None)
        if mark is None:
            return text[:end]
        end -= len(mark)


def _with_thinking(found: Extracted[Value], answer: Answer) -> Extracted[Value]:
    if found.failed and answer.unfinished:
        found = replace(found, reason=Reason.UNFINISHED_THINKING)
    elif found.failed and not answer.text.strip() and not answer.thinking:
        found = replace(found, reason=Reason.EMPTY_ANSWER)
    notes = (Note.THINKING_REMOVED, *found.notes) if answer.thinking else found.notes
    return replace(found, notes=notes, thinking=answer.thinking)
