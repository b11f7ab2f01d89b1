"""Forms of prompts that were tried; the ones that lost are kept so that the comparison can be repeated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cure.problem import Problem, UnitTest
from cure.prompts.chat import ChatStyle, statement_of
from cure.prompts.failures import block
from engines import ChatPrompt, Message

_CODER_SYSTEM = "You are an expert Python programmer. Your programs are run and judged by what they print."
_TESTER_SYSTEM = "You write unit tests for programming problems. A test with a wrong expected output does harm."

_PROGRAM_ONLY = """Solve the following programming problem with a complete Python 3 program.

The program reads its input from standard input and prints its answer to standard output, in exactly the format the \
problem describes and nothing else. It must work for every valid input, not only for the examples.

Answer with the whole program, in one block that starts with ```python and ends with ```.

# Problem

{problem}"""

_READING = """Solve the following programming problem with a complete Python 3 program.

The program reads all of its input from standard input, in exactly the form of the examples, and prints the answer and \
nothing else:
- `input()` has no argument: a text to prompt a user would be printed too.
- A line of numbers separated by spaces is read with `list(map(int, input().split()))`, a line with one number with \
`int(input())`, a line of text with `input()`. A line may be empty.
- A list is printed with `print(*values)`, unless the problem shows another form; brackets and commas are wrong.
- The program calls what it defines and needs no arguments.

It must work for every valid input, not only for the examples.

Answer with the whole program, in one block that starts with ```python and ends with ```.

# Problem

{problem}"""

_SHOT_PROBLEM = """Given a list of integers and a number k, return the elements that are at most k, doubled.

Input
Line 1: values - integers separated by spaces.
Line 2: k - an integer.

Output
Print the result (a list is printed on one line with its elements separated by spaces).

Example

Input
5 1 8 3
4

Output
2 6"""

_SHOT_ANSWER = """```python
def doubled(values, k):
    return [2 * value for value in values if value <= k]


values = list(map(int, input().split()))
k = int(input())
print(*doubled(values, k))
```"""


@dataclass(frozen=True)
class CoderTrial(ChatStyle):
    """Prompts for the coder that give one instruction, with or without a solved problem as an earlier turn."""

    template: str = _PROGRAM_ONLY
    solved_first: bool = False

    def coder(self, problem: Problem) -> ChatPrompt:
        messages = [Message("system", _CODER_SYSTEM)]
        if self.solved_first:
            messages += [
                Message("user", self.template.format(problem=_SHOT_PROBLEM)),
                Message("assistant", _SHOT_ANSWER),
            ]
        return ChatPrompt((*messages, Message("user", self.template.format(problem=statement_of(problem)))))


_TURNS = """Here is a programming problem. Write tests for it, one in each answer: the input of a program, and the \
output that a right program prints for it.

# Problem

{problem}

Write a test."""

_SMALL = """Here is a programming problem. Write tests for it, one in each answer: the input of a program, and the \
output that a right program prints for it. Keep inputs small, so that the output is easy to work out by hand.

# Problem

{problem}

Write a test."""

_NEXT = "Write another test, with another input."
_NEXT_DIFFERENT = "Write another test. Its input has the same form, but is small and unlike the inputs so far."


@dataclass(frozen=True)
class TesterTrial(ChatStyle):
    """Prompts for the tester as a conversation, in which the public examples and the tests whose inputs are to be
    avoided appear as earlier answers of the model."""

    opening: str = _TURNS
    following: str = _NEXT
    reasons: bool = False

    def tester(self, problem: Problem, avoid: Sequence[UnitTest] = ()) -> ChatPrompt:
        messages = [Message("system", _TESTER_SYSTEM)]
        request = self.opening.format(problem=problem.question.strip())
        for test in (*problem.examples, *avoid):
            messages += [Message("user", request), Message("assistant", _form(test))]
            request = self.following
        return ChatPrompt((*messages, Message("user", request)))


def _form(test: UnitTest) -> str:
    return f"**Test Input:**\n{block(test.stdin)}\n\n**Test Output:**\n{block(test.expected)}"


TRIALS = {
    "program-only": CoderTrial(),
    "reading": CoderTrial(template=_READING),
    "shot": CoderTrial(solved_first=True),
    "reading-shot": CoderTrial(template=_READING, solved_first=True),
    "turns": TesterTrial(),
    "turns-small": TesterTrial(opening=_SMALL, following=_NEXT_DIFFERENT),
}
