"""Programs around a function: the converted reference solution, and probes that print the function's results."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from evaluator.datasets.functional import codec
from evaluator.datasets.functional.forms import Form
from evaluator.datasets.functional.function import FunctionProblem, LeftOut

_ORDERING_CALLS = (
    "list",
    "tuple",
    "enumerate",
    "map",
    "filter",
    "zip",
    "iter",
    "join",
    "extend",
    "next",
    "pop",
    "min",
    "max",
    "sorted",
    "reduce",
)

_PLAIN = "if isinstance(result, dict):\n    result = dict(result)\n"
"""Source that makes a Counter or an OrderedDict a plain dictionary, since output is read as plain dictionaries."""
_BACKWARDS = """
def _backwards(value):
    return list(value)[::-1] if isinstance(value, (set, frozenset)) else value
"""


@cache
def _codec_text() -> str:
    return Path(codec.__file__).read_text(encoding="utf-8")


def codec_source(*forms: Any, in_order: bool) -> str:
    """The source of the functions of `codec` that these forms need, without annotations and docstrings."""
    used = {text for form in forms for text in _texts(form)}
    functions = [node for node in ast.parse(_codec_text()).body if isinstance(node, ast.FunctionDef)]
    for node in functions:
        node.body = node.body[1:]
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
    kept = [_Pruned(used).visit(node) for node in functions if in_order or node.name != "sort_entries"]
    return "\n\n".join(ast.unparse(node) for node in kept)


def _texts(form: Any) -> set[str]:
    return {form} if isinstance(form, str) else {text for part in form for text in _texts(part)}


class _Pruned(ast.NodeTransformer):
    """Removes branches for kinds, shapes and boxes that are not in `used`."""

    def __init__(self, used: set[str]) -> None:
        self.used = used

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq):
            asked = test.comparators[0]
            if isinstance(asked, ast.Constant) and asked.value not in self.used:
                return node.orelse or None
        return node


def solution(
    problem: FunctionProblem, inputs: Sequence[Form], outputs: Mapping[str, Form], in_order: bool = False
) -> str:
    """The reference solution as a program: reads the arguments, calls the function, prints its result.

    `outputs` has the form of a result by the name of its type; `in_order`: dictionaries are printed sorted by key.
    Raises LeftOut if names clash.
    """
    functions = codec_source(*inputs, *outputs.values(), in_order=in_order)
    names = {node.name for node in ast.parse(functions).body if isinstance(node, ast.FunctionDef)}
    taken = names & {name for node in ast.walk(_parsed(problem)) if (name := getattr(node, "name", None))}
    if taken:
        raise LeftOut("the reference solution has a function of the reader's name", ", ".join(sorted(taken)))
    reads = ", ".join(f"read_value({form!r}, lines)" for form in inputs)
    lines = [
        problem.reference.rstrip(),
        "",
        "import sys",
        "",
        functions,
        "",
        'lines = iter(sys.stdin.read().removesuffix("\\n").split("\\n"))',
        f"arguments = [{reads}]",
        f"result = {problem.entry_point}(*arguments)",
    ]
    if problem.oracle.kind == "truth":
        lines.append("result = bool(result)")
    if "dict" in outputs:
        lines.append(_PLAIN.rstrip())
    if in_order:
        lines.append("result = sort_entries(result)")
    if len(outputs) == 1:
        lines.append(f"form = {next(iter(outputs.values()))!r}")
    else:
        lines.append(f"form = {dict(outputs)!r}[type(result).__name__]")
    lines.append('print("\\n".join(write_value(form, result)))')
    return "\n".join(lines) + "\n"


def probe(problem: FunctionProblem, cases: Sequence[tuple[Any, ...]], backwards: bool = False) -> str:
    """A program that reads the number of a case, calls the function with it, and prints the `repr` of the result.

    `backwards`: sets are iterated in reverse wherever their order may matter.
    """
    source = problem.reference.rstrip()
    if backwards:
        source = _BACKWARDS + ast.unparse(_Backwards().visit(_parsed(problem)))
    result = f"{problem.entry_point}(*cases[int(input())])"
    shown = f"bool({result})" if problem.oracle.kind == "truth" else result
    return f"{source}\n\ncases = {list(cases)!r}\nresult = {shown}\n{_PLAIN}print(repr(result))\n"


def uses_sets(source: str) -> bool:
    """Whether the source makes a Python set, so that its results may depend on the order of a set."""
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except SyntaxError:
        return False
    return any(
        isinstance(node, ast.Set | ast.SetComp) or (isinstance(node, ast.Name) and node.id in ("set", "frozenset"))
        for node in nodes
    )


def seeded(source: str, seed: int) -> str:
    """A program that runs the source under this PYTHONHASHSEED, which changes the order of sets of strings."""
    return (
        "import os, sys\n"
        f"source = {source!r}\n"
        f'environment = dict(os.environ, PYTHONHASHSEED="{seed}")\n'
        'os.execve(sys.executable, [sys.executable, "-c", source], environment)\n'
    )


def _parsed(problem: FunctionProblem) -> ast.Module:
    try:
        return ast.parse(problem.reference)
    except SyntaxError as error:
        raise LeftOut("the reference solution does not compile", str(error)) from error


class _Backwards(ast.NodeTransformer):
    """Wraps iterables of loops and arguments of ordering calls in `_backwards`, which reverses sets."""

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = _reversed(node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = _reversed(node.iter)
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = getattr(node.func, "id", None) or getattr(node.func, "attr", None)
        if name in _ORDERING_CALLS and not any(isinstance(argument, ast.Starred) for argument in node.args):
            node.args = [_reversed(argument) for argument in node.args]
        return node


def _reversed(node: ast.expr) -> ast.expr:
    return ast.Call(ast.Name("_backwards", ast.Load()), [node], [])
