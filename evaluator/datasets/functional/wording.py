"""The sections that are added to a statement: the input and the output in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from evaluator.datasets.functional.forms import Form

COMPLETE = (
    "Write a complete program that reads the input described below from standard input and prints the result to "
    "standard output. A function that is only defined prints nothing."
)

_ROWS = ("a table, one row a line,", "a list, one item a line,")
_ONE = {
    "int": "an integer",
    "float": "a real number",
    "number": "a number, an integer or a real number",
    "bool": "True or False",
    "none": "None",
    "word": "a word",
    "atom": "a number, True, False, None or a word",
    "line": "a string, as it is, to the end of the line",
    "text": "a string",
    "literal": "a value of Python on one line, as `repr` writes it, such as [1, 'a', None]",
}
_MANY = {
    "int": "integers",
    "float": "real numbers",
    "number": "numbers, integers or real",
    "bool": "values, each True or False",
    "none": "values, each None",
    "word": "words",
    "atom": "values, each a number, True, False, None or a word",
}


def question(
    statement: str,
    names: Sequence[str],
    inputs: Sequence[Form],
    outputs: Mapping[str, Form],
    examples: Sequence[tuple[str, str]],
    remark: str = "",
) -> str:
    """The statement with input and output sections and the public examples in stdin/stdout form."""
    parts = [statement.strip(), COMPLETE, "Input\n" + "\n".join(_inputs(names, inputs)), f"Output\n{_output(outputs)}"]
    if remark:
        parts[-1] += f" {remark}"
    for number, (given, expected) in enumerate(examples, 1):
        title = "Example" if len(examples) == 1 else f"Example {number}"
        parts.append(f"{title}\n\nInput\n{given}\nOutput\n{expected}".rstrip("\n"))
    return "\n\n".join(parts) + "\n"


def phrase(form: Form) -> str:
    """What a value of this form looks like in the input or output, in words, such as `a real number`."""
    if isinstance(form, str):
        return _ONE[form]
    shape, _, inner = form
    if shape == "row":
        return f"{_MANY[inner]}, on one line, separated by spaces (an empty line if there are none)"
    if shape == "rows":
        return f"{_ROWS[inner == 'line']} to the end, each: {phrase(inner)}"
    if shape == "many":
        return f"first a line with the number of items, then the items in turn, each: {phrase(inner)}"
    if shape == "fields":
        return "in this order, each starting on a line of its own: " + "; ".join(phrase(part) for part in inner)
    key, value = (phrase(part) for part in inner)
    if shape == "pairs":
        return (
            f"a dictionary: first a line with the number of entries, then a line for each entry with its key "
            f"({key}), a space, and its value ({value})"
        )
    return (
        f"a dictionary: first a line with the number of entries, then for each entry its key ({key}) and, from the "
        f"next line on, its value ({value})"
    )


def _inputs(names: Sequence[str], forms: Sequence[Form]) -> list[str]:
    if not forms:
        return ["There is no input."]
    lines = ["The values come one after the other, each starting on a line of its own:"] if len(forms) > 1 else []
    return lines + [f"- {name}: {phrase(form)}" for name, form in zip(names, forms, strict=True)]


def _output(outputs: Mapping[str, Form]) -> str:
    kinds: list[Any] = list(dict.fromkeys(outputs.values()))
    if len(kinds) == 1:
        return f"Print the result: {phrase(kinds[0])}."
    return "Print the result, which is one of: " + "; or ".join(phrase(kind) for kind in kinds) + "."
