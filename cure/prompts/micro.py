"""Prompts of the bundled micro model: a statement between the model's own special tokens.

The prompt for a repair also has the program, a failing test, and what the program printed on that test.

The warm-up in `trainer/micro/` writes its training texts with these functions, so a change here needs a new checkpoint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem, UnitTest
from cure.prompts import Failure, Words
from cure.repair import TableSummary
from engines import TextPrompt

CODER = "<|coder|>"
TESTER = "<|tester|>"
REPAIR = "<|repair|>"
PROGRAM = "<|program|>"
INPUT = "<|input|>"
EXPECTED = "<|expected|>"
GOT = "<|got|>"
ANSWER = "<|answer|>"
END = "<|end|>"
PAD = "<|pad|>"

SPECIAL_TOKENS = (PAD, END, CODER, TESTER, REPAIR, PROGRAM, INPUT, EXPECTED, GOT, ANSWER)
"""Every special token of the micro tokenizer, in the order of their ids."""

STOP = (END,)
"""A completion ends before this token, which is also the model's end-of-sequence token."""


def coder_prompt(problem: Problem) -> TextPrompt:
    """The prompt that asks for a program in a ```python block."""
    return TextPrompt(f"{CODER}{problem.question.strip()}{ANSWER}")


def tester_prompt(problem: Problem) -> TextPrompt:
    """The prompt that asks for worked steps, then one test in the three-header format of the CURE tester."""
    return TextPrompt(f"{TESTER}{problem.question.strip()}{ANSWER}")


def repair_prompt(problem: Problem, source: str, failing: UnitTest, got: str) -> TextPrompt:
    """The prompt that asks for a better program than `source`, which printed `got` on the test `failing`."""
    return TextPrompt(
        f"{REPAIR}{problem.question.strip()}{PROGRAM}{source.strip()}"
        f"{INPUT}{failing.stdin.strip()}{EXPECTED}{failing.expected.strip()}{GOT}{got.strip()}{ANSWER}"
    )


@dataclass(frozen=True)
class MicroStyle:
    """Prompts of a statement and, for a repair, a program and one failing test: the model follows no instructions."""

    name: str = "micro"
    stop: tuple[str, ...] = STOP

    def coder(self, problem: Problem) -> TextPrompt:
        return coder_prompt(problem)

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> TextPrompt:  # noqa: ARG002 no words for it
        return tester_prompt(problem)

    def repair(
        self,
        problem: Problem,
        source: str,
        failures: Sequence[Failure],
        summary: TableSummary | None = None,  # noqa: ARG002 no words for it
    ) -> TextPrompt:
        """The prompt of the first failure; the coder's prompt where there is none."""
        if not failures:
            return coder_prompt(problem)
        first = failures[0]
        return repair_prompt(problem, source, first.test, first.got or first.error)

    def instruct(self, problem: Problem, words: Words) -> None:
        """None: the model can only be asked for a program, a test or a repair."""
