"""What the prompts about one task show of a repository: code to change, a map of what is around, test files nearby."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.repository.checks.relevant import relevant
from agent.repository.edit import Place
from agent.repository.files import Files
from agent.repository.prompts import ShownCode
from agent.repository.source import Index, Localised, build_index, is_test, localise, render, shown_in_full
from agent.repository.source import Place as Found
from agent.repository.source.instructions import instructions

SHOWN_TOKENS = 2500
"""Tokens of the code that is shown in full."""
MOST_SHOWN = 6
MAP_TOKENS = 1200
INSTRUCTION_TOKENS = 600
"""Tokens of what the repository asks of those who change it."""
NEIGHBOUR_LINES = 40
"""Lines of a test file near the code that the tester sees."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """What prompts show, and where it was found."""

    shown: tuple[ShownCode, ...]
    """The code that may have to change, the most probable first."""
    map_text: str
    """Signatures of the code around."""
    tests: tuple[str, ...]
    """Paths of the existing test files that the code shown may concern, the most telling first."""
    neighbours: str = ""
    """The beginning of the first of these files."""
    imports: str = ""
    """The lines with which that file imports the code."""
    instructions: str = ""
    """What the repository asks of those who change it."""
    reasons: tuple[str, ...] = ()
    """For each place shown, why it was chosen, in words."""

    @property
    def places(self) -> tuple[Place, ...]:
        """The places of the code shown."""
        return tuple(each.place for each in self.shown)


def understand(task: str, files: Files, modules: Sequence[str], cache: Path | None = None) -> Context:
    """What prompts about the task show of these files; `modules` are the repository's own top-level modules, `cache` is
    the folder of what earlier starts have read.
    """
    index = build_index(files, cache)
    found = localise(index, task)
    code = [place for place in found.places if not is_test(place.path)]
    localised = Localised(task, tuple(code), found.files)
    shown = shown_in_full(index, localised, SHOWN_TOKENS)[:MOST_SHOWN]
    tests = tuple(relevant(files, [place.path for place in shown]))
    beginning = _text(files, tests[0]).split("\n")[:NEIGHBOUR_LINES] if tests else []
    return Context(
        shown=tuple(ShownCode(_place(each), _code(files, each)) for each in shown),
        map_text=render(index, Localised(task, tuple(code[len(shown) :]), found.files), MAP_TOKENS),
        tests=tests,
        neighbours="\n".join(beginning),
        imports="\n".join(_imports(beginning, modules)),
        instructions=instructions(files, [place.path for place in shown], INSTRUCTION_TOKENS).text,
        reasons=tuple("; ".join(each.reasons) for each in shown),
    )


def code_now(files: Files, places: Sequence[Place], index: Index) -> tuple[ShownCode, ...]:
    """The code of these places in another state of the files, in which their lines may have moved; places that are no
    longer there are left out.
    """
    found = []
    for place in places:
        if place.path not in files.paths:
            continue
        for symbol in index.parsed(place.path).symbols:
            if symbol.name == place.name:
                now = Place(place.path, place.name, symbol.first, symbol.last)
                found.append(ShownCode(now, _lines(files, now)))
                break
    return tuple(found)


def _place(found: Found) -> Place:
    return Place(found.path, found.symbol.name, found.symbol.first, found.symbol.last)


def _code(files: Files, found: Found) -> str:
    return _lines(files, _place(found))


def _lines(files: Files, place: Place) -> str:
    return "\n".join(_text(files, place.path).split("\n")[place.first - 1 : place.last])


def _text(files: Files, path: str) -> str:
    return files.read(path).decode("utf-8", "replace").replace("\r\n", "\n")


def _imports(lines: Sequence[str], modules: Sequence[str]) -> list[str]:
    """The lines among these that import one of the modules in one line."""
    own = tuple(f"{word} {module}" for module in modules for word in ("import", "from"))
    return [line for line in lines if line.startswith(own) and "(" not in line]
