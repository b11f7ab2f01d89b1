"""A small repository in memory, and answers read against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from agent.repository.edit import Edits, Format, Place, Refusal, read_edits
from agent.repository.edit.definitions import definitions
from agent.repository.files import blob_name

MODULE = '''"""Shapes."""

import os

from typing import Any


# Adds two numbers.
@traced
def add(a, b):
    """Sum of two numbers."""
    x = a
    y = b
    return x + y


class Shape:
    """A shape."""

    size = 3

    def get(self):
        # the size
        return self.size

    @property
    def area(self):
        return self.size**2

    @area.setter
    def area(self, value):
        self.size = value

    async def load(self):
        def inner(n):
            return n

        return inner(self.size)


if __name__ == "__main__":
    print(add(1, 2))
'''


@dataclass(frozen=True)
class Repository:
    """Files held in memory, and the names of the definitions that a prompt has shown."""

    contents: dict[str, bytes]
    names: tuple[str, ...] = ()
    protected: frozenset[str] = field(default_factory=frozenset)

    @property
    def paths(self) -> list[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return blob_name(self.contents[path])

    def shown(self) -> list[Place]:
        """The places called `path::name`, all of them where there are several, or whole files."""
        return [place for name in self.names for place in places(self, name)]

    def edits(self, answer: str, form: Format = "rewrite", *, cut: bool = False) -> Edits:
        """The edits of an answer, which must not be refused."""
        found = self.answer(answer, form, cut=cut)
        assert isinstance(found, Edits), found.words
        return found

    def answer(self, answer: str, form: Format = "rewrite", *, cut: bool = False) -> Edits | Refusal:
        """What an answer is read as."""
        return read_edits(
            answer, self, self.shown(), format=form, cut=cut, protected=lambda path: path in self.protected
        )

    def text(self, answer: str, path: str = "", form: Format = "rewrite") -> str:
        """The new text of the only changed file, or of `path`."""
        changed = self.edits(answer, form).changed
        data = changed[path] if path else next(iter(changed.values()))
        assert data is not None
        return data.decode()

    def refusal(self, answer: str, form: Format = "rewrite", *, cut: bool = False) -> Refusal:
        """The refusal of an answer, which must not be read."""
        found = self.answer(answer, form, cut=cut)
        assert isinstance(found, Refusal), found
        return found


def places(repository: Repository, name: str) -> list[Place]:
    """The definitions called `path::name`."""
    path, _, qualified = name.partition("::")
    lines = repository.read(path).decode().splitlines()
    if not qualified:
        return [Place(path, "", 1, len(lines))]
    found = [each for each in definitions(lines) if each.name == qualified]
    assert found, name
    return [Place(path, qualified, each.first, each.last) for each in found]


def repository(
    files: dict[str, str] | None = None, shown: Sequence[str] = (), protected: Sequence[str] = ()
) -> Repository:
    """A repository with these files (`pkg/shapes.py` alone by default), of which the definitions `shown` were shown."""
    contents = {path: text.encode() for path, text in (files or {"pkg/shapes.py": MODULE}).items()}
    names = shown or ([] if files else ["pkg/shapes.py::add", "pkg/shapes.py::Shape.get"])
    return Repository(contents, tuple(names), frozenset(protected))


def fenced(code: str, info: str = "python") -> str:
    """Code in a fence."""
    return f"```{info}\n{code.rstrip()}\n```\n"
