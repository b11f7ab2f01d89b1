"""Test functions out of a file: plain ones, methods of test classes, bare asserts."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from copy import copy, deepcopy
from dataclasses import dataclass

_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "assertEqual": ast.Eq,
    "assertEquals": ast.Eq,
    "assertListEqual": ast.Eq,
    "assertDictEqual": ast.Eq,
    "assertTupleEqual": ast.Eq,
    "assertSetEqual": ast.Eq,
    "assertSequenceEqual": ast.Eq,
    "assertMultiLineEqual": ast.Eq,
    "assertNotEqual": ast.NotEq,
    "assertIs": ast.Is,
    "assertIsNot": ast.IsNot,
    "assertIn": ast.In,
    "assertNotIn": ast.NotIn,
    "assertGreater": ast.Gt,
    "assertGreaterEqual": ast.GtE,
    "assertLess": ast.Lt,
    "assertLessEqual": ast.LtE,
}
_SETUPS = ("setUpClass", "setup_class", "setUp", "setup_method")


@dataclass(frozen=True)
class Function:
    """A test as a function."""

    name: str
    statements: tuple[ast.stmt, ...]
    """The function, after a class where the test needs one."""
    replaces: tuple[ast.stmt, ...]
    """Statements of the file that the function stands for."""
    notes: tuple[str, ...] = ()


def as_functions(module: ast.Module) -> list[Function]:
    """The tests of a file in their order; of a file without any, its asserts as one test."""
    found: list[Function] = []
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef) and statement.name.startswith("test"):
            found.append(Function(statement.name, (statement,), (statement,)))
        elif isinstance(statement, ast.ClassDef):
            found += [_of_method(statement, method) for method in statement.body if _is_test(method)]
    return found or _of_asserts(module)


def _is_test(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test")


def _of_method(owner: ast.ClassDef, method: ast.stmt) -> Function:
    """The method as a function: by itself where its `self` only asserts or carries values that the set-up makes, else
    through an instance of the class.
    """
    assert isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
    setups = [
        each for name in _SETUPS for each in owner.body if isinstance(each, ast.FunctionDef) and each.name == name
    ]
    body = [*(inner for each in setups for inner in each.body), *method.body]
    note = f"method of {owner.name} turned into a function"
    rewritten = _Unbound(owner)
    plain = [rewritten.visit(each) for each in _copied(body)]
    if not rewritten.failed and isinstance(method, ast.FunctionDef):
        function = _function(f"def {method.name}({', '.join(_parameters(method))}): pass")
        function.body, function.decorator_list = plain, method.decorator_list
        return Function(method.name, (ast.fix_missing_locations(function),), (owner,), (note,))
    return _through_instance(owner, method, setups, note)


def _function(source: str) -> ast.FunctionDef:
    function = ast.parse(source).body[0]
    assert isinstance(function, ast.FunctionDef)
    return function


def _copied(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    kept = [each for each in body if not isinstance(each, ast.Pass)] or [ast.Pass()]
    return deepcopy(kept)


def _parameters(method: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    return [each.arg for each in [*method.args.posonlyargs, *method.args.args][1:]]


def _through_instance(
    owner: ast.ClassDef, method: ast.FunctionDef | ast.AsyncFunctionDef, setups: Sequence[ast.FunctionDef], note: str
) -> Function:
    """A function that makes an instance of the class, which is not collected itself, and calls the method."""
    parameters = ", ".join(_parameters(method))
    lines = [f"def {method.name}({parameters}):", f"    case = {owner.name}()"]
    lines += [f"    case.{each.name}()" for each in setups if len(each.args.args) == 1]
    lines.append(f"    case.{method.name}({parameters})")
    if isinstance(method, ast.AsyncFunctionDef):
        lines = [f"async {lines[0]}", *lines[1:-1], f"    await{lines[-1].replace('    ', ' ', 1)}"]
    kept = copy(owner)
    kept.body = ast.parse("__test__ = False").body
    kept.body += [each for each in owner.body if not _is_test(each) or each is method]
    function = ast.parse("\n".join(lines)).body[0]
    return Function(method.name, (kept, function), (owner,), (note,))


class _Unbound(ast.NodeTransformer):
    """Turns statements of a method of `unittest.TestCase` into statements of a function."""

    def __init__(self, owner: ast.ClassDef) -> None:
        self.failed = False
        self._methods = {each.name for each in owner.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
        self._fields = {
            target.id
            for each in owner.body
            if isinstance(each, ast.Assign)
            for target in each.targets
            if isinstance(target, ast.Name)
        }

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        call = node.value
        called = call.func if isinstance(call, ast.Call) else None
        if isinstance(call, ast.Call) and isinstance(called, ast.Attribute) and _of_self(called):
            test = _condition(called.attr, call.args)
            return ast.Assert(self.visit(test), None) if test else self.generic_visit(node)
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        name = node.func.attr if isinstance(node.func, ast.Attribute) and _of_self(node.func) else ""
        if name in ("assertRaises", "assertRaisesRegex"):
            keywords = (
                [ast.keyword("match", node.args.pop(1))] if name.endswith("Regex") and len(node.args) == 2 else []
            )
            raises = ast.parse("pytest.raises", mode="eval").body
            return self.generic_visit(ast.Call(raises, node.args, [*node.keywords, *keywords]))
        return self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if _of_self(node):
            if node.attr.startswith("assert") or node.attr in self._methods | self._fields:
                self.failed = True
            return ast.copy_location(ast.Name(node.attr, node.ctx), node)
        return self.generic_visit(node)

    def visit_Name(self, node: ast.Name) -> ast.AST:
        self.failed = self.failed or node.id in ("self", "cls")
        return node


def _of_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")


def _condition(name: str, arguments: list[ast.expr]) -> ast.expr | None:
    """What an assertion of `unittest` asserts, as an expression; None for an assertion that is not known."""
    if name in _COMPARISONS and len(arguments) >= 2:
        return ast.Compare(arguments[0], [_COMPARISONS[name]()], [arguments[1]])
    if name in ("assertTrue", "assert_") and arguments:
        return arguments[0]
    if name == "assertFalse" and arguments:
        return ast.UnaryOp(ast.Not(), arguments[0])
    if name in ("assertIsNone", "assertIsNotNone") and arguments:
        compare = ast.Is() if name == "assertIsNone" else ast.IsNot()
        return ast.Compare(arguments[0], [compare], [ast.Constant(None)])
    if name in ("assertIsInstance", "assertNotIsInstance") and len(arguments) >= 2:
        call = ast.Call(ast.Name("isinstance", ast.Load()), arguments[:2], [])
        return call if name == "assertIsInstance" else ast.UnaryOp(ast.Not(), call)
    if name == "assertAlmostEqual" and len(arguments) >= 2:
        approx = ast.Call(ast.parse("pytest.approx", mode="eval").body, [arguments[1]], [])
        return ast.Compare(arguments[0], [ast.Eq()], [approx])
    return None


def _of_asserts(module: ast.Module) -> list[Function]:
    """One test with the statements at the top of a file that are neither imports nor definitions, if one asserts."""
    outside = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    inside = [each for each in module.body if not isinstance(each, outside) and not _is_guard(each)]
    inside = [each for each in inside if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))]
    if not any(isinstance(node, ast.Assert) for each in inside for node in ast.walk(each)):
        return []
    function = _function("def test_task(): pass")
    function.body = list(inside)
    return [Function("test_task", (function,), tuple(inside), ("bare asserts turned into a test",))]


def _is_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test)
