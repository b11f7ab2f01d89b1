"""Instructions of the strategy `agentic-tests`: a tester sees what a program did on its test, and refines the test."""

from __future__ import annotations

from cure.problem import UnitTest
from cure.prompts.failures import block

_WORDS = """Here is a programming problem, a unit test for it, and what a program printed on the test's input. The \
program may be wrong, and so may the test. Work out by hand what a right program prints on the input. If the expected \
output of the test is wrong, correct it; if the input is not valid for the problem, choose another small one.

# Problem

{problem}

# Test

Input:
{stdin}
Expected output:
{expected}

# Output of the program

{printed}

Reason first. Then give the final test, also where it is unchanged, in exactly this form:

**Test Input:**
```
the complete input
```

**Test Output:**
```
the complete output
```"""


def refinement_words(statement: str, test: UnitTest, printed: str) -> str:
    """Instructions to check and correct the test, given what a program printed or how it ended."""
    return _WORDS.format(
        problem=statement, stdin=block(test.stdin), expected=block(test.expected), printed=block(printed)
    )
