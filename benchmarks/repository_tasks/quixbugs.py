"""Programs of QuixBugs: 40 classic algorithms with one wrong line each."""

from __future__ import annotations

import ast
import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.repository_tasks.cases import Case, case
from benchmarks.repository_tasks.program import Program

PACKAGE = "algorithms"
NODE = "node"
"""The module that programs over graphs and lists share."""


def read_programs(data: Path) -> list[Program]:
    """The programs of the folder `quixbugs`, by name."""
    folder = data / "quixbugs"
    names = sorted(path.stem for path in (folder / "python_programs").glob("*.py"))
    return [_program(folder, name) for name in names if name != NODE and not name.endswith("_test")]


def node_module(data: Path) -> str:
    """The text of the module `node`."""
    return (data / "quixbugs/python_testcases/node.py").read_text(encoding="utf-8")


def _program(folder: Path, name: str) -> Program:
    code, words = _code_and_words((folder / f"python_programs/{name}.py").read_text(encoding="utf-8"))
    fixed, _ = _code_and_words((folder / f"correct_python_programs/{name}.py").read_text(encoding="utf-8"))
    heading = f'"""{words}\n"""\n\n'
    cases = tuple(_cases(folder, name))
    # Some corrected programs lack the imports of the program.
    imports = "".join(line + "\n" for line in code.splitlines() if line.startswith(("import ", "from ")))
    missing = imports if imports and not fixed.startswith(("import ", "from ")) else ""
    fixed = f"{missing}\n\n{fixed}" if missing else fixed
    return Program("quixbugs", name, name, words, heading + code, heading + fixed, cases)


def _code_and_words(text: str) -> tuple[str, str]:
    """The program without texts that stand alone, and the last such text."""
    lines, words = text.splitlines(keepends=True), ""
    for node in reversed(ast.parse(text).body):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words = words or str(node.value.value).strip()
            lines[node.lineno - 1 : node.end_lineno] = []
    return "".join(lines).strip() + "\n", words


def _cases(folder: Path, name: str) -> Iterator[Case]:
    """The program's tests, each as a function of its own."""
    tests = ast.parse((folder / f"python_testcases/test_{name}.py").read_text(encoding="utf-8"))
    stored = folder / f"json_testcases/{name}.json"
    imports = (f"from {PACKAGE}.{name} import {name}",)
    functions = [node for node in tests.body if isinstance(node, ast.FunctionDef)]
    if not stored.exists():
        before = [node for node in tests.body if isinstance(node, ast.Assign)]
        needs = (f"from {PACKAGE}.{NODE} import Node",) if "Node(" in ast.unparse(tests) else ()
        for number, function in enumerate(functions, 1):
            yield case(f"test_{name}_{number}", (*imports, *needs), [*before, *function.body])
        return
    asserted = next(node for node in functions[0].body if isinstance(node, ast.Assert))
    needs = ("import pytest",) if "pytest" in ast.unparse(asserted) else ()
    for number, line in enumerate(stored.read_text(encoding="utf-8").splitlines(), 1):
        if line.strip():
            inputs, expected = json.loads(line)
            inputs = inputs if isinstance(inputs, list) else [inputs]
            expected = [tuple(each) for each in expected] if name == "hanoi" else expected
            yield case(f"test_{name}_{number}", (*imports, *needs), [_Filled(inputs, expected).filled(asserted)])


class _Filled(ast.NodeTransformer):
    """Puts a case's values into the assertion of a parametrised test."""

    def __init__(self, inputs: list[Any], expected: Any) -> None:
        self.inputs, self.expected = inputs, expected

    def filled(self, asserted: ast.Assert) -> ast.stmt:
        """The assertion with `*input_data`, `input_data[k]` and `expected` replaced by values."""
        done: ast.stmt = self.visit(copy.deepcopy(asserted))
        return done

    def visit_Call(self, node: ast.Call) -> ast.AST:
        """A call, with a starred argument replaced by the inputs."""
        self.generic_visit(node)
        node.args = [
            each
            for argument in node.args
            for each in ([_value(one) for one in self.inputs] if isinstance(argument, ast.Starred) else [argument])
        ]
        return node

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        """An input by its number."""
        return _value(self.inputs[ast.literal_eval(node.slice)])

    def visit_Name(self, node: ast.Name) -> ast.AST:
        """The expected value, or the name itself."""
        return _value(self.expected) if node.id == "expected" else node


def _value(value: Any) -> ast.expr:
    return ast.parse(repr(value), mode="eval").body
