"""The `chat` prompts in their first version, kept unchanged for comparison with later ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem, UnitTest
from cure.prompts import Failure
from cure.prompts.failures import block, shown
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

_TESTER = """Write one new test for the following programming problem. Programs that read standard input and print to \
standard output will be run on it.

Choose a small input that follows the problem's format and is likely to expose a faulty program. Work out the expected \
output step by step, by hand, exactly as the problem defines it, and check it. If you are not sure of it, choose an \
easier input.

After the reasoning, end your answer with exactly this form:

**Test Input:**
```
the complete input
```

**Test Output:**
```
the complete output
```

**Explanation:**
one or two sentences on why the output is right

# Problem

{problem}"""

_AVOID = "These inputs have been used already; choose one that tests something else:"

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


@dataclass(frozen=True)
class FirstStyle:
    """Instructions in plain words; reasoning first, then the program or the test."""

    name: str = "first"
    stop: tuple[str, ...] = ()

    def coder(self, problem: Problem) -> ChatPrompt:
        return _chat(_CODER_SYSTEM, _CODER.format(problem=_statement(problem)))

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> ChatPrompt:
        text = _TESTER.format(problem=_statement(problem))
        if avoid:
            text += f"\n\n# Inputs to avoid\n\n{_AVOID}\n\n" + "\n\n".join(block(test.stdin) for test in avoid)
        return _chat(_TESTER_SYSTEM, text)

    def repair(self, problem: Problem, source: str, failures: Sequence[Failure]) -> ChatPrompt:
        text = _REPAIR.format(
            problem=_statement(problem),
            program=block(source, "python"),
            failures=shown(failures) or "It fails tests that cannot be shown.",
        )
        return _chat(_CODER_SYSTEM, text)


def _chat(system: str, user: str) -> ChatPrompt:
    return ChatPrompt((Message("system", system), Message("user", user)))


def _statement(problem: Problem) -> str:
    """The statement, followed by the public examples unless it shows all of them already, in lines of their own."""
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
    """The text with its lines stripped, between newlines: such a text occurs in another one only as complete lines."""
    return "\n".join(["", *(line.strip() for line in text.strip().splitlines()), ""])
