"""Problems without their public examples, for testers that are to be measured without them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cure.problem import Problem

LEFT_OUT = "(not shown)"


def without_examples(problem: Problem) -> Problem:
    """The problem without public examples, whose inputs and outputs are also left out of the statement.

    Left out are lines of the statement that equal the lines of an example's input or output, spaces around them aside.
    Examples that the statement quotes within a sentence stay.
    """
    lines = problem.question.splitlines()
    texts = [text for example in problem.examples for text in (example.stdin, example.expected)]
    blocks = [text.strip().splitlines() for text in texts]
    # The longest first: a short output may also be a line of a longer input.
    for block in sorted(blocks, key=len, reverse=True):
        lines = _without(lines, block)
    return replace(problem, question="\n".join(lines), examples=())


def _without(lines: Sequence[str], block: Sequence[str]) -> list[str]:
    """The lines with `LEFT_OUT` in place of each occurrence of the block."""
    wanted, kept, at = [line.strip() for line in block], list[str](), 0
    while at < len(lines):
        if wanted and [line.strip() for line in lines[at : at + len(wanted)]] == wanted:
            kept.append(LEFT_OUT)
            at += len(wanted)
        else:
            kept.append(lines[at])
            at += 1
    return kept
