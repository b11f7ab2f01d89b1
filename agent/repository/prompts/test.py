"""The prompt that asks for one test of a task."""

from __future__ import annotations

from collections.abc import Sequence

from agent.repository.prompts.budget import Part, fitted
from agent.repository.prompts.edit import ShownCode, chat
from engines import ChatPrompt

_SYSTEM = "You write pytest tests for existing projects. A test with a wrong expectation does harm."

_ASK = """Write one pytest file with exactly one test function for the task above. The test must fail on the present \
code, because the task is not done yet, and pass once it is done. Test what the task asks, through the public names \
of the project, with small inputs whose result you can work out by hand from the task; do not test how it is done \
inside. {imports}Use no network, no other programs, no mocks and no `print`. Answer with the complete file, once, in \
one block:

```python
{first}

def test_...():
    ...
    assert ... == ...
```"""

_DIFFERENT = """ The tests above exist already: test another case of the task, such as another input, an empty or a \
large one, or behaviour that must stay."""


def test_prompt(
    task: str,
    map_text: str,
    places: Sequence[ShownCode],
    accepted: Sequence[str] = (),
    neighbours: str = "",
    imports: str = "",
    budget: int = 5_000,
) -> ChatPrompt:
    """The prompt that asks for a pytest file with one test that fails now and passes once the task is done.

    `accepted` are the sources of earlier tests, from which the new one must differ; `neighbours` is the beginning of a
    test file near the places, `imports` the line with which such files import the code. What exceeds `budget` tokens is
    left out: the map first, then the neighbours, then earlier tests, then code.
    """
    first = imports.strip() or "import pytest"
    said = (
        f"Import the code as the project's own tests do: `{imports.strip()}`. " if "\n" not in first and imports else ""
    )
    ask = _ASK.format(imports=said, first=first) + (_DIFFERENT if accepted else "")
    earlier = "\n\n".join(each.strip("\n") for each in accepted)
    parts = [
        Part(map_text.strip("\n"), 1, head="# Other code of the project\n\n```\n", tail="\n```"),
        Part(neighbours.strip("\n"), 2, head="# How a present test file begins\n\n```python\n", tail="\n```"),
        *_code(places),
        Part(earlier, 3, from_end=True, head="# Tests that exist already\n\n```python\n", tail="\n```"),
        Part(task.strip(), 100, head="# Task\n\n"),
        Part(ask, 0, head="# Answer\n\n"),
    ]
    return chat(fitted(parts, budget), _SYSTEM)


def _code(places: Sequence[ShownCode]) -> list[Part]:
    parts = []
    for number, each in enumerate(places):
        head = f"# Present code\n\n```python\n# {each.place}\n" if not number else f"```python\n# {each.place}\n"
        parts.append(Part(each.code.strip("\n"), max(4, 50 - number), head=head, tail="\n```"))
    return parts
