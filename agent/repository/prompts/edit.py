"""The prompt that asks for an edit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agent.repository.edit import Format, Place
from agent.repository.prompts.budget import Part, fitted
from engines import ChatPrompt, Message

SYSTEM = "You are an expert Python programmer. You change existing code with care, and only what the task needs."

_FIRST = """Change the code above so that the task is done. First say in one or two sentences what is wrong with the \
present code and what must change. Then """

_REWRITE = """give the complete new code of each function or method that must change, from `def` to its last line, and \
of each function that you add. Leave out functions that stay as they are. Write a method as it stands in its class. \
Put each into its own block, whose first line is a comment with its path and name:

```python
# {example}
def ...
```

Copy the lines that stay, and do not shorten the code with comments or `...`. Keep decorators, names and docstrings. \
If new imports are needed, write them in the first lines of the block. Give no tests and no example calls, and end \
after the last block."""

_WHOLE = """give the complete new content of each file that must change, from its first to its last line, in a block \
whose first line is a comment with the path:

```python
# file: {path}
...
```

Copy the lines that stay, and do not shorten the file with comments or `...`. Give no tests and no example calls, and \
end after the last block."""

_SEARCH = """give one block in this form for each change:

{path}
```python
<<<<<<< SEARCH
lines copied exactly from the file
=======
the new lines
>>>>>>> REPLACE
```

The lines under SEARCH must stand in the file exactly so, with their indentation; copy enough of them to be unique, \
and no more. The lines under `=======` must differ from them. End after the last block."""

_FORMS = {"rewrite": _REWRITE, "whole": _WHOLE, "search": _SEARCH}


@dataclass(frozen=True)
class ShownCode:
    """A place with its code, as the prompt shows it."""

    place: Place
    code: str
    """The lines of the place as they are in the file, indentation included."""


def edit_prompt(
    task: str,
    map_text: str,
    places: Sequence[ShownCode],
    instructions: str = "",
    format: Format = "rewrite",  # noqa: A002 - the word that the rest of the package uses
    budget: int = 6_000,
) -> ChatPrompt:
    """The prompt that asks for an edit of these places, the most important first.

    `map_text` is an outline of other code that may be used, `instructions` what the project asks of contributors. What
    exceeds `budget` tokens is left out: the map first, then the instructions, then the last places.
    """
    return chat(
        fitted(
            [
                Part(map_text.strip("\n"), 1, head="# Other code of the project\n\n```\n", tail="\n```"),
                Part(instructions.strip(), 2, head="# Rules of the project\n\n"),
                *shown_parts(places),
                Part(task.strip(), 100, head="# Task\n\n"),
                form_part(format, places),
            ],
            budget,
        )
    )


def form_part(form: Format, places: Sequence[ShownCode]) -> Part:
    """The part that says in which form to answer, with one of the places as an example."""
    example = next((each.place for each in places if each.place.name), None)
    path = places[0].place.path if places else "path/file.py"
    words = _FORMS[form].format(example=example or "path/file.py::Class.method", path=path)
    return Part(_FIRST + words, 0, head="# Answer\n\n")


def shown_parts(places: Sequence[ShownCode]) -> list[Part]:
    """A part with the code of each place; earlier places are more important."""
    parts = []
    for number, each in enumerate(places):
        head = f"# Code to change\n\n```python\n# {each.place}\n" if not number else f"```python\n# {each.place}\n"
        parts.append(Part(each.code.strip("\n"), max(3, 50 - number), head=head, tail="\n```"))
    return parts


def chat(text: str, system: str = SYSTEM) -> ChatPrompt:
    """A prompt of a system message and one message of the user."""
    return ChatPrompt((Message("system", system), Message("user", text)))
