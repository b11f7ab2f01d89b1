"""The repository map: code of the best symbols in full, then outlines of what is around them, within a budget."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from agent.repository.source.index import Index
from agent.repository.source.localise import Localised, Place
from agent.repository.source.symbols import Parsed, Symbol
from agent.repository.source.text import read_text
from agent.repository.source.words import estimate_tokens

SHARE_IN_FULL = 0.85


def render(index: Index, localised: Localised, budget: int) -> str:
    """The map for a prompt, of at most so many tokens by `estimate_tokens`: code with path and line numbers of the best
    places in full, then signatures around them. A place that does not fit is passed over.
    """
    full = shown_in_full(index, localised, int(budget * SHARE_IN_FULL))
    text = "\n".join(_code(index, place) for place in full)
    for block in _outlines(index, localised, full):
        if estimate_tokens(text + "\n" + block) <= budget:
            text += "\n" + block
    return text


def shown_in_full(index: Index, localised: Localised, budget: int) -> tuple[Place, ...]:
    """The places whose code is shown in full within so many tokens, best first."""
    shown: list[Place] = []
    used = 0
    for place in localised.places:
        if any(_covers(other, place) for other in shown):
            continue
        cost = estimate_tokens(_code(index, place))
        if used + cost <= budget:
            shown.append(place)
            used += cost
    return tuple(shown)


def _covers(outer: Place, inner: Place) -> bool:
    return (
        outer.path == inner.path
        and outer.symbol.kind not in ("module", "class")
        and outer.symbol.first <= inner.symbol.first
        and inner.symbol.last <= outer.symbol.last
    )


def _code(index: Index, place: Place) -> str:
    """The code of a place under a line that says where it is."""
    symbol = place.symbol
    lines = source_lines(index, place.path)
    body = [f"{lines[number - 1]}" for number in own_lines(index.parsed(place.path), symbol) if number <= len(lines)]
    return f"# {place.name}, lines {symbol.first}-{symbol.last}\n" + "\n".join(body) + "\n"


def source_lines(index: Index, path: str) -> list[str]:
    """The lines of a Python file, decoded."""
    return read_text(index.files.read(path)).data.decode("utf-8", "replace").split("\n")


def own_lines(parsed: Parsed, symbol: Symbol) -> list[int]:
    """The lines that belong to a symbol: all of a function; of a class and a module those outside of other symbols."""
    lines = range(symbol.first, symbol.last + 1)
    if symbol.kind not in ("class", "module"):
        return list(lines)
    inside = {
        line
        for other in parsed.symbols
        if other is not symbol and symbol.first <= other.first and other.last <= symbol.last
        for line in range(other.first, other.last + 1)
    }
    return [line for line in lines if line not in inside]


def _outlines(index: Index, localised: Localised, full: Sequence[Place]) -> Iterator[str]:
    """Signatures of the files around, best file first: a block for each."""
    seen = {(place.path, place.symbol.name) for place in full}
    for path in dict.fromkeys(place.path for place in localised.places):
        names = {place.symbol.name for place in localised.places if place.path == path}
        lines = [
            f"{'    ' * symbol.name.count('.')}{symbol.signature}  # line {symbol.first}"
            for symbol in index.parsed(path).symbols
            if symbol.signature and symbol.name in names and (path, symbol.name) not in seen
        ]
        if lines:
            yield f"# {path}\n" + "\n".join(lines) + "\n"
