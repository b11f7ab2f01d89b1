"""Cuts one test out of a test file, with all that it needs, and splits a test into smaller ones."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from benchmarks.repository_tasks.definitions import Function

_IMPORTS = (ast.Import, ast.ImportFrom)


@dataclass(frozen=True)
class Single:
    """A test file with one test."""

    text: str
    imports: tuple[str, ...]
    """Its imports, a line each."""
    name: str
    """Qualified name of the test, such as `TestFields::test_none`."""


def single(source: str, path: str, name: str) -> Single | None:
    """The test `Class::test` or `test` of a file, alone, with imports, fixtures and helpers; None where it is not
    written there (made at run time, say).
    """
    tree = ast.parse(source)
    parts = name.split("::")
    owner = next((n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == parts[0]), None)
    test: ast.stmt | None
    if len(parts) == 1:
        test = next((n for n in tree.body if isinstance(n, Function) and n.name == name), None)
    else:
        test = _class_with(owner, parts[1]) if owner else None
    if test is None:
        return None
    _always_run(test)
    kept = [node for node in tree.body if node is not owner and not isinstance(node, _IMPORTS)]
    needed = _needed([node for node in kept if node is not test], test)
    used = set[str]().union(*map(_mentioned, (*needed, test)))
    imports = [
        ast.unparse(_absolute(node, path))
        for node in tree.body
        if isinstance(node, _IMPORTS) and (_imported(node) & used or "*" in _imported(node))
    ]
    text = "\n".join(imports) + "\n\n\n" + "\n\n\n".join(map(ast.unparse, (*needed, test))) + "\n"
    return Single(text, tuple(imports), name)


def smaller(one: Single) -> Iterator[Single]:
    """Tests that check a part of what a test checks: one of its assertions, or one of its parameters."""
    tree = ast.parse(one.text)
    found = _test(tree, one.name)
    if found is None:
        return
    for number in range(len(found.body)):
        if _asserts(found.body[number]) and sum(map(_asserts, found.body)) > 1:
            yield _with(one, [n for n in found.body[:number] if not _asserts(n)] + [found.body[number]], None)
    for at, decorator in enumerate(found.decorator_list):
        match decorator:
            case ast.Call(
                func=ast.Attribute(attr="parametrize"), args=[_, ast.List(elts=values) | ast.Tuple(elts=values)]
            ):
                for value in values if len(values) > 1 else ():
                    yield _with(one, found.body, (at, value))


def _with(one: Single, body: Sequence[ast.stmt], parameter: tuple[int, ast.expr] | None) -> Single:
    tree = ast.parse(one.text)
    found = _test(tree, one.name)
    assert found
    found.body = [copy.deepcopy(node) for node in body]
    if parameter:
        call = found.decorator_list[parameter[0]]
        assert isinstance(call, ast.Call)
        call.args[1] = ast.List([parameter[1]], ast.Load())
        call.keywords = [each for each in call.keywords if each.arg != "ids"]
    return Single(ast.unparse(ast.fix_missing_locations(tree)) + "\n", one.imports, one.name)


def _test(tree: ast.Module, name: str) -> Function | None:
    body, parts = tree.body, name.split("::")
    for part in parts[:-1]:
        body = next((node.body for node in body if isinstance(node, ast.ClassDef) and node.name == part), [])
    return next((node for node in body if isinstance(node, Function) and node.name == parts[-1]), None)


def _asserts(node: ast.stmt) -> bool:
    match node:
        case ast.Assert():
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr=attr))):
            return attr.startswith("assert")
        case ast.With(items=[ast.withitem(context_expr=ast.Call(func=ast.Attribute(attr=attr)))]):
            return attr in ("raises", "assertRaises", "assertRaisesRegex")
    return False


def _class_with(owner: ast.ClassDef, name: str) -> ast.ClassDef | None:
    """The class with this test and without its others."""
    if not any(isinstance(node, Function) and node.name == name for node in owner.body):
        return None
    made = copy.deepcopy(owner)
    made.body = [
        node
        for node in made.body
        if not (isinstance(node, Function) and node.name.startswith("test") and node.name != name)
    ]
    return made


def _always_run(test: ast.stmt) -> None:
    """Take away decorators that may skip the test: no generated test may have such."""
    for node in ast.walk(test):
        if isinstance(node, Function | ast.ClassDef):
            node.decorator_list = [each for each in node.decorator_list if "skip" not in ast.unparse(each)]


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    return {alias.asname or alias.name.partition(".")[0] for alias in node.names}


def _needed(kept: Sequence[ast.stmt], test: ast.stmt) -> list[ast.stmt]:
    """Statements of the module that the test needs, directly or through others, in their order."""
    wanted, found = _mentioned(test), set[int]()
    while True:
        more = [at for at, node in enumerate(kept) if at not in found and _bound(node) & wanted]
        # Statements without a name, such as a change of sys.path, may matter for everything.
        more += [at for at, node in enumerate(kept) if at not in found and isinstance(node, ast.If | ast.Try)]
        if not more:
            return [kept[at] for at in sorted(found)]
        found |= set(more)
        for at in more:
            wanted |= _mentioned(kept[at])


def _mentioned(node: ast.stmt) -> set[str]:
    """Names that the code uses, as variables, parameters (fixtures), or texts that may name a fixture."""
    names: set[str] = set()
    for each in ast.walk(node):
        match each:
            case ast.Name(id=name) | ast.arg(arg=name):
                names.add(name)
            case ast.Constant(value=str(text)) if text.isidentifier():
                names.add(text)
    return names


def _bound(node: ast.stmt) -> set[str]:
    """Names that the statement gives a value, also inside a `with` or a loop."""
    if isinstance(node, Function | ast.ClassDef):
        return {node.name}
    names = [each for each in ast.walk(node) if isinstance(each, ast.Name)]
    return {name.id for name in names if isinstance(name.ctx, ast.Store)}


def _absolute(node: ast.Import | ast.ImportFrom, path: str) -> ast.stmt:
    """The import as it can stand in any file."""
    if isinstance(node, ast.Import) or not node.level:
        return node
    package = path.split("/")[: -node.level]
    module = ".".join([*package, *([node.module] if node.module else [])])
    return ast.ImportFrom(module, node.names, 0)
