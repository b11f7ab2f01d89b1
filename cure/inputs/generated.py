"""Inputs out of a generator that a model wrote: the program that calls it, and what is read from the program's output.

The generator runs in the sandbox like any program. It is called with the seeds 0, 1, 2, ..., and the random module is
seeded before each call, so that the same generator gives the same inputs.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from cure.table.compare import normalise

GENERATED = "written by a generator, a program of the coder"
"""How an input of a generator was made, in words."""
LONGEST = 20_000
"""Most characters of an input: longer inputs are left out, since they only cost time."""

_CALLS = """
import contextlib, inspect, io, json, random, sys

_out, _space = sys.stdout, {{"__name__": "generator"}}
with contextlib.redirect_stdout(io.StringIO()):
    sys.stdin = io.StringIO("")
    try:
        exec(compile({source!r}, "generator", "exec"), _space)
    except SystemExit:
        pass
    _made = [
        value for name, value in _space.items() if inspect.isfunction(value) and value.__module__ == "generator"
    ]
    _named = [value for value in _made if value.__name__ == "generate"]
    _near = [value for value in _made if "gen" in value.__name__ or "input" in value.__name__]
    _generate = [*_named, *_near, *_made][0]
    for _seed in range({count}):
        random.seed(_seed)
        try:
            try:
                _text = _generate(_seed)
            except TypeError:
                _text = _generate()
        except Exception:
            continue
        _lines = isinstance(_text, (list, tuple)) and all(isinstance(each, str) for each in _text)
        _text = "\\n".join(_text) if _lines else _text
        if isinstance(_text, str):
            _out.write(json.dumps(_text) + "\\n")
            _out.flush()
"""


def calling(source: str, count: int) -> str:
    """A program that calls the function `generate` of this source with `count` seeds, and prints each text that the
    function returns as a line of JSON. Where there is no `generate`, a function of a similar name is called, else the
    first function. A list of texts is printed as one text, with the items as its lines.
    """
    return _CALLS.format(source=source, count=count)


def inputs_in(printed: str, known: Iterable[str]) -> list[str]:
    """The inputs in what the program of `calling` printed, without repeated, long, empty and `known` ones."""
    seen, found = {normalise(text) for text in known}, list[str]()
    for line in printed.splitlines():
        try:
            text = json.loads(line)
        except ValueError:
            continue  # The program was stopped within the line.
        if isinstance(text, str) and text.strip() and len(text) <= LONGEST and normalise(text) not in seen:
            seen.add(normalise(text))
            found.append(text if text.endswith("\n") else text + "\n")
    return found
