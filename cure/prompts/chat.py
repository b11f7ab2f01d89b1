"""Prompts for instruction-tuned models, as chat messages; the engine applies the model's own template."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem, UnitTest
from cure.prompts import Failure, Words
from cure.prompts.behaviours import summarised
from cure.prompts.failures import block, shown
from cure.repair import TableSummary
from engines import ChatPrompt, Message

_CODER_SYSTEM = "You are an expert Python programmer. Your programs are run and judged by what they print."

_CODER = """Solve the following programming problem with a complete Python 3 program.

The program reads its input from standard input and prints its answer to standard output, in exactly the format the \
problem describes and nothing else. It must work for every valid input, not only for the examples.

First reason about the problem: the approach, the corner cases, the running time. Then give the whole program once, in \
one block that starts with ```python and ends with ```.

# Problem

{problem}"""

_TESTER_SYSTEM = "You write unit tests for programming problems. A test with a wrong expected output does harm."

_TESTER = """Here is a programming problem. Write tests for it, one in each answer: the input of a program, and the \
output that a right program prints for it. Keep inputs small, so that the output is easy to work out by hand.

# Problem

{problem}

Write a test."""

_TESTER_FORM = """ Answer in exactly this form:

**Test Input:**
```
the complete input
```

**Test Output:**
```
the complete output
```"""

_ANOTHER = "Write another test. Its input has the same form, but is small and unlike the inputs so far."
_MOST_SHOWN = 4
_LONGEST_SHOWN = 2_000
"""The tester is shown public examples as earlier answers of its own: at most _MOST_SHOWN examples, each of at most
_LONGEST_SHOWN characters."""

_AVOID = "Write another test. These inputs have been used already; choose one that tests something else:"

_REPAIR = """The Python 3 program below is meant to solve the problem below, but it fails tests.

Find out why: follow the program on a failing input until it departs from what the problem asks. Then give the whole \
corrected program once, in one block that starts with ```python and ends with ```. It reads standard input and prints \
to standard output, and must work for every valid input: do not treat the failing inputs as special cases. A test may \
itself be wrong; the problem's text decides.

# Problem

{problem}

# Program

{program}

# Failures

{failures}"""

_SUMMARY = """

# All programs so far

{summary}"""


@dataclass(frozen=True)
class ChatStyle:
    """Chat messages with instructions in plain words."""

    name: str = "chat"
    stop: tuple[str, ...] = ()

    def coder(self, problem: Problem) -> ChatPrompt:
        return _chat(_CODER_SYSTEM, _CODER.format(problem=statement_of(problem)))

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> ChatPrompt:
        """The prompt for a test. Public examples are shown as earlier answers, whose form a small model copies.

        Where the problem has no short example, the form is described.
        """
        shown_before = [test for test in problem.examples if _length(test) <= _LONGEST_SHOWN][:_MOST_SHOWN]
        request = _TESTER.format(problem=problem.question.strip())
        if not shown_before:
            request += _TESTER_FORM
        messages = [Message("system", _TESTER_SYSTEM)]
        for test in shown_before:
            messages += [Message("user", request), Message("assistant", _test(test))]
            request = _ANOTHER
        if avoid:
            used = "\n\n".join([_AVOID, *(block(test.stdin) for test in avoid)])
            request = used if shown_before else f"{request}\n\n{used}"
        return ChatPrompt((*messages, Message("user", request)))

    def repair(
        self, problem: Problem, source: str, failures: Sequence[Failure], summary: TableSummary | None = None
    ) -> ChatPrompt:
        text = _REPAIR.format(
            problem=statement_of(problem),
            program=block(source, "python"),
            failures=shown(failures) or "It fails tests that cannot be shown.",
        )
        if summary is not None and (others := summarised(summary)):
            text += _SUMMARY.format(summary=others)
        return _chat(_CODER_SYSTEM, text)

    def instruct(self, problem: Problem, words: Words) -> ChatPrompt:
        """One user message with the instructions that `words` returns, without a system message."""
        return ChatPrompt((Message("user", words(statement_of(problem))),))


def _chat(system: str, user: str) -> ChatPrompt:
    return ChatPrompt((Message("system", system), Message("user", user)))


def _length(test: UnitTest) -> int:
    return len(test.stdin) + len(test.expected)


def _test(test: UnitTest) -> str:
    return f"**Test Input:**\n{block(test.stdin)}\n\n**Test Output:**\n{block(test.expected)}"


def statement_of(problem: Problem) -> str:
    """The statement, followed by the public examples unless it already contains all of them as whole lines."""
    text = problem.question.strip()
    lines = _lines(text)
    if all(_lines(test.stdin) in lines and _lines(test.expected) in lines for test in problem.examples):
        return text
    examples = (
        f"## Example {number}\n\nInput:\n{block(test.stdin)}\nOutput:\n{block(test.expected)}"
        for number, test in enumerate(problem.examples, 1)
    )
    return "\n\n".join([text, *examples])


def _lines(text: str) -> str:
    """The text with its lines stripped, between newlines: as a part of another such text it is always whole lines."""
    return "\n".join(["", *(line.strip() for line in text.strip().splitlines()), ""])
