"""Reads a problem from a statement in Markdown or plain text.

The whole text is the statement; its first heading is the name. Under a heading that begins with Example or Sample,
fenced blocks labelled Input and Output are public tests:

    ## Example 1
    Input:
    ```
    1 2
    ```
    Output:
    ```
    3
    ```

A label is a line of its own (`Input`, `Input:`, `**Input**`, `### Input`) or the fence's tag (```` ```input ````).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

from cure.errors import ProblemError
from cure.fences import fence, without_indent
from cure.problem import Problem, UnitTest

_HEADING = re.compile(r"(#{1,6})[ \t]+(.*)")
_EXAMPLE = re.compile(r"(?:\d+[.)]\s*)?(?:public |more )?(?:example|sample)", re.IGNORECASE)

Label = Literal["input", "output"]


def problem_from_statement(text: str, source: str, default_name: str) -> Problem:
    """The problem stated in `text`; raises ProblemError when it is empty or an example is incomplete."""
    question = text.replace("\r\n", "\n").strip()
    lines = question.split("\n")
    headings = [match for line in lines if (match := _HEADING.fullmatch(line))]
    heading = next((match for match in headings if not _EXAMPLE.match(match[2])), None)
    if all(_HEADING.fullmatch(line) or not line.strip() for line in lines):
        raise ProblemError(f"{source}: the statement is empty")
    name = heading[2].strip(" \t#") if heading else ""
    return Problem(question, examples=_examples(lines, source), name=name or default_name)


def _examples(lines: list[str], source: str) -> tuple[UnitTest, ...]:
    tests: list[UnitTest] = []
    given: tuple[str, int] | None = None
    for label, data, line in _labelled_blocks(lines, source):
        if label == "input":
            if given is not None:
                raise ProblemError(f"{source}:{given[1]}: this example input has no output")
            given = data, line
        elif given is None:
            raise ProblemError(f"{source}:{line}: this example output has no input before it")
        else:
            tests.append(UnitTest(given[0], data, "public"))
            given = None
    if given is not None:
        raise ProblemError(f"{source}:{given[1]}: this example input has no output")
    return tuple(tests)


def _labelled_blocks(lines: list[str], source: str) -> Iterator[tuple[Label, str, int]]:
    """Label, data and line number of every labelled block under an example heading."""
    level = 0  # of the example heading we are under; 0 is none
    label: Label | None = None
    number = 0
    while number < len(lines):
        line = lines[number]
        opening = fence(line)
        if opening is not None:
            following = ((at, fence(lines[at])) for at in range(number + 1, len(lines)))
            end = next((at for at, closing in following if closing and opening.closed_by(closing)), None)
            if end is None:
                raise ProblemError(f"{source}:{number + 1}: this fenced block is never closed")
            kind = _label(opening.info) or label
            if level and kind:
                body = without_indent(lines[number + 1 : end], opening.indent)
                yield kind, "".join(f"{part}\n" for part in body), number + 1
            label, number = None, end
        elif heading := _HEADING.fullmatch(line):
            label = _label(line)
            if _EXAMPLE.match(heading[2].strip("*_ ")) and label is None:
                level = len(heading[1])
            elif len(heading[1]) <= level:
                level = 0
        elif line.strip():
            label = _label(line)
        number += 1


def _label(text: str) -> Label | None:
    word = text.strip("#*_-: \t").lower()
    if len(text) > 40 or not word:
        return None
    if word in ("input", "stdin", "example input", "sample input"):
        return "input"
    return "output" if word in ("output", "stdout", "expected output", "example output", "sample output") else None
