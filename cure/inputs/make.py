"""Makes new inputs out of known ones, without a model: small changes that keep the shape all inputs share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, cycle, islice
from random import Random

from cure.inputs.bounds import Interval, allowed, stated_intervals
from cure.inputs.changes import (
    OF_BLOCKS,
    OF_INTEGERS,
    OF_LISTS,
    OF_NUMBERS,
    OF_OTHERS,
    OF_TEXTS,
    RANDOM_NUMBERS,
    TWICE,
    Place,
)
from cure.inputs.infer import shape_of
from cure.inputs.line import Slot, Tokens, fits
from cure.inputs.shape import InputShape, Parsed
from cure.problem import UnlabelledInput

SHORT = 400
"""Characters that a new input may always have; it may have twice as many as the longest known one if that is more."""
TRIES = 30
"""Attempts per input wanted: small inputs have few changes, which soon repeat."""
MOST_CHANGES = 3


@dataclass(frozen=True, kw_only=True)
class Known:
    """What new inputs are made of: known inputs of one shape, by name, and what the statement says."""

    shape: InputShape
    inputs: Mapping[str, Parsed]
    statement: str

    @cached_property
    def intervals(self) -> list[Interval]:
        """Intervals that the statement gives for numbers."""
        return stated_intervals(self.statement)

    def place(self, column: Slot, *, in_list: bool = False) -> Place:
        """What may stand in a column, or in a list."""
        return Place(column, *allowed(column, self.intervals, self.statement, in_list=in_list))


def new_inputs(
    examples: Mapping[str, str], others: Mapping[str, str], statement: str, count: int, seed: int
) -> list[UnlabelledInput]:
    """Up to `count` new inputs, none of them known, each with the words that say how it was made.

    `examples` are the inputs of trusted tests by name, `others` those of generated ones, which are believed where they
    have the shape of the examples. The same arguments give the same inputs.
    """
    known, rng = {**examples, **others}, Random(seed)
    shape = shape_of([*examples.values()], [*others.values()])
    groups = [shape] if shape else [found for text in known.values() if (found := shape_of([text]))]
    made: dict[str, UnlabelledInput] = {}
    taken = {_tokens(text) for text in known.values()}
    longest = max([SHORT, *(2 * len(text) for text in known.values())])
    sources = [
        _changes(single, Known(shape=each, inputs=inputs, statement=statement), rng)
        for each in groups
        if (inputs := {name: parsed for name, text in known.items() if (parsed := each.parse(text))})
        and (single := _single(each))
    ]
    changed = islice(chain.from_iterable(zip(*sources, strict=False)), TRIES * count)
    for shape, parsed, how in changed:
        if len(made) == count:
            break
        text = shape.render(parsed)
        if len(text) <= longest and _tokens(text) not in taken and shape.parse(text) is not None:
            taken.add(_tokens(text))
            made[text] = UnlabelledInput(text, how)
    return list(made.values())


def _tokens(text: str) -> tuple[str, ...]:
    return tuple(" ".join(line.split()) for line in text.strip("\n").split("\n"))


Single = list[tuple[int, str]]
"""Single changes, each by its place (the index of a line of the shape, or `BLOCKS`) and its name."""


def _single(shape: InputShape) -> Single:
    """Every single change that is possible in this shape; those in TWICE occur twice."""
    single = [(place, name) for place in _places(shape) for name in _names(shape, place)]
    return single + [(place, name) for place, name in single if name in TWICE]


def _changes(single: Single, known: Known, rng: Random) -> Iterator[tuple[InputShape, Parsed, str]]:
    """Changed inputs without end, each with its shape and the words that say how it was made.

    The single changes are tried in turn, in an order drawn at random; every second input is one of `_mixed`.
    """
    rng.shuffle(single)
    names = list(known.inputs)
    for place, name in cycle(single):
        parent = rng.choice(names)
        changed, where = _changed(known, known.inputs[parent], place, name, rng)
        yield known.shape, changed, f"{parent}: {where}"
        yield known.shape, *_mixed(known, single, rng)


def _mixed(known: Known, single: Single, rng: Random) -> tuple[Parsed, str]:
    """A known input, perhaps crossed with another, after one to MOST_CHANGES changes, and the words for them."""
    parent = rng.choice(list(known.inputs))
    parsed, words = known.inputs[parent], [parent]
    if len(known.inputs) > 1 and rng.random() < 0.3:
        other = rng.choice([name for name in known.inputs if name != parent])
        parsed, where = _crossed(known.shape, parsed, known.inputs[other], rng)
        words = [f"{parent} with {where} of {other}"]
    changes = []
    for _ in range(rng.randint(1, MOST_CHANGES)):
        parsed, where = _changed(known, parsed, *rng.choice(single), rng)
        changes.append(where)
    return parsed, f"{words[0]}: {', '.join(changes)}"


BLOCKS = -1
"""Place of changes to the sequence of repeated blocks."""


def _places(shape: InputShape) -> list[int]:
    return [*range(len(shape.lines)), *([BLOCKS] if shape.block else [])]


def _names(shape: InputShape, place: int) -> list[str]:
    """Names of the changes that are possible at a place."""
    if place == BLOCKS:
        return [*OF_BLOCKS]
    line = shape.lines[place]
    kinds = {column.kind for at, column in enumerate(line.columns) if line.is_list or not shape.is_count(place, at)}
    names = [*OF_LISTS, *(["no element"] if 0 in line.lengths else [])] if line.is_list else []
    if line.is_list and line.columns[0].kind != "integer":
        names.remove(RANDOM_NUMBERS)
    tables = {"integer": OF_INTEGERS, "number": OF_NUMBERS, "text": OF_TEXTS}
    return names + [name for kind in sorted(kinds) for name in tables[kind]] + ([*OF_OTHERS] if kinds else [])


def _changed(known: Known, parsed: Parsed, place: int, name: str, rng: Random) -> tuple[Parsed, str]:
    """The input with one change, and the words for it."""
    shape = known.shape
    if place == BLOCKS:
        return (replace(parsed, blocks=tuple(OF_BLOCKS[name](parsed.blocks, rng))) if parsed.blocks else parsed), name
    height = len(shape.head)
    if place < height:
        line = _changed_line(known, place, parsed.head[place], name, rng, parsed)
        head = (*parsed.head[:place], line, *parsed.head[place + 1 :])
        return replace(parsed, head=head), f"line {place + 1} {name}"
    if not parsed.blocks:
        return parsed, "no block to change"
    at = rng.randrange(len(parsed.blocks))
    block = parsed.blocks[at]
    line = _changed_line(known, place, block[place - height], name, rng, parsed)
    changed = (*block[: place - height], line, *block[place - height + 1 :])
    blocks = (*parsed.blocks[:at], changed, *parsed.blocks[at + 1 :])
    return replace(parsed, blocks=blocks), f"line {height + at * len(shape.block) + place - height + 1} {name}"


def _changed_line(known: Known, number: int, tokens: Tokens, name: str, rng: Random, parsed: Parsed) -> Tokens:
    """The tokens of one line with one change; `parsed` is the whole input."""
    line = known.shape.lines[number]
    if line.is_list and name == "no element":
        return ()
    of_words = line.is_list and line.columns[0].kind == "text" and name in OF_TEXTS
    if line.is_list and name in OF_LISTS and not (of_words and rng.random() < 0.5):
        return OF_LISTS[name](tokens, known.place(line.columns[0], in_list=True), rng)
    if of_words and rng.random() < 0.5:
        whole = OF_TEXTS[name](" ".join(tokens), known.place(line.columns[0]), rng)
        return tuple(whole.split(" "))
    if name in OF_OTHERS:
        return _with_another(known, number, tokens, name, rng, parsed)
    tables = {"integer": OF_INTEGERS, "number": OF_NUMBERS, "text": OF_TEXTS}
    places = [
        at for at in range(len(tokens)) if name in tables[line.column(at).kind] and not known.shape.is_count(number, at)
    ]
    if not places:
        return tokens
    at = rng.choice(places)
    place = known.place(line.column(at), in_list=line.is_list)
    changed = tables[line.column(at).kind][name](tokens[at], place, rng)
    return (*tokens[:at], changed, *tokens[at + 1 :])


def _with_another(known: Known, number: int, tokens: Tokens, name: str, rng: Random, parsed: Parsed) -> Tokens:
    """The tokens of a line, one of them made from a token of the same kind that stands elsewhere in the input."""
    places = [at for at in range(len(tokens)) if not known.shape.is_count(number, at)]
    if not places:
        return tokens
    at = rng.choice(places)
    column = known.shape.lines[number].column(at)
    rows = [*parsed.head, *(row for block in parsed.blocks for row in block)]
    others = [token for row in rows for token in row if token != tokens[at] and fits(token, column.kind)]
    changed = OF_OTHERS[name](rng.choice(others)) if others else tokens[at]
    place = known.place(column, in_list=known.shape.lines[number].is_list)
    if column.kind != "text" and not place.low <= float(changed) <= place.high:
        return tokens
    return (*tokens[:at], changed, *tokens[at + 1 :])


def _crossed(shape: InputShape, one: Parsed, other: Parsed, rng: Random) -> tuple[Parsed, str]:
    """The first input with a line, half of a list, or half of the blocks of the second one, and the words for what was
    taken.
    """
    places = _places(shape)
    place = rng.choice(places)
    if place == BLOCKS or place >= len(shape.head):
        blocks = (*one.blocks[: len(one.blocks) // 2], *other.blocks[len(other.blocks) // 2 :])
        return replace(one, blocks=blocks or one.blocks), "half the blocks"
    mine, theirs = one.head[place], other.head[place]
    if shape.lines[place].is_list and rng.random() < 0.5:
        mine = (*mine[: (len(mine) + 1) // 2], *theirs[len(theirs) // 2 :])
        return replace(one, head=(*one.head[:place], mine, *one.head[place + 1 :])), f"half of line {place + 1}"
    return replace(one, head=(*one.head[:place], theirs, *one.head[place + 1 :])), f"line {place + 1}"
