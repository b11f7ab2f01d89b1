"""Laws of splicing: bytes outside stay, equal code changes nothing, code found is code written."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.repository.edit import Edits, Place, Reason, Refusal, read_edits
from agent.repository.edit.definitions import definitions
from agent.repository.edit.indentation import moved, step_of
from agent.repository.edit.text_file import split_lines, text_file
from tests.agent.repository.edit.held import Repository, fenced

FEW = settings(max_examples=60)
NAMES = st.sampled_from(["alpha", "beta", "gamma", "delta"])
VALUES = st.sampled_from(["1", "x", "(\n@\t1,\n@\t2,\n@)", '"""a\n   b\n"""', "'#'", 'f"{x}"', "[]"])
STEPS = st.sampled_from(["    ", "\t", "  "])
ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def functions(draw: st.DrawFn, indent: str, step: str, depth: int = 0) -> str:
    """The source of a function at `indent`, with decorators, docstring, nested functions and comments at will."""
    name = draw(NAMES) + str(draw(st.integers(0, 9)))
    inner = indent + step

    def value(indent: str) -> str:
        return str(draw(VALUES)).replace("@", indent).replace("\t", step)

    lines = [f"{indent}# about {name}"] * draw(st.integers(0, 1)) + [f"{indent}@decorated"] * draw(st.integers(0, 1))
    lines.append(f"{indent}{draw(st.sampled_from(['def', 'async def']))} {name}(self, x):")
    lines += [f'{inner}"""Doc of {name}."""'] * draw(st.integers(0, 1))
    for number in range(draw(st.integers(0, 2))):
        lines.append(f"{inner}v{number} = {value(inner)}")
    if depth < 1 and draw(st.booleans()):
        lines.append(draw(functions(inner, step, depth + 1)))
    lines.append(f"{inner}return {value(inner)}")
    lines += [f"{inner}# trailing"] * draw(st.integers(0, 1))
    return "\n".join(lines)


@st.composite
def modules(draw: st.DrawFn) -> bytes:
    """A valid module with functions at its top, in classes and under conditions."""
    step = draw(STEPS)
    parts = ['"""Doc."""', "import os"] if draw(st.booleans()) else []
    for _ in range(draw(st.integers(1, 4))):
        kind = draw(st.sampled_from(["function", "class", "if"]))
        if kind == "function":
            parts.append(draw(functions("", step)))
        else:
            head = "class Klass:" if kind == "class" else "if True:"
            parts.append(head + "\n" + "\n\n".join(draw(st.lists(functions(step, step), min_size=1, max_size=2))))
    text = "\n\n\n".join(parts) + draw(st.sampled_from(["", "\n", "\n\n", "\n# end\n"]))
    return ("\ufeff" * draw(st.booleans()) + text.replace("\n", draw(ENDS))).encode()


@FEW
@given(modules(), st.data())
def test_a_new_body_changes_no_byte_outside_of_the_definition(data: bytes, choice: st.DataObject) -> None:
    file = text_file(data)
    assert file is not None
    place = choice.draw(st.sampled_from([each for each in definitions(file.plain) if each.kind == "function"]))
    head = file.plain[place.head - 1].strip()
    answer = fenced(f"# m.py::{place.name}\n{head}\n    return 'new'")
    found = read(data, answer, [Place("m.py", place.name, place.first, place.last)])
    if isinstance(found, Refusal):
        assert found.reason == Reason.AMBIGUOUS_PLACE
        return
    after = found.changed["m.py"]
    assert after is not None
    before = data.decode().removeprefix("\ufeff")
    lines = split_lines(before)
    start, end = "".join(lines[: place.head - 1]), "".join(lines[place.last :])
    text = after.decode().removeprefix("\ufeff")
    assert text.startswith(start) and text.endswith(end)
    inside = text[len(start) : len(text) - len(end)]
    assert inside.split() == [*head.split(), "return", "'new'"]
    assert after.startswith(b"\xef\xbb\xbf") == data.startswith(b"\xef\xbb\xbf")
    ast.parse(text)


@FEW
@given(modules(), st.data())
def test_a_definition_rewritten_with_its_own_code_changes_nothing(data: bytes, choice: st.DataObject) -> None:
    file = text_file(data)
    assert file is not None
    place = choice.draw(st.sampled_from(definitions(file.plain)))
    code = file.plain[place.first - 1 : place.last]
    step = choice.draw(STEPS) if step_of(code) == step_of(file.plain) else ""
    if choice.draw(st.booleans()):
        code = moved(code, "", step)
    answer = fenced(f"# m.py::{place.name}\n" + "\n".join(code))
    found = read(data, answer, [Place("m.py", place.name, place.first, place.last)])
    assert isinstance(found, Refusal), found.changed
    assert found.reason in (Reason.NO_CHANGE, Reason.AMBIGUOUS_PLACE)


@FEW
@given(modules())
def test_a_whole_file_rewritten_with_its_own_text_changes_nothing(data: bytes) -> None:
    file = text_file(data)
    assert file is not None
    found = read(
        data, fenced("# file: m.py\n" + "\n".join(file.plain)), [Place("m.py", "", 1, len(file.lines))], "whole"
    )
    assert isinstance(found, Refusal) and found.reason == Reason.NO_CHANGE, found


@FEW
@given(modules())
def test_definitions_are_those_of_the_syntax_tree(data: bytes) -> None:
    file = text_file(data)
    assert file is not None
    assert [(each.name, each.first, each.head) for each in definitions(file.lines)] == of_tree(ast.parse(file.text))


def test_definitions_are_those_of_the_syntax_tree_in_the_standard_library() -> None:
    import argparse
    import asyncio.base_events
    import dataclasses
    import typing
    import unittest.mock
    from pathlib import Path

    for module in (argparse, asyncio.base_events, dataclasses, typing, unittest.mock):
        file = text_file(Path(module.__file__ or "").read_bytes())
        assert file is not None
        assert [(each.name, each.first, each.head) for each in definitions(file.lines)] == of_tree(ast.parse(file.text))


@pytest.mark.parametrize("step", ["\t", "  ", "        "])
def test_code_moved_there_and_back_is_the_code(step: str) -> None:
    code = (
        textwrap.dedent(
            '''
        def f(x):
            """Doc.

            More.
            """
            if x:
                return g(
                    1,
                    2,
                )
            return """
          text"""
        '''
        )
        .strip("\n")
        .split("\n")
    )
    assert moved(moved(code, "    ", step), "", "    ") == code


def read(data: bytes, answer: str, shown: Sequence[Place], form: str = "rewrite") -> Edits | Refusal:
    assert form in ("rewrite", "whole")
    return read_edits(answer, Repository({"m.py": data}), shown, format="whole" if form == "whole" else "rewrite")


def of_tree(tree: ast.Module) -> list[tuple[str, int, int]]:
    """Name, first line and line of `def` or `class` of each definition."""
    found: list[tuple[str, int, int]] = []

    def walk(node: ast.AST, owner: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{owner}.{child.name}".lstrip(".")
                found.append((name, min([child.lineno, *(each.lineno for each in child.decorator_list)]), child.lineno))
                walk(child, name)
            else:
                walk(child, owner)

    walk(tree, "")
    return sorted(found, key=lambda each: (each[1], each[2]))
