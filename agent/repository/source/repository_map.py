"""The repository map: code of the best symbols in full, then outlines of what is around them, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from agent.repository.source.index import Index
from agent.repository.source.places import Localised, Place, is_test
from agent.repository.source.symbols import Symbol
from agent.repository.source.text import lines_of
from agent.repository.source.words import estimate_tokens

SHARE_IN_FULL = 0.85
"""What part of a map's budget the code in full may take."""

THRIFT = 0.5
"""How much short symbols go before long ones: 0 not at all, 1 by score per token."""

AROUND = 30
"""Places whose files are outlined."""


def render(index: Index, localised: Localised, budget: int) -> str:
    """The map for a prompt, of at most so many tokens by `estimate_tokens`: code with path and line numbers of the best
    places in full, then signatures of what is around them, file by file.
    """
    full = shown_in_full(index, localised, int(budget * SHARE_IN_FULL))
    codes = _codes(index, full)
    text = "\n".join(codes[place] for place in full)
    for line in _outlines(index, localised, full):
        longer = f"{text}\n{line}" if text else line
        if estimate_tokens(longer) > budget:
            break
        text = longer
    return text


def shown_in_full(index: Index, localised: Localised, budget: int) -> tuple[Place, ...]:
    """The places whose code is shown in full within so many tokens, best first. The best place is shown if it fits;
    among the others, short ones go before long ones of nearly the same score.
    """
    codes = _codes(index, [place for place in localised.places if place.score > 0])
    costs = {place: estimate_tokens(code) for place, code in codes.items()}
    order = sorted(costs, key=lambda place: -place.score / costs[place] ** THRIFT)
    shown: list[Place] = []
    left = budget
    for place in (*localised.places[:1], *order):
        cost = costs.get(place, budget + 1)
        if cost <= left and not any(_overlap(place, other) for other in shown):
            shown.append(place)
            left -= cost
    rank = {place: number for number, place in enumerate(localised.places)}
    return tuple(sorted(shown, key=rank.__getitem__))


def _overlap(one: Place, other: Place) -> bool:
    return one.path == other.path and one.symbol.first <= other.symbol.last and other.symbol.first <= one.symbol.last


def _codes(index: Index, places: Sequence[Place]) -> dict[Place, str]:
    """The code of each place under a line that says where it is."""
    lines = {path: lines_of(index.files.read(path)) for path in {place.path for place in places}}
    return {place: _code(place, lines[place.path]) for place in places}


def _code(place: Place, lines: Sequence[str]) -> str:
    first, last = place.symbol.first, place.symbol.last
    return f"# {place.name}, lines {first}-{last}\n" + "\n".join(lines[first - 1 : last]) + "\n"


def _outlines(index: Index, localised: Localised, full: Sequence[Place]) -> Iterator[str]:
    """Lines of outlines: the signatures of the best files, those of the best file first, each under its path."""
    best = [place for place in localised.places[:AROUND] if not is_test(place.path)]
    shown = {(place.path, place.symbol.name) for place in full}
    for path in dict.fromkeys(place.path for place in (*full, *best)):
        ranks = {place.symbol.name: number for number, place in enumerate(localised.places) if place.path == path}
        lines = [
            _outlined(symbol)
            for symbol in index.parsed(path).symbols
            if symbol.signature and _is_outlined(symbol, ranks) and (path, symbol.name) not in shown
        ]
        if lines:
            yield f"# {path}"
            yield from lines


def _is_outlined(symbol: Symbol, ranks: Mapping[str, int]) -> bool:
    """Whether a symbol is ranked, or is a class with a method that is."""
    return symbol.name in ranks or (symbol.kind == "class" and any(n.startswith(symbol.name + ".") for n in ranks))


def _outlined(symbol: Symbol) -> str:
    indent = "    " * symbol.name.count(".")
    said = f"  # {symbol.doc}" if symbol.doc else ""
    return f"{indent}{symbol.signature}: ...{said if len(said) < 90 else ''}"
