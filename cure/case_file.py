"""Checks JSON files by pydantic models; every error is one line that begins with the place in the file."""

from __future__ import annotations

import difflib
import gzip
import json
import sys
import zlib
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from cure.errors import ProblemError

Model = TypeVar("Model", bound=BaseModel)
Synonyms = Mapping[str, Sequence[str]]
"""Other names that people use for a field, in lower case, by field."""

_GZIP = b"\x1f\x8b"
"""The first bytes of a gzipped file."""
_FOUND = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}
_EXPECTED = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "string_unicode": "text",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "an object",
    "model_type": "an object",
}


class Shape(BaseModel):
    """Base of models of JSON objects: types are not converted, unknown fields are ignored."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


def read_json(path: str) -> object:
    """The content of the JSON file.

    Raises ProblemError with one line that names the file, if it cannot be read, and line and column of an error in the
    syntax.
    """
    return parsed_json(read_text(path), path)


def read_text(path: str) -> str:
    """The text of the file, or of standard input for `-`, unzipped if it is gzipped.

    Raises ProblemError with one line that names the file, if it cannot be read or unzipped or is not UTF-8.
    """
    source = "standard input" if path == "-" else path
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
        return (gzip.decompress(content) if content.startswith(_GZIP) else content).decode("utf-8-sig")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ProblemError(f"{source}: cannot be unzipped ({error})") from error
    except FileNotFoundError:
        raise ProblemError(f"{source}: no such file") from None
    except IsADirectoryError:
        raise ProblemError(f"{source}: is a directory; expected a file") from None
    except UnicodeDecodeError as error:
        raise ProblemError(f"{source}: is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise ProblemError(f"{source}: cannot be read ({getattr(error, 'strerror', None) or error})") from error


def plain_name(path: str) -> str:
    """The path without the ending `.gz`."""
    return path[:-3] if path.lower().endswith(".gz") else path


def parsed_json(text: str, source: str, line: int | None = None) -> Any:
    """The value of a JSON text, which is line `line` of `source`, or all of `source` if `line` is None.

    Raises ProblemError with one line that names the file, and line and column of an error in the syntax; its cause is
    the error of the parser.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{source}:{line or error.lineno}:{error.colno}"
        raise ProblemError(f"{place}: not valid JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
        place = source if line is None else f"{source}:{line}"
        raise ProblemError(f"{place}: not valid JSON: {reason}") from error


def checked(value: object, model: type[Model], where: str, synonyms: Synonyms | None = None) -> Model:
    """`value` as an instance of the model. Raises ProblemError, whose text begins with `where`, if it is none."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ProblemError(first_error(error, where, synonyms)) from None


def first_error(error: ValidationError, where: str, synonyms: Synonyms | None = None) -> str:
    """One line on the first error: the place, what was found there and what is expected.

    The text of a validator's ValueError ends the line, such as `has 2 entries, expected 3`; a colon is put before it
    if it begins with the quoted name of a field inside the place.
    """
    found = error.errors(include_url=False)[0]
    place = _place(where, found["loc"])
    given, context = found["input"], found.get("ctx", {})
    if found["type"] == "missing":
        name = str(found["loc"][-1])
        hint = meant(name, given, (synonyms or {}).get(name, ()))
        return f"{_place(where, found['loc'][:-1])}: the field {name!r} is missing{hint}"
    if found["type"] == "value_error":
        words = str(context["error"])
        return f"{place}: {words}" if words.startswith("'") else f"{place} {words}"
    if found["type"] == "float_type" and type(given) is int:
        return f"{place} is a number with {len(str(given))} digits, expected a smaller one"
    if found["type"] in _EXPECTED:
        return f"{place} is {kind_of(given)}, expected {_EXPECTED[found['type']]}"
    if found["type"] == "literal_error":
        return f"{place} is {_short(given)}, expected {context['expected']}"
    if "ge" in context:
        return f"{place} is {_short(given)}, expected at least {context['ge']}"
    return f"{place} is {_short(given)}: {found['msg']}"


def meant(field: str, row: object, synonyms: Sequence[str] = ()) -> str:
    """End of an error message that suggests which key of `row` was meant as `field`; empty if no key is similar."""
    keys = [str(key) for key in row] if isinstance(row, Mapping) else []
    near = [key for key in keys if key.lower() in synonyms] or difflib.get_close_matches(field, keys, n=1)
    return f"; it has {near[0]!r}: did you mean {field!r}?" if near else ""


def kind_of(value: object) -> str:
    """The type of a JSON value, in words."""
    return _FOUND.get(type(value), type(value).__name__)


def sized(name: str, listed: Sequence[object] | None, size: int) -> None:
    """Raise ValueError unless the list is None or has `size` entries."""
    if listed is not None and len(listed) != size:
        raise ValueError(f"{name} has {len(listed)} entries, expected {size}")


def _place(where: str, location: Iterable[int | str]) -> str:
    """The place in words, such as `where: cases[0]: 'config'`: fields are quoted unless an index follows."""
    for step, following in pairwise((*location, "")):
        if isinstance(step, int):
            where += f"[{step}]"
        else:
            where += f": {step}" if isinstance(following, int) else f": {step!r}"
    return where


def _short(value: object) -> str:
    return repr(value)[:40]
