"""Edits that are likely to be wrong: mutants of the fix, parts of it, special cases, weakened tests."""

from __future__ import annotations

import ast
import difflib
import random
import textwrap
from collections.abc import Iterator

from benchmarks.repository_tasks.cases import example
from benchmarks.repository_tasks.definitions import difference, functions, replaced
from benchmarks.repository_tasks.task import RepositoryTask, Texts, is_test
from benchmarks.repository_tasks.writings import commented, renamed, rewritten
from cure.audit.mutants import mutants

_TRIED = 60


def mutated(task: RepositoryTask, count: int, draw: random.Random) -> Iterator[Texts]:
    """The fix with one small fault in one of its functions."""
    made = []
    for path, text in task.fixed.items():
        differs = difference(task.read(path), text)
        for name in (*differs.rewritten, *differs.added):
            made += [{**task.fixed, path: each} for each in _mutants(text, name)]
    draw.shuffle(made)
    yield from made[:count]


def breaking(task: RepositoryTask, count: int, draw: random.Random) -> Iterator[Texts]:
    """The fix with a fault in another function: of the same file, or where it has none, of another module."""
    made = []
    for path, text in task.fixed.items():
        changed = {name for name in functions(text) if name not in _untouched(task, path)}
        others = [name for name in functions(text) if name not in changed]
        draw.shuffle(others)
        for name in others[: 3 * count]:
            made += [{**task.fixed, path: each} for each in _mutants(text, name, 3)]
    if not made:
        beside = [path for path in task.files if path.endswith(".py") and not is_test(path) and path not in task.fixed]
        for path in draw.sample(beside, min(2 * count, len(beside))):
            for name in functions(task.read(path)):
                made += [{**task.fixed, path: each} for each in _mutants(task.read(path), name, 2)]
    draw.shuffle(made)
    yield from made[:count]


def partial(task: RepositoryTask, count: int) -> Iterator[Texts]:
    """The fix without one of its places, and with one place alone."""
    for path, text in task.fixed.items():
        old, new = task.read(path).splitlines(keepends=True), text.splitlines(keepends=True)
        codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        places = [at for at, code in enumerate(codes) if code[0] != "equal"]
        if len(places) < 2:
            continue
        choices = [set(places) - {place} for place in places] + [{place} for place in places]
        for kept in choices[:count]:
            parts = [new[c[3] : c[4]] if at in kept else old[c[1] : c[2]] for at, c in enumerate(codes)]
            yield {**task.fixed, path: "".join(line for part in parts for line in part)}


def elsewhere(task: RepositoryTask, count: int, draw: random.Random) -> Iterator[Texts]:
    """The code before the fix with another function written differently."""
    paths = list(task.fixed) + [
        path for path in task.files if path.endswith(".py") and not is_test(path) and path not in task.fixed
    ]
    made = 0
    for path in paths:
        names = list(_untouched(task, path)) if path in task.fixed else list(functions(task.read(path)))
        draw.shuffle(names)
        for name in names[:count]:
            text = functions(task.read(path))[name].text
            other = rewritten(text, renamed) or rewritten(text, commented)
            if other and made < count:
                made += 1
                yield {path: replaced(task.read(path), name, other)}


def special_cased(task: RepositoryTask, examples: list[str], count: int) -> Iterator[Texts]:
    """The code before the fix with one example's answer written into it, where others of the examples still fail."""
    for text in examples[:count] if len(examples) > 1 else ():
        found = example(text)
        for changed in task.changed[:1] if found else ():
            assert found
            call, value = found
            place = functions(task.read(changed.path))[changed.name]
            names = [each.arg for each in place.node.args.args] if not isinstance(place.node, ast.ClassDef) else []
            if len(names) < len(call.args) or not isinstance(call.func, ast.Name) or call.func.id != changed.name:
                continue
            test = " and ".join(f"{n} == {ast.unparse(v)}" for n, v in zip(names, call.args, strict=False))
            body = getattr(place.node, "body", [])
            at = body[1 if isinstance(body[0], ast.Expr) and len(body) > 1 else 0].lineno - place.node.lineno
            lines = textwrap.dedent(place.text).splitlines(keepends=True)
            lines[at:at] = [f"    if {test or 'True'}:\n        return {ast.unparse(value)}\n"]
            yield {changed.path: replaced(task.read(changed.path), changed.name, "".join(lines))}


def weakening(task: RepositoryTask) -> Iterator[Texts]:
    """Edits that leave the fault and make the tests blind, or keep them from running."""
    path = next(iter(task.fixed))
    tests = [name for name in task.hidden.files if name.endswith(".py") and name.rpartition("/")[2].startswith("test")]
    for name in tests[:1]:
        yield {name: "def test_works():\n    assert True\n"}
    yield {
        "conftest.py": (
            "import pytest\n\n\n@pytest.hookimpl(hookwrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
            '    outcome = yield\n    report = outcome.get_result()\n    report.outcome = "passed"\n'
        )
    }
    yield {"conftest.py": "def pytest_collection_modifyitems(items):\n    items[:] = items[:1]\n"}
    for lines in ('import pytest\n\npytest.skip("not now", allow_module_level=True)\n', "import os\n\nos._exit(0)\n"):
        yield {path: task.read(path).rstrip("\n") + "\n\n" + lines}


def _untouched(task: RepositoryTask, path: str) -> list[str]:
    """Functions of a changed file that are the same before and after the fix, methods without decorators included."""
    before, after = functions(task.read(path)), functions(task.fixed[path])
    return [name for name, place in after.items() if name in before and before[name].text == place.text]


def _mutants(source: str, name: str, most: int = _TRIED) -> list[str]:
    """The file with the function mutated."""
    text = functions(source)[name].text
    plain = textwrap.dedent(text)
    indent = text[: len(text) - len(text.lstrip())].rpartition("\n")[2]
    made = (textwrap.indent(each.text + "\n", indent) for each in mutants(plain, most))
    return [replaced(source, name, each) for each in made]
