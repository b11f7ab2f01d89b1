"""Chooses the forms in which `codec` writes values: a form fits a value that is equal after being read back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal

from evaluator.datasets.functional.codec import read_value, write_value

Form = Any
"""A form of `codec`: a string, or (shape, box, inner). Its `repr` is a Python literal, which programs contain."""

ENOUGH = 0.9
"""A simpler form is chosen if it keeps this share of the values; the other values are left out."""
_OF_ALL = 0.75
"""Share of all values that a form chosen for the public values must keep."""
_OF_LITERALS = 0.5
"""Share of all values that a form must keep; where none does, values are written as literals if that keeps more."""
_WORDS = ("bool", "int", "float", "number", "none", "word", "atom")
_SCALARS = (bool, int, float, str, type(None))
_MOST_FIELDS = 6
_SHAPES_OF_SEVERAL_FORMS = ("fields", "pairs", "map")
"""Shapes whose inner part is a tuple of forms."""
LITERAL = "literal"
"""The form that every Python literal survives."""


def to_text(forms: Sequence[Form], values: Sequence[Any]) -> str:
    """The text of the values, one after the other."""
    lines = [line for form, value in zip(forms, values, strict=True) for line in write_value(form, value)]
    return "".join(f"{line}\n" for line in lines)


def from_text(forms: Sequence[Form], text: str) -> list[Any]:
    """The values that `to_text` wrote; raises ValueError if the text is not of these forms."""
    lines = iter(text.removesuffix("\n").split("\n"))
    try:
        values = [read_value(form, lines) for form in forms]
    except (ValueError, LookupError, TypeError, SyntaxError, RuntimeError, MemoryError, StopIteration) as error:
        raise ValueError(f"not of the form {forms!r}") from error
    rest = next(lines, None)
    if rest is not None and (forms or rest):
        raise ValueError("text is left over")
    return values


def same(left: Any, right: Any) -> bool:
    """Whether the values are equal and of equal types: 1 differs from 1.0 and True, a list from a tuple, 0.0 from -0.0.

    Infinities and NaN equal no value, not even themselves: not every program can read their text.
    """
    if type(left) is not type(right):
        return False
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(left, dict):
        pairs = zip(left.items(), right.items(), strict=True)
        return len(left) == len(right) and all(same(a, b) for a, b in pairs)
    if isinstance(left, set):
        return left == right and same(sorted(left, key=repr), sorted(right, key=repr))
    if isinstance(left, float):
        return repr(left) == repr(right) and math.isfinite(left)
    return bool(left == right)


def survives(forms: Sequence[Form], values: Sequence[Any], printed: bool = False) -> bool:
    """Whether the values are equal after being written in these forms and read back, by any program.

    `printed` values need not be read by a program, so their lines may begin and end with blanks, and an empty text
    stands for an empty list.
    """
    try:
        text = to_text(forms, values)
        if printed and not text.strip("\n") and values == [[]]:
            return True
        if values and not text:  # no rows: a program that reads nothing cannot tell them from one empty row
            return False
        text.encode()
        if not all(_plain(line, printed) for line in text.split("\n")):
            return False
        return same(from_text(forms, text), list(values))
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return False  # ValueError: also a lone surrogate, which cannot be encoded


def _plain(line: str, printed: bool) -> bool:
    """Whether every program reads the line alike: no blanks around it, no further line separators in it."""
    return (printed or line == line.strip()) and len(line.splitlines()) <= 1


Place = Literal["middle", "end", "result"]
"""The place of a value. No other value follows one at the `end` of an input or a `result`, so a list of rows needs no
line with its length; at the `end` that line is written nevertheless where an empty list or row would be lost."""


def choose(values: Sequence[Any], place: Place = "middle") -> Form | None:
    """The simplest form that keeps 90 % of the values, else the one that keeps most; None if none keeps any."""
    # Repeated values, such as empty ones, would outvote the others.
    values = list({repr(value): value for value in values}.values())
    best, most = None, 0
    for form in _candidates(values, place):
        kept = sum(survives([form], [value], printed=place == "result") for value in values)
        if kept >= ENOUGH * len(values) and kept:
            return form
        if kept > most:
            best, most = form, kept
    return best


def best_form(shown: Sequence[Any], values: Sequence[Any], place: Place) -> Form:
    """The form chosen for the public values `shown` if it keeps three quarters of all values, else that for all values.

    A form of words or lines that loses values gives way to one that keeps all, such as one with a line for each word.
    The form is `literal` if no other form keeps half of the values, and literals keep more.
    """
    different = list({repr(value): value for value in values}.values())

    def kept(form: Form) -> int:
        return sum(survives([form], [value], printed=place == "result") for value in different)

    form = choose(shown, place)
    if form is None or kept(form) < _OF_ALL * len(different):
        form = choose(values, place)
    if form is None or kept(form) < _OF_LITERALS * len(different):
        return LITERAL if form is None or kept(LITERAL) > kept(form) else form
    words = {"word", "line"}
    if kept(form) == len(different) or not _words_of(form) <= words:
        return form
    candidates = (other for other in _candidates(different, place) if _words_of(other) <= words)
    return next((other for other in candidates if kept(other) == len(different)), form)


def _words_of(form: Form) -> set[str]:
    """The kinds of words in a form."""
    if isinstance(form, str):
        return {form}
    return set().union(*map(_words_of, form[2] if form[0] in _SHAPES_OF_SEVERAL_FORMS else form[2:]))


def _candidates(values: Sequence[Any], place: Place) -> Iterator[Form]:
    if not values:
        return
    containers = [value for value in values if not isinstance(value, _SCALARS)]
    if len(containers) * 2 < len(values):
        yield from (*_WORDS[:-2], "line", "atom")
        return
    kinds = Counter(type(value).__name__ for value in containers)
    box = kinds.most_common(1)[0][0]
    boxed = [value for value in containers if type(value).__name__ == box]
    if box == "dict":
        yield from _of_dicts(boxed)
    elif box in ("list", "tuple", "set"):
        yield from _of_sequences(boxed, box, place)


def _of_dicts(values: Sequence[Any]) -> Iterator[Form]:
    keys = [key for value in values for key in value]
    items = [item for value in values for item in value.values()]
    if all(isinstance(item, _SCALARS) for item in items):
        for key in ("int", "float", "number", "word", "atom"):
            yield from (("pairs", "dict", (key, kind)) for kind in _WORDS)
    key_form, item_form = choose(keys), choose(items)
    if key_form is not None and item_form is not None:
        yield "map", "dict", (key_form, item_form)


def _of_sequences(values: Sequence[Any], box: str, place: Place) -> Iterator[Form]:
    items = [item for value in values for item in value]
    nested = [item for item in items if not isinstance(item, _SCALARS)]
    if 2 * len(nested) <= len(items):
        yield from (("row", box, kind) for kind in _WORDS)
    fields = _fields(values, box)
    mixed = fields is not None and len(set(fields[2])) > 1
    if fields is not None and mixed:
        yield fields
    if (form := choose(items)) is not None:
        plain, counted = ("rows", box, form), ("many", box, form)
        if place != "middle" and (form == "line" or form[0] == "row"):
            nothing_lost = all(survives([plain], [value]) or not survives([counted], [value]) for value in values)
            if place == "result" or nothing_lost:
                yield plain
        yield counted
    if fields is not None and not mixed:
        yield fields


def _fields(values: Sequence[Any], box: str) -> Form | None:
    """A form with a separate form for each item, if all values have the same small number of items; else None."""
    sizes = {len(value) for value in values}
    if len(sizes) != 1 or box == "set" or not 1 < (size := sizes.pop()) <= _MOST_FIELDS:
        return None
    fields = [choose([value[at] for value in values]) for at in range(size)]
    return None if None in fields else ("fields", box, tuple(fields))
