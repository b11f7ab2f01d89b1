"""Rules for all rooms, the top-level folders.

How a problem is judged is read in one place, and sandbox jobs are made in one place; classes have distinct names, large
dataclasses keyword-only fields; docstrings are understood without the code; docs/map.md names files that exist.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = ("agent", "cure", "engines", "evaluator", "sandbox", "settings", "trainer", "tui")
MAP = ROOT / "docs" / "map.md"

RIDDLES = re.compile(r"(Of|The same|As|How far|Itself|Whom|Whose)\b")
"""First words of a docstring that say nothing without the code below it."""


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the product by its path, parsed."""
    files = [file for room in ROOMS for file in sorted((ROOT / room).rglob("*.py"))]
    return {str(file.relative_to(ROOT)): ast.parse(file.read_text(encoding="utf-8")) for file in files}


def attributes(module: ast.Module, owner: str) -> set[str]:
    """Attributes that are read from a variable of this name."""
    nodes = (node for node in ast.walk(module) if isinstance(node, ast.Attribute))
    return {node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == owner}


def docstrings(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and text of the docstrings of modules, classes, functions, and of the fields and constants they follow."""
    for node in ast.walk(module):
        body = getattr(node, "body", None)
        for statement in body if isinstance(body, list) else []:
            value = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.lineno, value.value


def test_one_place_reads_how_a_problem_is_judged() -> None:
    readers = [name for name, module in modules().items() if attributes(module, "problem") & {"comparison", "checker"}]
    # file.py and row.py convert problems from and to rows, so they copy every field.
    assert set(readers) - {"cure/problem/file.py", "cure/problem/row.py"} == {"cure/table/judging.py"}


def test_one_place_makes_sandbox_jobs_of_programs() -> None:
    makers = [
        name
        for name, module in modules().items()
        if not name.startswith(("sandbox/", "engines/"))
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Job"
    ]
    assert makers == ["cure/table/pairs.py"]


def test_no_room_has_two_classes_of_one_name() -> None:
    # Code that runs inside a jail cannot import the classes of the host that it repeats.
    inside = ("sandbox/runner/", "sandbox/workspace/inside/", "agent/repository/checks/inside/")
    owners: dict[tuple[str, str], list[str]] = {}
    for name, module in modules().items():
        for node in module.body:
            if isinstance(node, ast.ClassDef) and not name.startswith(inside):
                owners.setdefault((room_of(name), node.name), []).append(name)
    assert {key: files for key, files in owners.items() if len(files) > 1} == {}


def room_of(name: str) -> str:
    """The room of a file; the parts of `agent/repository`, which do not import each other, count as rooms."""
    parts = name.split("/")
    return "/".join(parts[:3]) if parts[:2] == ["agent", "repository"] and len(parts) > 3 else parts[0]


def test_wide_dataclasses_are_keyword_only() -> None:
    found = [
        f"{name}: {node.name}"
        for name, module in modules().items()
        if not name.startswith("sandbox/runner/")
        for node in ast.walk(module)
        if isinstance(node, ast.ClassDef) and is_wide(node)
    ]
    assert not found, "\n".join(found)


def is_wide(node: ast.ClassDef) -> bool:
    """Whether the class is a dataclass with more than six fields that may be given by position."""
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    dataclass = next((text for text in decorators if text.startswith("dataclass")), "")
    fields = [statement for statement in node.body if isinstance(statement, ast.AnnAssign)]
    names = [ast.unparse(field.target) for field in fields if "ClassVar" not in ast.unparse(field.annotation)]
    positional = names[: names.index("_")] if "_" in names else names
    return bool(dataclass) and "kw_only=True" not in dataclass and len(positional) > 6


def test_the_map_names_files_that_exist_and_answers_in_three_at_most() -> None:
    text = MAP.read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_/.-]+/[a-z_/.-]*)`", text)
    assert len(named) > 40
    assert [name for name in named if not (ROOT / name).exists()] == []
    questions = re.findall(r"^\| ([^|]+\?) \| ([^|]+) \|$", text, re.MULTILINE)
    assert len(questions) > 8
    assert all(1 <= len(re.findall(r"`", files)) // 2 <= 3 for _, files in questions)
    assert "(docs/map.md)" in (ROOT / "README.md").read_text(encoding="utf-8").partition("## Two commands")[0]


@pytest.mark.parametrize("room", ROOMS)
def test_no_docstring_begins_as_a_riddle(room: str) -> None:
    found = [
        f"{name}:{line}: {text.strip()[:60]}"
        for name, module in modules().items()
        if name.startswith(f"{room}/")
        for line, text in docstrings(module)
        if RIDDLES.match(text.strip())
    ]
    assert not found, "\n".join(found)
