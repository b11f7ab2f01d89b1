"""Writes tests of functions as text exactly as the released notebook does, faults included.

The notebook is `data/transformation.ipynb` of Gen-Verse/CURE @ 69fe174. This module is kept for comparison: the product
converts tests with `codec` and `forms` of `evaluator.datasets.functional`.
A test is `modify(transform_tokens(text))`; a statement is `question(text)`.
"""

from __future__ import annotations

import ast
import re

_TABLE = r"\[\[.*\]\]"
_LIST = r"\[.*?\]"
_DOUBLE = r'"(?:\\.|[^"\\])*"'
_SINGLE = r"'(?:\\.|[^'\\])*'"
_TOKEN = re.compile(rf"{_LIST}|{_DOUBLE}|{_SINGLE}|\S+")
_NAME = re.compile(r"(?:^|,\s*)\w+\s*=\s*")
_NAMED = re.compile(rf"\w+\s*=\s*({_DOUBLE}|{_SINGLE}|[^,\s]+)")
_INPUT = re.compile(r"(input:\s*)(.*?)(?=\n\s*output:)", re.IGNORECASE | re.DOTALL)
_OUTPUT = re.compile(rf"(Output:\s*)({_TABLE}|{_LIST}|{_DOUBLE}|{_SINGLE}|True|False|-?\d+)")


def transform_tokens(text: str) -> str:
    """The arguments or result of a test as lines: a line for each row of the first table, each list, and each token."""
    parts: list[str] = []
    table = re.search(_TABLE, text)
    before, after = (text[: table.start()], text[table.end() :]) if table else (text, "")
    parts += map(_token, _TOKEN.findall(before))
    if table:
        parts += _rows(table.group())
        parts += map(_token, _TOKEN.findall(after))
    return "\n".join(parts) + "\n"


def modify(text: str) -> str:
    r"""The text with a newline for each literal `\n`, then stripped, and with one newline at the end."""
    return text.replace("\\n", "\n").strip() + "\n"


def transform_input_block(text: str) -> str:
    """`name = value, ...` of an example as lines, without the names."""
    return transform_tokens(_NAME.sub("\n", text))


def transform_spec_block(text: str) -> str:
    """`name = value, ...` as lines by the notebook's other function, in the order of the text.

    The lines are those of the first table, or else of the first list, and one for each other value: a quoted string, or
    text up to a comma or blank.
    """
    found: list[tuple[int, str]] = []
    match = re.search(_TABLE, text) or re.search(_LIST, text)
    if match:
        lines = _rows(match.group()) if match.group().startswith("[[") else [_list(match.group())]
        found.append((match.start(), "\n".join(lines)))
        text = text[: match.start()] + " " * len(match.group()) + text[match.end() :]
    found += [(named.start(1), _token(named.group(1))) for named in _NAMED.finditer(text)]
    return "\n".join(part for _, part in sorted(found)) + "\n"


def replace_input_block(text: str) -> str:
    """The statement with the arguments of its examples as lines."""
    return _INPUT.sub(lambda match: f"{match[1]}\n{transform_input_block(match[2])}", text)


def replace_output_block(text: str) -> str:
    """The statement with the results of its examples as lines, where the notebook recognises them."""
    return _OUTPUT.sub(lambda match: f"{match[1]}\n{transform_tokens(match[2])}", text)


def question(text: str) -> str:
    """The statement with the arguments and the results of its examples as lines."""
    return replace_output_block(replace_input_block(text.strip()))


def _token(token: str) -> str:
    if token.startswith("[") and token.endswith("]"):
        return _list(token)
    if len(token) > 1 and token[0] == token[-1] and token[0] in "\"'":
        return token[1:-1]
    return token


def _list(text: str) -> str:
    try:
        return " ".join(map(str, ast.literal_eval(text)))
    except (ValueError, SyntaxError, TypeError):
        items = [item.strip().strip("\"'") for item in text.strip("[]").split(",")]
        return " ".join(items)


def _rows(text: str) -> list[str]:
    try:
        rows = ast.literal_eval(text)
        return [" ".join(map(str, row)) for row in rows]
    except (ValueError, SyntaxError, TypeError):
        return [_list(row) for row in re.findall(_LIST, text[1:-1])]
