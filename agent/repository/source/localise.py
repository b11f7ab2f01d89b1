"""From a task in words to the symbols that it is about, best first, with reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.repository.source.evidence import named_files, named_symbols
from agent.repository.source.index import Index
from agent.repository.source.lexical import Fields, bm25f
from agent.repository.source.mentions import find_mentions
from agent.repository.source.symbols import Parsed, Symbol
from agent.repository.source.word_table import bm25
from agent.repository.source.words import terms, words_of


@dataclass(frozen=True)
class Place:
    """A symbol of a file, how well it fits the task, from 0 to 1 for the best, and why."""

    path: str
    symbol: Symbol
    score: float
    reasons: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The name that people read: the path, and the qualified name where it is not the module's code."""
        return f"{self.path}::{self.symbol.name}" if self.symbol.name else self.path


@dataclass(frozen=True)
class Localised:
    """The places that a task may be about, best first, and the files around them."""

    task: str
    places: tuple[Place, ...]
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class Weights:
    """What each kind of evidence counts, each from 0 to 1 before it is weighted."""

    lexical: float = 1.0
    file: float = 0.3
    named: float = 1.0
    named_file: float = 0.3
    tests: float = 0.2
    """What is left of the score of a test: tests show the fault, and are seldom its place."""
    fields: Fields = field(default_factory=Fields)


DEEP = 300
"""Files whose symbols are looked at, best first by their words: all of a small repository."""


def localise(
    index: Index, task: str, *, failing: Sequence[str] = (), limit: int = 50, weights: Weights | None = None
) -> Localised:
    """The symbols that a task is about, at most `limit`, best first. `failing` are ids of tests that fail, such as
    `tests/test_a.py::test_b`.
    """
    weights = weights or Weights()
    mentions = find_mentions("\n".join([task, *failing]))
    query = question(task)
    of_files = named_files(index, mentions)
    paths = list(index.rows)
    by_words = dict(zip(paths, bm25(index.words, list(index.rows.values()), query).tolist(), strict=True))
    chosen = _deep(index, by_words, of_files)
    parsed = index.parsed_all(chosen)
    units = [(path, number) for path in chosen for number in _ranked(parsed[path])]
    texts = bm25f([parsed[path].bags[number] for path, number in units], query, weights.fields)
    of_symbols = named_symbols(parsed, mentions, index)
    best_text = max((sum(text.values()) for text in texts), default=0.0) or 1.0
    best_file = max(by_words.values(), default=0.0) or 1.0
    places = []
    for (path, number), text in zip(units, texts, strict=True):
        symbol = parsed[path].symbols[number]
        name = of_symbols.get((path, symbol.name), (0.0, ""))
        file = of_files.get(path, (0.0, ""))
        score = (
            weights.lexical * sum(text.values()) / best_text
            + weights.file * by_words[path] / best_file
            + weights.named * name[0]
            + weights.named_file * file[0]
        ) * (weights.tests if is_test(path) else 1.0)
        reasons = tuple(said for said in (name[1], file[1], _words_said(text)) if said)
        places.append(Place(path, symbol, score, reasons))
    places.sort(key=lambda place: (-place.score, place.path, place.symbol.first))
    best = places[0].score if places and places[0].score else 1.0
    ranked = tuple(Place(p.path, p.symbol, round(p.score / best, 6), p.reasons) for p in places[:limit])
    return Localised(task, ranked, tuple(sorted(by_words, key=lambda path: (-by_words[path], path))[:limit]))


def question(task: str) -> dict[str, float]:
    """The terms of a task and what each counts: twice as much where it occurs again and again."""
    counts: dict[str, int] = {}
    for word in words_of(task):
        for term in terms(word):
            counts[term] = counts.get(term, 0) + 1
    return {term: min(count, 3) ** 0.5 for term, count in counts.items()}


def is_test(path: str) -> bool:
    """Whether a file belongs to the tests, by its path."""
    *folders, name = path.split("/")
    return (
        name.startswith("test_")
        or name.endswith("_test.py")
        or name in ("tests.py", "conftest.py", "test.py")
        or any(folder in ("test", "tests", "testing") for folder in folders)
    )


def _deep(index: Index, by_words: Mapping[str, float], named: Mapping[str, object]) -> list[str]:
    """The Python files to look into: those that the task names, then the best by their words."""
    order = sorted(index.python, key=lambda path: (path not in named, -by_words[path], path))
    return sorted(order[:DEEP])


def _ranked(parsed: Parsed) -> list[int]:
    """Numbers of the symbols that are ranked: not the functions inside of functions, which belong to the outer one."""
    functions = {symbol.name for symbol in parsed.symbols if symbol.kind in ("function", "method")}
    return [
        number
        for number, symbol in enumerate(parsed.symbols)
        if not any(_is_inside(symbol.name, around) for around in functions)
    ]


def _is_inside(name: str, around: str) -> bool:
    return name.startswith(around + ".")


def _words_said(text: Mapping[str, float]) -> str:
    best = sorted(text, key=lambda term: (-text[term], term))[:4]
    return "its text has " + ", ".join(best) if best else ""
