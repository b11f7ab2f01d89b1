"""What the prompts about one task show of a repository: code to change, a map of what is around, test files nearby."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.repository.checks.relevant import relevant
from agent.repository.edit import Place
from agent.repository.files import Files
from agent.repository.prompts import ShownCode, localise_prompt, read_choice
from agent.repository.source import (
    Index,
    Localised,
    build_index,
    is_test,
    localise,
    render,
    shown_in_full,
    with_votes,
)
from agent.repository.source import Place as Found
from agent.repository.source.context import context as surroundings
from agent.repository.source.instructions import instructions
from engines import ChatPrompt

SHOWN_TOKENS = 2500
"""Tokens of the code that is shown in full."""
MOST_SHOWN = 6
MAP_TOKENS = 1200
AROUND_TOKENS = 500
"""Tokens of what is around the best place: imports, its class, callers."""
MOST_LISTED = 20
"""Places that a model chooses from, where it is asked where to look."""
INSTRUCTION_TOKENS = 600
"""Tokens of what the repository asks of those who change it."""
NEIGHBOUR_LINES = 40
"""Lines of a test file near the code that the tester sees."""

Executed = Mapping[str, Mapping[str, Collection[int]]]
"""Lines by source file, by test file."""


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


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """The code that a task may be about, before it is chosen what of it prompts show."""

    files: Files
    index: Index
    found: Localised
    """Places outside of tests, best first."""

    @property
    def listed(self) -> tuple[Found, ...]:
        """The places that a model is asked to choose from."""
        return self.found.places[:MOST_LISTED]

    def vote_prompt(self) -> ChatPrompt:
        """The prompt that asks a model for the places that have to change."""
        outlines = [f"{each.symbol.signature}  {each.symbol.doc}" for each in self.listed]
        return localise_prompt(self.found.task, [_place(each) for each in self.listed], outlines)

    def voted(self, answers: Sequence[str]) -> Lookup:
        """The lookup with the order that the model's answers to `vote_prompt` give."""
        places = [_place(each) for each in self.listed]
        chosen = [[str(place) for place in read_choice(answer, places)] for answer in answers]
        return replace(self, found=with_votes(self.found, chosen))


def search(task: str, files: Files, cache: Path | None = None) -> Lookup:
    """The code that the task may be about; `cache` is the folder of what earlier starts have read."""
    index = build_index(files, cache)
    found = localise(index, task)
    code = tuple(place for place in found.places if not is_test(place.path))
    return Lookup(files=files, index=index, found=replace(found, places=code))


def understand(
    found: Lookup, modules: Sequence[str], executed: Executed | None = None, tests: Sequence[str] | None = None
) -> Context:
    """What prompts about the task show; `modules` are the repository's own top-level modules.

    `executed` are the lines that each test file executes (`Report.lines`), by which the files that run the code shown
    come first; `tests`, if given, is the order that a record has.
    """
    files, index = found.files, found.index
    shown = shown_in_full(index, found.found, SHOWN_TOKENS)[:MOST_SHOWN]
    others = replace(found.found, places=found.found.places[len(shown) :])
    ordered = _tests_of(files, shown, executed) if tests is None else tuple(tests)
    beginning = _text(files, ordered[0]).split("\n")[:NEIGHBOUR_LINES] if ordered else []
    return Context(
        shown=tuple(ShownCode(_place(each), _code(files, each)) for each in shown),
        map_text=f"{_around(index, shown)}{render(index, others, MAP_TOKENS)}",
        tests=ordered,
        neighbours="\n".join(beginning),
        imports="\n".join(_imports(beginning, modules)),
        instructions=instructions(files, [place.path for place in shown], INSTRUCTION_TOKENS).text,
        reasons=tuple("; ".join(each.reasons) for each in shown),
    )


def _tests_of(files: Files, shown: Sequence[Found], executed: Executed | None) -> tuple[str, ...]:
    lines: dict[str, set[int]] = {}
    for place in shown:
        lines.setdefault(place.path, set()).update(range(place.symbol.first, place.symbol.last + 1))
    return tuple(relevant(files, list(lines), executed=executed, lines=lines))


def _around(index: Index, shown: Sequence[Found]) -> str:
    """What is around the best place: imports, the rest of its class, constants, callers, an existing test."""
    best = next((place for place in shown if place.symbol.name), None)
    return "" if best is None else surroundings(index, best.path, best.symbol.name).text(AROUND_TOKENS)


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
