"""Compares a test file before and after a patch: what may be added, and what must not change."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
FIXED = ("setup", "teardown", "pytest_", "load_tests", "asyncSetUp", "asyncTearDown", "setUp", "tearDown", "__")
"""Beginnings of names that pytest or unittest calls by itself."""
SWITCHES = ("pytestmark", "collect_ignore", "collect_ignore_glob", "pytest_plugins", "__test__", "__unittest_skip__")
SKIPPING = ("skip", "skipif", "xfail", "usefixtures", "importorskip", "expectedFailure", "skipIf", "skipUnless")


def weakened(before: str, after: str) -> str:
    """What a patch of a test file changes beside adding to it, in words; empty where it only adds.

    Added may be: imports, functions, classes and constants with new names, statements at the end of a test, cases of
    a parametrization. Comments, docstrings and formatting may change. Whatever was there must stay as it was.
    """
    try:
        old = ast.parse(before)
    except (SyntaxError, ValueError, RecursionError):
        return "" if before == after else "it cannot be parsed, and changes"
    try:
        new = ast.parse(after)
    except (SyntaxError, ValueError, RecursionError):
        return "it can no longer be parsed"
    return _body(old.body, new.body, "")


def _body(old: Sequence[ast.stmt], new: Sequence[ast.stmt], where: str) -> str:
    """Compares the statements of a module or class, whose order may not change."""
    olds, waiting = _without_docstring(old), list(_without_docstring(new))
    names = _defined(olds)
    added: list[ast.stmt] = []
    for statement in olds:
        while waiting and not _same(statement, waiting[0]):
            added.append(waiting.pop(0))
        if not waiting:
            return f"{where}{_title(statement)} is gone, or comes in another order"
        words = _changed(statement, waiting.pop(0), where)
        if words:
            return words
    for statement in [*added, *waiting]:
        words = _harm(statement, names, where)
        if words:
            return words
    return ""


def _same(old: ast.stmt, new: ast.stmt) -> bool:
    """Whether a statement is the successor of an old one: a definition of its name, else an equal statement."""
    if isinstance(old, Definition):
        return isinstance(new, type(old)) and new.name == old.name
    return _dump(old) == _dump(new)


def _changed(old: ast.stmt, new: ast.stmt, where: str) -> str:
    if not isinstance(old, Definition) or not isinstance(new, Definition):
        return ""
    title = f"{where}{old.name}"
    if not _decorators_extend(old.decorator_list, new.decorator_list):
        return f"the decorators of {title} change"
    if isinstance(old, ast.ClassDef) and isinstance(new, ast.ClassDef):
        if [_dump(base) for base in [*old.bases, *old.keywords]] != [
            _dump(base) for base in [*new.bases, *new.keywords]
        ]:
            return f"the bases of {title} change"
        return _body(old.body, new.body, f"{title}.")
    if isinstance(old, ast.ClassDef) or isinstance(new, ast.ClassDef) or _dump(old.args) != _dump(new.args):
        return f"the arguments of {title} change"
    olds, news = _without_docstring(old.body), _without_docstring(new.body)
    if [_dump(line) for line in news[: len(olds)]] != [_dump(line) for line in olds]:
        return f"the body of {title} changes"
    if len(news) > len(olds) and not old.name.startswith("test"):
        return f"the body of {title}, which tests may use, changes"
    return next((words for line in news[len(olds) :] if (words := _ending(line, title))), "")


def _ending(statement: ast.stmt, title: str) -> str:
    """Statements that may not be added to a test: those that skip it."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Call) and _name(node.func) in (*SKIPPING, "skipTest", "exit", "_exit", "fail"):
            return f"{title} is skipped at its end"
    return ""


def _harm(statement: ast.stmt, names: set[str], where: str) -> str:
    """Why an added statement is more than an addition; empty where it is none."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        taken = {alias.asname or alias.name.partition(".")[0] for alias in statement.names} & names
        star = any(alias.name == "*" for alias in statement.names)
        return f"an import replaces {where}{', '.join(sorted(taken))}" if taken else "an import of *" if star else ""
    if isinstance(statement, Definition):
        if statement.name in names:
            return f"{where}{statement.name} is defined a second time, and replaces the first"
        if statement.name.startswith(FIXED):
            return f"{where}{statement.name} is added, which is called by itself"
        if any("autouse" in _dump(decorator) for decorator in statement.decorator_list):
            return f"{where}{statement.name} is added as a fixture for all tests"
        return ""
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        bound = {target.id for target in targets if isinstance(target, ast.Name)}
        if len(bound) == len(targets) and not bound & (names | set(SWITCHES)) and not _calls(statement):
            return ""
    if isinstance(statement, (ast.Pass, ast.Expr)) and not _calls(statement):
        return ""
    return f"{where or 'the module '}runs {ast.unparse(statement)[:60]!r}, which was not there"


def _calls(statement: ast.stmt) -> bool:
    return any(isinstance(node, (ast.Call, ast.Lambda, ast.Await)) for node in ast.walk(statement))


def _decorators_extend(old: Sequence[ast.expr], new: Sequence[ast.expr]) -> bool:
    """Whether the decorators are the old ones, with cases added to parametrizations at most."""
    if len(old) != len(new):
        return False
    return all(
        _dump(before) == _dump(after)
        or (_name(getattr(before, "func", before)) == "parametrize" and _cases(before, after))
        for before, after in zip(old, new, strict=True)
    )


def _cases(before: ast.expr, after: ast.expr) -> bool:
    """Whether two parametrizations differ by added cases alone."""
    if not isinstance(before, ast.Call) or not isinstance(after, ast.Call):
        return False
    if _dump(before.func) != _dump(after.func) or len(before.args) != len(after.args):
        return False
    if [_dump(keyword) for keyword in before.keywords] != [_dump(keyword) for keyword in after.keywords]:
        return False
    for old, new in zip(before.args, after.args, strict=True):
        if _dump(old) == _dump(new):
            continue
        if not isinstance(old, (ast.List, ast.Tuple)) or not isinstance(new, (ast.List, ast.Tuple)):
            return False
        waiting = iter([_dump(case) for case in new.elts])
        if not all(_dump(case) in waiting for case in old.elts):
            return False
    return True


def _defined(statements: Sequence[ast.stmt]) -> set[str]:
    """Names that these statements bind."""
    return {name for statement in statements for name in _bound(statement)}


def _bound(statement: ast.stmt) -> Iterator[str]:
    if isinstance(statement, Definition):
        yield statement.name
        return
    for node in ast.walk(statement):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, Definition):
            yield node.name


def _without_docstring(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    first = body[0] if body else None
    docstring = (
        isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
    )
    return list(body[1:] if docstring else body)


def _title(statement: ast.stmt) -> str:
    return statement.name if isinstance(statement, Definition) else repr(ast.unparse(statement)[:60])


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def _dump(node: ast.AST) -> str:
    return ast.dump(node)
