"""Turns the values that a function returns into the expected outputs of a program: their forms (the ways `codec` writes
values), their texts, and the comparison of outputs.
"""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

from cure.table.compare import is_number
from evaluator.datasets.functional.forms import Form, best_form, same, survives, to_text
from evaluator.datasets.functional.function import LeftOut, Oracle

_BY_TYPE = {"bool": "bool", "int": "int", "float": "float", "NoneType": "none", "str": "text"}
_RELATIVE = 1e-6
UNREADABLE: Any = object()
"""Stands for a result that is not a Python literal."""


def parsed(text: str) -> Any:
    """The value whose `repr` is this text; UNREADABLE unless it is a Python literal."""
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return UNREADABLE


def output_forms(values: Sequence[Any]) -> dict[str, Form]:
    """The form in which `codec` writes the results of each type, by the type's name."""
    by_type: dict[str, list[Any]] = defaultdict(list)
    for value in values:
        by_type[type(value).__name__].append(value)
    return {name: _BY_TYPE.get(name) or best_form(found, found, "result") for name, found in by_type.items()}


def output_text(forms: Mapping[str, Form], value: Any) -> str | None:
    """The text of the value; None if reading it back would give another value."""
    form = forms[type(value).__name__]
    return (to_text([form], [value]) or "\n") if survives([form], [value], printed=True) else None


def numbers_alike(values: Sequence[Any]) -> list[Any]:
    """The values, with True and False as 1 and 0 where integers outnumber them: True == 1 in Python."""
    kinds = Counter(type(value) for value in values)
    return [int(value) if kinds[int] > kinds[bool] and isinstance(value, bool) else value for value in values]


def confusable(texts: Mapping[int, str], values: Sequence[Any]) -> set[int]:
    """Indices of results of different types with equal texts, such as `[]` and an empty string."""
    by_tokens: dict[str, list[int]] = defaultdict(list)
    for at, text in texts.items():
        by_tokens[" ".join(text.split())].append(at)
    return {at for group in by_tokens.values() if len({_family(values[at]) for at in group}) > 1 for at in group}


def _family(value: Any) -> str:
    return "list" if isinstance(value, tuple) else type(value).__name__


def agrees(result: Any, stated: Any, tolerance: float | None) -> bool:
    """Whether the result of the reference solution is the one that a test states.

    Numbers may differ by the absolute `tolerance` or by a relative 1e-6.
    """
    if isinstance(result, float | int) and isinstance(stated, float | int):
        return result == stated or abs(result - stated) <= max(tolerance or 0.0, 1e-6 * abs(stated))
    if isinstance(result, list | tuple) and isinstance(stated, list | tuple):
        pairs = zip(result, stated, strict=False)
        return len(result) == len(stated) and all(agrees(a, b, tolerance) for a, b in pairs)
    return bool(result == stated)


def order_shows(forward: Any, backward: Any) -> bool | None:
    """Whether a result depends on the order of a set: False for not at all, True if only the order of its items does,
    None for any other difference. `backward` is the result with sets iterated in reverse."""
    if same(forward, backward):
        return False
    if isinstance(forward, list | tuple | dict) and type(forward) is type(backward):
        items = [list(value.items()) if isinstance(value, dict) else list(value) for value in (forward, backward)]
        if Counter(map(repr, items[0])) == Counter(map(repr, items[1])):
            return True
    return None


def comparison_of(oracle: Oracle, forms: Mapping[str, Form], values: Sequence[Any], unordered: bool) -> str:
    """The name of the comparison in `cure.table.compare` that the results need; raises LeftOut where none fits."""
    shapes = {form if isinstance(form, str) else form[0] for form in forms.values()}
    pairs = "dict" in forms and not any(entries_need_order(value, forms[type(value).__name__]) for value in values)
    if unordered or oracle.kind == "unordered" or "set" in forms or pairs:
        if pairs or shapes & {"rows", "many"}:
            return "unordered-lines"
        if shapes & {"fields", "text"} and unordered:
            raise LeftOut("the order of a set shows in the result")
        return "unordered-tokens"
    if any(_holds_float(value) for value in values):
        return f"float({oracle.tolerance or _RELATIVE:g},{_RELATIVE:g})"
    if any(_needs_lines(value) for value in values):
        return "lines"
    # `tokens` would take "0101" for "101".
    return "release" if any(_holds_digits(value) for value in values) else "tokens"


def entries_need_order(value: Any, form: Form) -> bool:
    """Whether the value has a dictionary whose entries take several lines, so that they must be printed in order."""
    if isinstance(value, dict) and form[0] == "pairs":
        return False
    if isinstance(value, dict) and len(value) > 1:
        return True
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    return any(entries_need_order(item, ("",)) for item in inner)


def _holds_float(value: Any) -> bool:
    if isinstance(value, list | tuple | set | dict):
        return any(map(_holds_float, _items(value)))
    return isinstance(value, float)


def _holds_digits(value: Any) -> bool:
    """Whether the value is or has a string with a word that reads as a number."""
    if isinstance(value, list | tuple | dict):
        return any(map(_holds_digits, _items(value)))
    return isinstance(value, str) and any(is_number(word) for word in value.split())


def _items(value: Iterable[Any]) -> Iterable[Any]:
    """The items of a list, tuple or set, the keys and values of a dictionary."""
    return chain(value.keys(), value.values()) if isinstance(value, dict) else value


def _needs_lines(value: Any) -> bool:
    """Whether only white space distinguishes the value from others: blanks in a string, empty strings, rows of
    different lengths."""
    if isinstance(value, str):
        return value != " ".join(value.split())
    if isinstance(value, list | tuple) and any(isinstance(item, list | tuple) for item in value):
        return len({len(item) if isinstance(item, list | tuple) else -1 for item in value}) > 1
    if isinstance(value, list | tuple):
        return any(isinstance(item, str) and (not item or _needs_lines(item)) for item in value)
    return False
