"""Answers of a tester: test files with one test, which should fail before the fix and pass after it, and wrong ones."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.repository_tasks.cases import example
from benchmarks.repository_tasks.definitions import functions
from benchmarks.repository_tasks.expectations import wrong_expectations
from benchmarks.repository_tasks.single_tests import Single, single, smaller
from benchmarks.repository_tasks.task import RepositoryTask

_MOST_OF_A_KIND = 6
OWN = Path(__file__).with_name("own_tests")
"""The folder of tests for tasks with few hidden ones, or ones made at run time; a file per task."""


@dataclass(frozen=True)
class Drafted:
    """A test file that is to be measured."""

    kind: str
    text: str
    folder: str
    """The folder of the repository in which it can run; empty for the root."""


def drafts(task: RepositoryTask) -> list[Drafted]:
    """Test files of all kinds, without two of the same text."""
    made = [*_right(task), *_wrong(task)]
    return list({draft.text: draft for draft in reversed(made)}.values())[::-1]


def _right(task: RepositoryTask) -> Iterator[Drafted]:
    yield from (Drafted("own", one.text, _folder(path)) for path, one in _own(task))
    for path, one in _singles(task, task.hidden.fail_to_pass):
        yield Drafted("whole", one.text, _folder(path))
        for part in [*smaller(one)][: 2 * _MOST_OF_A_KIND]:
            yield Drafted("part", part.text, _folder(path))


def _wrong(task: RepositoryTask) -> Iterator[Drafted]:
    failing = [*_singles(task, task.hidden.fail_to_pass), *_own(task)]
    for path, one in failing[:_MOST_OF_A_KIND]:
        for part in [one, *smaller(one)][:_MOST_OF_A_KIND]:
            for text in wrong_expectations(part.text):
                yield Drafted("mutated", text, _folder(path))
    for path, one in failing[:3]:
        yield Drafted("no import", _without_imports(one.text), _folder(path))
        yield Drafted("unknown name", _with_line(one.text, "case = make_example_case()", 0), _folder(path))
        yield Drafted("fails everywhere", _with_line(one.text, "assert [] == [None]", None), _folder(path))
    for path, one in [*_singles(task, task.hidden.pass_to_pass)][:_MOST_OF_A_KIND]:
        yield Drafted("vacuous", one.text, _folder(path))
    for path, one in failing[:1]:
        yield Drafted("vacuous", "\n".join(one.imports) + "\n\n\ndef test_imports():\n    assert True\n", _folder(path))
    yield from _old(task)


def _old(task: RepositoryTask) -> Iterator[Drafted]:
    """Tests that expect what the code before the fix does: old versions of changed tests, or its own results."""
    for path, one in _singles(task, task.hidden.fail_to_pass):
        name = one.name.rpartition("::")[2]
        if said := task.returned.get(name):
            yield Drafted("old", _expecting(one.text, said), _folder(path))
        try:
            old = single(task.read(path), path, one.name)
        except (KeyError, FileNotFoundError):
            continue
        if old and old.text != one.text:
            yield Drafted("old", old.text, _folder(path))
            yield from (Drafted("old", part.text, _folder(path)) for part in [*smaller(old)][:_MOST_OF_A_KIND])


def _expecting(text: str, said: str) -> str:
    tree = ast.parse(text)
    function = tree.body[-1]
    assert isinstance(function, ast.FunctionDef)
    call = ast.unparse(found[0]) if (found := example(ast.unparse(function))) else "None"
    head = "\n".join(ast.unparse(node) for node in tree.body[:-1])
    if said.startswith("!"):
        lines = f"    with pytest.raises({said[1:]}):\n        {call}\n"
        return f"import pytest\n{head}\n\n\ndef {function.name}():\n{lines}"
    return f"{head}\n\n\ndef {function.name}():\n    assert {call} == {said}\n"


def _without_imports(text: str) -> str:
    tree = ast.parse(text)
    tree.body = [node for node in tree.body if not isinstance(node, ast.Import | ast.ImportFrom)]
    return ast.unparse(tree) + "\n"


def _with_line(text: str, line: str, at: int | None) -> str:
    """The test with one more statement, at its end for None."""
    tree = ast.parse(text)
    last = tree.body[-1]
    if isinstance(last, ast.ClassDef):
        last = next(node for node in reversed(last.body) if isinstance(node, ast.FunctionDef))
    assert isinstance(last, ast.FunctionDef)
    last.body.insert(len(last.body) if at is None else at, ast.parse(line).body[0])
    return ast.unparse(tree) + "\n"


def _singles(task: RepositoryTask, names: tuple[str, ...]) -> Iterator[tuple[str, Single]]:
    """The tests of these JUnit names that can be cut out of their files, each once, with their paths."""
    files, seen = {path.removesuffix(".py").replace("/", "."): path for path in task.hidden.files}, set()
    for name in names:
        where, _, test = re.sub(r"\[.*", "", name, flags=re.DOTALL).partition("::")
        module = where if where in files else where.rpartition(".")[0]
        if module not in files or (where, test) in seen:
            continue
        seen.add((where, test))
        full = test if module == where else f"{where.removeprefix(module + '.')}::{test}"
        if one := single(task.hidden.files[files[module]], files[module], full):
            yield files[module], one


def _own(task: RepositoryTask) -> Iterator[tuple[str, Single]]:
    """The tests written for the task, each with the path of a hidden test beside which it can run."""
    file = OWN / f"{task.id}.py"
    source = file.read_text(encoding="utf-8") if file.exists() else ""
    place = next(path for path in task.hidden.files if path.rpartition("/")[2].startswith("test"))
    for name in functions(source):
        if name.startswith("test_") and (one := single(source, file.name, name)):
            yield place, one


def _folder(path: str) -> str:
    return path.rpartition("/")[0]
