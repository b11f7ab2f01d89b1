"""Instructions of the strategy `alphacodium` (arXiv 2401.08500): reflect, choose a solution, write the program."""

from __future__ import annotations

_REFLECTION = """Here is a programming problem. Do not solve it yet. First reflect on it in short bullet points: the \
goal, the inputs, the outputs, the rules, the constraints, and details that are easily overlooked. Then explain for \
each example why its input leads to its output.

# Problem

{problem}"""

_SOLUTIONS = """Here is a programming problem, and a reflection on it. Describe up to three possible solutions, each \
in a few sentences: its idea, its running time, why it is right. Rank them by correctness first, then by simplicity \
and by how certainly they run in time. End with the chosen solution, described step by step. Write no code.

# Problem

{problem}

# Reflection

{reflection}"""

_PROGRAM = """Solve the following programming problem with a complete Python 3 program that follows the plan below.

The program reads its input from standard input and prints its answer to standard output, in exactly the format the \
problem describes and nothing else. Divide it into small functions with meaningful names. Give the whole program once, \
in one block that starts with ```python and ends with ```.

# Problem

{problem}

# Plan

{plan}"""


def reflection_words(statement: str) -> str:
    """Instructions to reflect on the problem and to explain its examples."""
    return _REFLECTION.format(problem=statement)


def solutions_words(statement: str, reflection: str) -> str:
    """Instructions to describe and rank possible solutions, given a reflection."""
    return _SOLUTIONS.format(problem=statement, reflection=reflection)


def program_words(statement: str, plan: str) -> str:
    """Instructions to write the program, given the chosen solution."""
    return _PROGRAM.format(problem=statement, plan=plan)
