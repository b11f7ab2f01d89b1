"""Instructions of the strategy `s-star` (arXiv 2502.14382): inputs that tell two programs apart, a choice of output."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cure.fences import fence, open_after
from cure.prompts.failures import block

_INPUTS = """Here is a programming problem. Write up to {count} inputs on which wrong programs would probably be found \
out: corner cases and small ordinary cases. Every input must be valid, complete, and in exactly the form that the \
problem describes. Give no outputs.

# Problem

{problem}

Answer with the inputs alone, each in a block of its own between ``` lines."""

_APART = """Here is a programming problem and two programs that are meant to solve it. They may differ in what they \
print. Write up to {count} valid inputs on which the two programs print different outputs. Give no outputs.

# Problem

{problem}

# Program A

{a}

# Program B

{b}

Answer with the inputs alone, each in a block of its own between ``` lines."""

_JUDGE = """Here is a programming problem and two programs that are meant to solve it. On the input below they print \
different outputs. Work out what the problem asks for on this input, and decide which output is right.

# Problem

{problem}

# Program A

{a}

# Program B

{b}

# Input

{stdin}

# Output of program A

{of_a}

# Output of program B

{of_b}

Reason first. End your answer with one line: `Answer: A` or `Answer: B`."""

_VERDICT = re.compile(r"answer\W{0,10}(?:is\W{0,5})?(?:program\W{0,5})?\b([AB])\b", re.IGNORECASE)


def inputs_words(statement: str, count: int) -> str:
    """Instructions to write up to `count` inputs for this problem on which wrong programs would be found out."""
    return _INPUTS.format(problem=statement, count=count)


def apart_words(statement: str, a: str, b: str, count: int) -> str:
    """Instructions to write up to `count` inputs on which the programs `a` and `b` print different outputs."""
    return _APART.format(problem=statement, a=block(a, "python"), b=block(b, "python"), count=count)


def judge_words(statement: str, a: str, b: str, stdin: str, outputs: tuple[str, str]) -> str:
    """Instructions to say which of two programs is right on an input; `outputs` are those of `a` and `b`."""
    of_a, of_b = map(block, outputs)
    programs = {"a": block(a, "python"), "b": block(b, "python")}
    return _JUDGE.format(problem=statement, stdin=block(stdin), of_a=of_a, of_b=of_b, **programs)


def blocks_in(answer: str) -> list[str]:
    """The texts of an answer's fenced blocks, in order; blank blocks and an unclosed last block are left out."""
    return [text for text in _blocks(answer) if text.strip()]


def verdict_in(answer: str) -> str | None:
    """`A` or `B`, the last verdict in a judge's answer; None where there is none."""
    found = _VERDICT.findall(answer)
    return found[-1].upper() if found else None


def _blocks(answer: str) -> Iterator[str]:
    opening, lines = None, list[str]()
    for line in answer.splitlines():
        after = open_after(line, opening)
        if opening is None and after is not None:
            lines = []
        elif opening is not None and after is None:
            yield "".join(f"{each}\n" for each in lines if fence(each) is None)
        else:
            lines.append(line)
        opening = after
