"""Writes values as lines of text and reads them back: the encoding of the CURE paper, made lossless.

A *form* names the encoding of a value. `program.py` adds the source of these functions to reference solutions, so that
programs in the sandbox read a test with the code that checked the test at conversion. For this reason the functions use
built-in names and `literal_eval` only.

| form | text |
|---|---|
| `int`, `float`, `number`, `bool`, `none`, `word`, `atom` | a word; `number`: int or float, `atom`: any of these |
| `line` | a string, as a line of its own |
| `text` | a string: all remaining lines |
| `literal` | a Python literal on a line, as `repr` writes it |
| `(row, box, word form)` | the items on one line, separated by spaces |
| `(rows, box, form of a row)` | one row per line, to the end of the text |
| `(many, box, form)` | a line with the number of items, then each item in turn |
| `(fields, box, (form, ...))` | a fixed number of items, each in its own form, in turn |
| `(pairs, dict, (word form, word form))` | a line with the number of entries, then a line `key value` for each |
| `(map, dict, (form, form))` | a line with the number of entries, then key and value in turn |

`box` is `list`, `tuple` or `set`. A set is written in sorted order.
"""

from ast import literal_eval
from collections.abc import Iterator
from typing import Any


def read_word(kind: str, word: str) -> Any:
    """The value of one word; raises ValueError or KeyError if the word is not of this kind."""
    if kind == "int":
        return int(word)
    if kind == "float":
        return float(word)
    if kind == "number":
        return int(word) if word.lstrip("-").isdigit() else float(word)
    if kind == "bool":
        return {"True": True, "False": False}[word]
    if kind == "none":
        return {"None": None}[word]
    if kind == "atom":
        names = {"True": True, "False": False, "None": None}
        if word in names:
            return names[word]
        try:
            return int(word) if word.lstrip("-").isdigit() else float(word)
        except ValueError:
            return word
    return word


def read_value(form: Any, lines: Iterator[str]) -> Any:
    """The next value of `lines`.

    Where they are not in this form it raises StopIteration, ValueError, KeyError, TypeError (a set of lists), or what
    `literal_eval` raises: SyntaxError, RecursionError, MemoryError.
    """
    if form == "text":
        return "\n".join(lines)
    if form == "line":
        return next(lines)
    if form == "literal":
        return literal_eval(next(lines))
    if isinstance(form, str):
        return read_word(form, next(lines))
    shape, box, inner = form
    if shape == "row":
        items = [read_word(inner, word) for word in next(lines).split()]
    elif shape == "rows":
        items = [read_value(inner, iter([line])) for line in lines]
    elif shape == "many":
        items = [read_value(inner, lines) for _ in range(int(next(lines)))]
    elif shape == "fields":
        items = [read_value(part, lines) for part in inner]
    elif shape == "pairs":
        words = [next(lines).split(" ", 1) for _ in range(int(next(lines)))]
        return {read_word(inner[0], key): read_word(inner[1], value) for key, value in words}
    elif shape == "map":
        items = [(read_value(inner[0], lines), read_value(inner[1], lines)) for _ in range(int(next(lines)))]
        return dict(items)
    if box == "tuple":
        return tuple(items)
    if box == "set":
        return set(items)
    return items


def write_word(value: Any) -> str:
    """The value as one word."""
    return repr(value) if isinstance(value, float) else str(value)


def write_value(form: Any, value: Any) -> list[str]:
    """The lines that encode `value`: `read_value` reads it from them."""
    if form == "text":
        return list(value.split("\n"))
    if form == "literal":
        return [repr(value)]
    if isinstance(form, str):
        return [write_word(value)]
    shape, box, inner = form
    if box == "set":
        try:
            value = sorted(value)
        except TypeError:
            value = sorted(value, key=repr)
    if shape == "row":
        return [" ".join(write_word(item) for item in value)]
    if shape == "fields":
        return [line for part, item in zip(inner, value) for line in write_value(part, item)]  # noqa: B905 (program text)
    if shape == "pairs":
        return [str(len(value))] + [f"{write_word(key)} {write_word(value[key])}" for key in value]
    if shape == "map":
        entries = [write_value(inner[0], key) + write_value(inner[1], value[key]) for key in value]
        return [str(len(value))] + [line for entry in entries for line in entry]
    lines = [line for item in value for line in write_value(inner, item)]
    if shape == "many":
        return [str(len(value)), *lines]
    return lines


def sort_entries(value: Any) -> Any:
    """The value with the entries of its dictionaries in the order of their keys."""
    if isinstance(value, dict):
        try:
            keys = sorted(value)
        except TypeError:
            keys = sorted(value, key=repr)
        return {key: sort_entries(value[key]) for key in keys}
    if isinstance(value, (list, tuple)):
        return type(value)(sort_entries(item) for item in value)
    return value


def mark_literal(forms: dict[str, Any], value: Any, text: str) -> str:
    """The text of a result, after `literal:` where some right results are strings and this one is neither a string nor
    of the type of another right result: 101 is not "101". A number is not marked where right results are numbers."""
    number = isinstance(value, (int, float)) and any(kind in forms for kind in ("int", "float", "bool"))
    if "str" not in forms or isinstance(value, str) or type(value).__name__ in forms or number:
        return text
    return "literal:" + text


def result_text(forms: dict[str, Any], value: Any, single_blanks: bool = False) -> str:
    """The text of a function's result in the form for its type; a Python literal where that form loses something.

    Blanks of the literal are escaped, since comparisons of outputs ignore blanks. With `single_blanks`, a string with
    other blanks than single ones between words is a literal too. Equal numbers of different types have equal texts, or
    texts that are read as equal numbers.
    """
    kind = type(value).__name__
    if isinstance(value, (bool, int)) and kind not in forms:
        kind = "int" if "int" in forms else "float" if "float" in forms else "bool"
        value = bool(value) if kind == "bool" and value in (0, 1) else int(value)
    bases: list[Any] = [float, str, dict, list, tuple, set, frozenset]
    for base in bases:
        if isinstance(value, base) and kind not in forms:
            kind = "set" if base is frozenset else base.__name__
            value = set(value) if base is frozenset else base(value)
    try:
        lines = write_value(forms[kind], value)
        odd_blanks = single_blanks and isinstance(value, str) and value != " ".join(value.split())
        if (
            not odd_blanks
            and read_value(forms[kind], iter(lines)) == value
            and all(len(line.splitlines()) < 2 for line in lines)
        ):
            return "\n".join(lines) + "\n"
    except Exception:  # noqa: BLE001, S110 (whatever the result is, it has a literal)
        pass
    return repr(value).replace(" ", "\\x20") + "\n"
