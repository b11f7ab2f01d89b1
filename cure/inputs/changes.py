"""Small changes of numbers, words, lists and repeated blocks, each under the words that name it.

A change returns the new value, which may equal the old one. It is a function of the value, of what is known about its
place, and of a random generator; but a change in OF_OTHERS takes only a token from another place, and one in OF_BLOCKS
takes only the blocks and the generator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from cure.inputs.line import Slot, Tokens, fits

ValueT = TypeVar("ValueT")

LONGEST_TEXT = 60  # characters of a text of random letters
LONGEST_LIST = 24  # elements of a list of random elements
FEW_LETTERS = 3
OTHER_LETTERS = "aeyzAEYZ0159 ,.-!"
RANDOM_NUMBERS = "random numbers"
"""Name of the change that only lists of whole numbers have."""


@dataclass(frozen=True)
class Place:
    """What values may stand at a place."""

    column: Slot
    low: int
    high: int
    """`low` and `high`: least and largest number to try."""


Change = Callable[[ValueT, Place, Random], ValueT]


def _integer(make: Callable[[int, Place, Random], int]) -> Change[str]:
    def change(token: str, place: Place, rng: Random) -> str:
        return str(min(place.high, max(place.low, make(int(token), place, rng))))

    return change


def _decimal(make: Callable[[float, Place, Random], float]) -> Change[str]:
    def change(token: str, place: Place, rng: Random) -> str:
        digits = max((len(seen.partition(".")[2]) for seen in place.column.seen), default=1)
        value = round(min(float(place.high), max(float(place.low), make(float(token), place, rng))), digits)
        return f"{value:.{digits}f}" if "." in token or value != int(value) else str(int(value))

    return change


OF_INTEGERS: Mapping[str, Change[str]] = {
    "the least": _integer(lambda _, place, __: place.low),
    "the largest": _integer(lambda _, place, __: place.high),
    "0": _integer(lambda *_: 0),
    "1": _integer(lambda *_: 1),
    "2": _integer(lambda *_: 2),
    "one more": _integer(lambda value, *_: value + 1),
    "one less": _integer(lambda value, *_: value - 1),
    "negated": _integer(lambda value, *_: -value),
    "doubled": _integer(lambda value, *_: 2 * value),
    "halved": _integer(lambda value, *_: value // 2),
    "ten times": _integer(lambda value, *_: 10 * value),
    "a power of two": _integer(lambda _, place, rng: 1 << rng.randint(0, max(1, place.high.bit_length() - 1))),
    "a square": _integer(lambda _, place, rng: rng.randint(0, max(1, int(abs(place.high) ** 0.5))) ** 2),
    "any number": _integer(lambda _, place, rng: rng.randint(place.low, place.high)),
    "a number of any size": _integer(lambda _, place, rng: _of_any_size(place, rng)),
    "seen elsewhere": _integer(lambda value, place, rng: int(_seen(str(value), place, rng))),
}

OF_NUMBERS: Mapping[str, Change[str]] = {
    "the least": _decimal(lambda _, place, __: place.low),
    "the largest": _decimal(lambda _, place, __: place.high),
    "0": _decimal(lambda *_: 0.0),
    "1": _decimal(lambda *_: 1.0),
    "negated": _decimal(lambda value, *_: -value),
    "doubled": _decimal(lambda value, *_: 2 * value),
    "halved": _decimal(lambda value, *_: value / 2),
    "rounded": _decimal(lambda value, *_: float(int(value))),
    "a half more": _decimal(lambda value, *_: int(value) + 0.5),
    "a little more": _decimal(lambda value, *_: value + 0.1),
    "a little less": _decimal(lambda value, *_: value - 0.1),
    "any number": _decimal(lambda _, place, rng: rng.uniform(place.low, place.high)),
    "seen elsewhere": _decimal(lambda value, place, rng: float(_seen(str(value), place, rng))),
}


def _of_any_size(place: Place, rng: Random) -> int:
    """A whole number whose logarithm is uniformly distributed, up to the larger absolute bound; where `place` allows
    negative numbers, half of the numbers are negated.
    """
    size = int((max(abs(place.low), abs(place.high)) + 1) ** rng.random())
    return -size if place.low < 0 and rng.random() < 0.5 else size


def _seen(token: str, place: Place, rng: Random) -> str:
    return rng.choice(place.column.seen) if place.column.seen else token


def _letter(place: Place, rng: Random) -> str:
    return rng.choice(place.column.alphabet.replace(" ", "") or "a")


def _replaced(text: str, place: Place, rng: Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return text[:at] + _letter(place, rng) + text[at + 1 :]


def _inserted(text: str, place: Place, rng: Random) -> str:
    at = rng.randint(0, len(text))
    return text[:at] + _letter(place, rng) + text[at:]


def _dropped(text: str, _place: Place, rng: Random) -> str:
    at = rng.randrange(len(text)) if len(text) > 1 else len(text)
    return text[:at] + text[at + 1 :]


def _repeated(text: str, _place: Place, rng: Random) -> str:
    at = rng.randrange(len(text)) if text else 0
    return text[: at + 1] + text[at:]


def _exchanged(text: str, _place: Place, rng: Random) -> str:
    if len(text) < 2:
        return text
    at = rng.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _shuffled(text: str, _place: Place, rng: Random) -> str:
    return "".join(rng.sample(text, len(text)))


def _spelled(text: str, place: Place, rng: Random) -> str:
    return "".join(_letter(place, rng) for _ in range(rng.randint(1, max(2, min(LONGEST_TEXT, 2 * len(text))))))


def _part(text: str, _place: Place, rng: Random) -> str:
    first, last = sorted(rng.sample(range(len(text) + 1), 2)) if text else (0, 0)
    return text[first:last]


def _of_other_letters(text: str, place: Place, rng: Random) -> str:
    """The text with one more character, such as a digit, a capital or a comma, whether the known texts have it or not.

    Where the known texts have fewer than three different letters and digits (brackets, bits), the character is one of
    theirs.
    """
    seen = [letter for letter in place.column.alphabet if letter.isalnum()]
    if len(seen) < FEW_LETTERS:
        return _inserted(text, place, rng)
    at = rng.randint(0, len(text))
    return text[:at] + rng.choice(OTHER_LETTERS) + text[at:]


OF_TEXTS: Mapping[str, Change[str]] = {
    "a letter of another kind": _of_other_letters,
    "one letter": lambda text, _, rng: rng.choice(text) if text else text,
    "a letter dropped": _dropped,
    "the first letter dropped": lambda text, *_: text[1:] if len(text) > 1 else text,
    "the last letter dropped": lambda text, *_: text[:-1] if len(text) > 1 else text,
    "a letter doubled": _repeated,
    "a letter replaced": _replaced,
    "a letter added": _inserted,
    "neighbours exchanged": _exchanged,
    "reversed": lambda text, *_: text[::-1],
    "doubled": lambda text, *_: text + text,
    "mirrored": lambda text, *_: text + text[::-1],
    "sorted": lambda text, *_: "".join(sorted(text)),
    "shuffled": _shuffled,
    "a part": _part,
    "equal letters": lambda text, _, rng: (rng.choice(text) if text else "") * len(text),
    "upper case": lambda text, *_: text.upper(),
    "lower case": lambda text, *_: text.lower(),
    "case exchanged": lambda text, *_: text.swapcase(),
    "random letters": _spelled,
    "seen elsewhere": lambda text, place, rng: _seen(text, place, rng),
}


OF_OTHERS: Mapping[str, Callable[[str], str]] = {
    "equal to another": lambda token: token,
    "one more than another": lambda token: _moved(token, 1),
    "one less than another": lambda token: _moved(token, -1),
}
"""Changes that take a token from another place of the input: many mistakes show only where two values are equal."""

TWICE = ("a number of any size", "a letter of another kind", "equal to another", RANDOM_NUMBERS)
"""Changes that are tried twice as often as others, since each has many outcomes."""


def _moved(token: str, by: int) -> str:
    """The sum of the token and `by`, if the token is a whole number; else the token."""
    return str(int(token) + by) if fits(token, "integer") else token


def _sorted(tokens: Tokens, place: Place) -> Tokens:
    return tuple(sorted(tokens) if place.column.kind == "text" else sorted(tokens, key=float))


def _extended(tokens: Tokens, place: Place, rng: Random) -> Tokens:
    return tokens + tuple(_seen("0", place, rng) for _ in range(rng.randint(1, 4)))


def _without(tokens: Tokens, _place: Place, rng: Random) -> Tokens:
    at = rng.randrange(len(tokens)) if len(tokens) > 1 else len(tokens)
    return tokens[:at] + tokens[at + 1 :]


def _with_equal(tokens: Tokens, _place: Place, rng: Random) -> Tokens:
    if len(tokens) < 2:
        return tokens * 2
    one, other = rng.sample(range(len(tokens)), 2)
    return (*tokens[:one], tokens[other], *tokens[one + 1 :])


def _drawn(tokens: Tokens, place: Place, rng: Random) -> Tokens:
    length = rng.randint(1, max(2, min(LONGEST_LIST, 2 * len(tokens))))
    few = rng.sample(place.column.seen, min(len(place.column.seen), rng.randint(2, 6))) or ["0"]
    return tuple(rng.choice(few) for _ in range(length))


def _random(tokens: Tokens, place: Place, rng: Random) -> Tokens:
    """Whole numbers of any size, each drawn by itself."""
    length = rng.randint(1, max(2, min(LONGEST_LIST, 2 * len(tokens))))
    return tuple(str(min(place.high, max(place.low, _of_any_size(place, rng)))) for _ in range(length))


OF_LISTS: Mapping[str, Change[Tokens]] = {
    "one element": lambda tokens, _, rng: (rng.choice(tokens),) if tokens else tokens,
    "two elements": lambda tokens, _, rng: tuple(rng.sample(tokens, min(2, len(tokens)))),
    "sorted": lambda tokens, place, _: _sorted(tokens, place),
    "sorted downwards": lambda tokens, place, _: _sorted(tokens, place)[::-1],
    "reversed": lambda tokens, *_: tokens[::-1],
    "shuffled": lambda tokens, _, rng: tuple(rng.sample(tokens, len(tokens))),
    "equal elements": lambda tokens, _, rng: (rng.choice(tokens),) * len(tokens) if tokens else tokens,
    "two equal elements": _with_equal,
    "doubled": lambda tokens, *_: tokens * 2,
    "mirrored": lambda tokens, *_: tokens + tokens[::-1],
    "an element dropped": _without,
    "the first element dropped": lambda tokens, *_: tokens[1:] if len(tokens) > 1 else tokens,
    "the last element dropped": lambda tokens, *_: tokens[:-1] if len(tokens) > 1 else tokens,
    "longer": _extended,
    "random elements out of a few": _drawn,
    RANDOM_NUMBERS: _random,
}

OF_BLOCKS: Mapping[str, Callable[[Sequence[tuple[Tokens, ...]], Random], list[tuple[Tokens, ...]]]] = {
    "one block": lambda blocks, rng: [rng.choice(blocks)],
    "a block dropped": lambda blocks, rng: rng.sample(blocks, max(1, len(blocks) - 1)),
    "a block repeated": lambda blocks, rng: [*blocks, rng.choice(blocks)],
    "blocks reversed": lambda blocks, _: list(blocks)[::-1],
    "blocks shuffled": lambda blocks, rng: rng.sample(blocks, len(blocks)),
    "blocks sorted": lambda blocks, _: sorted(blocks),
    "equal blocks": lambda blocks, rng: [rng.choice(blocks)] * len(blocks),
}
