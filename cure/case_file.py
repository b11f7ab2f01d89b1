"""Reading JSON files of cases (tables to score, answers to extract from, tables to reward): errors name the place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from cure.errors import ProblemError

Kind = TypeVar("Kind")

_WORDS = {
    type(None): "null",
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def read_json(path: str) -> object:
    """What the JSON file holds; raises ProblemError with one line that names file, line and column."""
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ProblemError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise ProblemError(f"{path}: is a directory, expected a JSON file") from None
    except UnicodeDecodeError as error:
        raise ProblemError(f"{path}: is not UTF-8 text (byte {error.start})") from error
    except (OSError, ValueError) as error:
        raise ProblemError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})") from error
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise ProblemError(f"{path}:{error.lineno}:{error.colno}: not valid JSON: {error.msg}") from error
    except (RecursionError, ValueError) as error:
        raise ProblemError(f"{path}: not valid JSON: nested too deeply or a number too long") from error


def expect(value: object, kind: type[Kind], where: str) -> Kind:
    """`value`, if it is of this kind; raises ProblemError beginning with `where` if not."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        found = _WORDS.get(type(value), type(value).__name__)
        raise ProblemError(f"{where} is {found}, expected {_WORDS.get(kind, kind.__name__)}")
    return value


def field(row: Mapping[str, Any], name: str, kind: type[Kind], where: str) -> Kind:
    """The field called `name`, of this kind; raises ProblemError when it is missing or of another kind."""
    if name not in row:
        raise ProblemError(f"{where}: the field {name!r} is missing")
    return expect(row[name], kind, f"{where}: {name!r}")


def rows(value: object, where: str) -> list[dict[str, Any]]:
    """`value` as a list of objects."""
    return [expect(row, dict, f"{where}[{index}]") for index, row in enumerate(expect(value, list, where))]
