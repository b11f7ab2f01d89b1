"""A model's word on which places matter, joined with the ranking."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.repository.source.places import Localised, Place

SHARE = 0.6
"""How much of the score the votes have."""

_LINE_START = re.compile(r"^\s*(?:[-*•+>]|\d+[.):])\s*")
_WRAPPING = " \t`'\"*_,.;:()[]{}<>"
_KEYWORD = re.compile(r"^(?:async\s+def|def|class|function|method|file|in)\s+", re.IGNORECASE)
_ARGUMENTS = re.compile(r"\(.*$")


def with_votes(localised: Localised, answers: Sequence[Sequence[str]], share: float = SHARE) -> Localised:
    """The places with new scores and in a new order: `share` of each score is what the answers say, the rest is the old
    score. An answer is a list of names, the best first, as a model writes them: `path::Class.method`,
    `2. Class.method()`, `path.py: function`, `def method`. The k-th name counts 1/k. Names that fit no place are
    ignored, and a name that fits several is divided among them; without any name that fits nothing changes.
    """
    votes: dict[int, float] = {}
    for answer in answers:
        for at, name in enumerate(answer):
            meant = matching(name, localised.places)
            for number in meant:
                votes[number] = votes.get(number, 0.0) + 1 / (1 + at) / len(meant)
    total = sum(votes.values())
    if not total:
        return localised
    old = sum(place.score for place in localised.places) or 1.0
    places = [
        replace(
            place,
            score=(1 - share) * place.score / old + share * votes.get(number, 0.0) / total,
            reasons=(*place.reasons, "the model named it") if number in votes else place.reasons,
        )
        for number, place in enumerate(localised.places)
    ]
    order = sorted(range(len(places)), key=lambda number: (-places[number].score, number))
    return replace(localised, places=tuple(places[number] for number in order))


def matching(name: str, places: Sequence[Place]) -> tuple[int, ...]:
    """The numbers of the places that a written name can mean, by the strictest reading that fits any."""
    path, qualified = _read(name)
    if not qualified and not path:
        return ()
    readings: Mapping[str, list[int]] = {reading: [] for reading in ("whole", "end", "last", "file")}
    for number, place in enumerate(places):
        if path and not _same_end(place.path.lower(), path):
            continue
        own = place.symbol.name.lower()
        if own == qualified:
            readings["whole"].append(number)
        elif own and f".{own}".endswith(f".{qualified}") and qualified:
            readings["end"].append(number)
        elif own and qualified and own.rpartition(".")[2] == qualified.rpartition(".")[2]:
            readings["last"].append(number)
        elif not qualified and path:
            readings["file"].append(number)
    return tuple(next((numbers for numbers in readings.values() if numbers), []))


def _read(name: str) -> tuple[str, str]:
    """The path and the qualified name, in lower case, that a line of an answer has."""
    text = _LINE_START.sub("", name.strip().partition("\n")[0]).split(" - ")[0].split(" — ")[0].strip(_WRAPPING)
    path = ""
    if match := re.match(r"(?P<path>[\w./\\-]+\.pyi?)(?:`?\s*(?:::|:|#|,|\s|$)\s*`?)(?P<rest>.*)", text):
        path, text = match["path"].replace("\\", "/").removeprefix("./"), match["rest"]
    text = _KEYWORD.sub("", text.strip(_WRAPPING))
    text = _ARGUMENTS.sub("", text).replace("::", ".").strip(_WRAPPING)
    text = text.split()[0].strip(_WRAPPING) if text.split() else ""
    # Leading and trailing underscores belong to names, and only look like emphasis.
    if text:
        found = re.search(rf"_*{re.escape(text)}_*", name)
        text = found.group() if found else text
    return path.lower(), text.lower()


def _same_end(path: str, written: str) -> bool:
    return path == written or path.endswith("/" + written) or written.endswith("/" + path)
