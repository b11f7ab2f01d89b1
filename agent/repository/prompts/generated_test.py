"""Reads one pytest test out of the answer of a model."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.repository.edit.answer import parsed
from agent.repository.edit.code import Code, code_of
from agent.repository.edit.result import Refusal, Refused, Worded
from agent.repository.prompts.forbidden import forbidden_use
from agent.repository.prompts.functions_of_tests import Function, as_functions

Statement = ast.stmt


class Unusable(Worded):
    """Why an answer gives no test."""

    NO_TEST = "no_test", "The answer holds no test.", "Write one function whose name begins with `test_`."
    CUT = "cut", "The answer ends in the middle of the test.", "Be brief: give only the test file, to its end."
    SYNTAX_ERROR = "syntax_error", "The test is not valid Python.", "Give a complete file that is valid Python 3."
    NO_ASSERTION = (
        "no_assertion",
        "The test asserts nothing.",
        "Compare a result with what is expected by `assert`, or use `pytest.raises`.",
    )
    FORBIDDEN = "forbidden", "The test does what tests may not do.", "Test the project's functions directly."


@dataclass(frozen=True)
class GeneratedTest:
    """A pytest file with one test function."""

    name: str
    """Name of the test function."""
    source: str
    """The file."""
    notes: tuple[str, ...] = ()


def read_test(
    text: str, imports: str = "", names: Collection[str] = (), *, cut: bool = False
) -> GeneratedTest | Refusal:
    """The first test of an answer as a pytest file, with the imports, helpers, fixtures and constants that it needs.

    Methods of test classes and bare asserts become a function; prints and calls under `if __name__` are dropped.
    `imports` are lines that import the code under test: they are put first where the test uses a name of theirs that it
    does not bind. `names` are the functions and classes under test: their copies in the test file are dropped. `cut`
    says that the answer ended at the limit of tokens. Never raises for what a model writes.
    """
    try:
        code = _code(text, cut)
        functions = as_functions(code.tree)
        if not functions:
            raise Refused(Unusable.NO_TEST)
        return _generated(functions[0], code.tree, imports, frozenset(names), code.notes)
    except Refused as refused:
        return refused.refusal


def _code(text: str, cut: bool) -> Code:
    """The last block with a test that is valid; raises Refused for the reason of the last one where none is."""
    answer = parsed(text)
    blocks = [block for block in answer.blocks if re.search(r"\bassert|def test|\braises\(", block.text)]
    if not blocks:
        raise Refused(Unusable.CUT if cut or answer.unfinished else Unusable.NO_TEST)
    reason = Unusable.NO_TEST
    detail = ""
    for block in reversed(blocks):
        try:
            code = code_of(block.lines, closed=block.closed or not cut)
            if block.closed or not cut:
                return code
            reason = Unusable.CUT
        except Refused as refused:
            reason = Unusable(refused.refusal.reason.value)
            detail = refused.refusal.detail
    raise Refused(reason, detail)


def _generated(
    function: Function, tree: ast.Module, imports: str, names: Collection[str], notes: Sequence[str]
) -> GeneratedTest:
    copies = [each for each in tree.body if _defined(each) & set(names) and isinstance(each, _SCOPES)]
    body = [each for each in tree.body if each not in copies]
    needed = _needed(function, body)
    statements = [_without_prints(each) for each in (*needed, *function.statements)]
    module = ast.fix_missing_locations(ast.Module(statements, type_ignores=[]))
    if not _asserts(module):
        raise Refused(Unusable.NO_ASSERTION)
    if what := forbidden_use(module):
        raise Refused(Unusable.FORBIDDEN, what)
    missing = _used(module) - _bound(module)
    more = _imports_needed(imports, missing)
    if "pytest" in missing:
        more = ["import pytest", *more]
    remarks = [*notes, *function.notes]
    if copies:
        remarks.append(f"copies of the code under test dropped: {', '.join(sorted(_defined(*copies)))}")
    future = [each for each in statements if isinstance(each, ast.ImportFrom) and each.module == "__future__"]
    rest = [each for each in statements if each not in future]
    source = _source([*future, *(ast.parse(line).body[0] for line in more), *rest])
    return GeneratedTest(function.name, source, tuple(remarks))


_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def _needed(function: Function, body: Sequence[Statement]) -> list[Statement]:
    """The statements at the top of the file that the function needs, directly or through others, in their order."""
    left = [each for each in body if each not in function.replaces and not _is_other_test(each)]
    wanted = _used(*function.statements)
    found: list[Statement] = []
    while True:
        more = [each for each in left if each not in found and (_defined(each) & wanted or _always(each))]
        if not more:
            break
        found += more
        wanted |= _used(*more)
    return [each for each in left if each in found]


def _always(statement: Statement) -> bool:
    """Whether a statement is kept in any case: imports from `__future__`, and fixtures that are used automatically."""
    if isinstance(statement, ast.ImportFrom) and (statement.module == "__future__" or statement.names[0].name == "*"):
        return True
    decorators = statement.decorator_list if isinstance(statement, ast.FunctionDef) else []
    return any("autouse=True" in ast.unparse(each) for each in decorators)


def _is_other_test(statement: Statement) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith("test")


def _defined(*statements: Statement) -> set[str]:
    """Names that statements bind where they stand."""
    found: set[str] = set()
    for statement in statements:
        if isinstance(statement, _SCOPES):
            found.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                found.add(node.id)
            elif isinstance(node, ast.alias):
                found.add(node.asname or node.name.partition(".")[0])
            elif isinstance(node, _SCOPES):
                found.add(node.name)
    return found


def _used(*nodes: ast.AST) -> set[str]:
    """Names that nodes load, and parameters, which may be fixtures."""
    found: set[str] = set()
    for node in (inner for each in nodes for inner in ast.walk(each)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.Call) and "usefixtures" in ast.unparse(node.func):
            found |= {
                each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
            }
    return found


def _bound(module: ast.Module) -> set[str]:
    """Names that are bound anywhere in a module."""
    parameters = {node.arg for node in ast.walk(module) if isinstance(node, ast.arg)}
    handlers = {node.name for node in ast.walk(module) if isinstance(node, ast.ExceptHandler) and node.name}
    inner = _defined(*(node for node in ast.walk(module) if isinstance(node, ast.stmt)))
    return parameters | handlers | inner


def _imports_needed(imports: str, missing: Collection[str]) -> list[str]:
    """The lines of `imports` that bind a missing name."""
    lines = [line for line in imports.split("\n") if line.strip()]
    found = []
    for line in lines:
        try:
            bound = _defined(*ast.parse(line.strip()).body)
        except SyntaxError:
            continue
        if bound & set(missing):
            found.append(line.strip())
    return found


def _asserts(module: ast.Module) -> bool:
    """Whether anything is asserted that could fail."""
    for node in ast.walk(module):
        if isinstance(node, ast.Assert) and not isinstance(node.test, ast.Constant):
            return True
        name = node.func.attr if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else ""
        if re.match(r"assert|raises$|warns$|deprecated_call$|fail$", name):
            return True
    return False


def _without_prints(statement: Statement) -> Statement:
    """The statement without calls of `print` inside."""
    for node in ast.walk(statement):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list) and block:
                kept = [each for each in block if not _prints(each)]
                setattr(node, name, kept or ([ast.Pass()] if name == "body" else []))
    return statement


def _prints(statement: ast.AST) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in ("print", "pprint")


def _source(statements: Sequence[Statement]) -> str:
    """The file, with two empty lines around functions and classes."""
    parts: list[str] = []
    previous: Statement | None = None
    for statement in statements:
        scope = isinstance(statement, _SCOPES)
        imports = (ast.Import, ast.ImportFrom)
        if previous is not None:
            apart = scope or isinstance(previous, _SCOPES)
            block = isinstance(previous, imports) != isinstance(statement, imports)
            parts.append("\n\n" if apart else "\n" if block else "")
        parts.append(ast.unparse(ast.fix_missing_locations(statement)) + "\n")
        previous = statement
    return "".join(parts)
