"""Programs around a function: the converted reference solution, and probes that print the function's results."""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from evaluator.datasets.functional import codec
from evaluator.datasets.functional.forms import LITERAL, Form
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


def codec_source(*forms: Any, optional: Collection[str] = ()) -> str:
    """The source of the functions of `codec` that these forms need, without annotations and docstrings.

    `optional` names those of `sort_entries`, `mark_literal` and `result_text` that are needed.
    """
    used = {text for form in forms for text in _texts(form)}
    functions = [node for node in ast.parse(_codec_text()).body if isinstance(node, ast.FunctionDef)]
    for node in functions:
        node.body = node.body[1:]
        node.returns = None
        for argument in node.args.args:
            argument.annotation = None
    left_out = {"sort_entries", "mark_literal", "result_text"} - set(optional)
    kept = [_Pruned(used).visit(node) for node in functions if node.name not in left_out]
    return "\n\n".join(ast.unparse(node) for node in kept)


def _texts(form: Any) -> set[str]:
    return {form} if isinstance(form, str) else {text for part in form for text in _texts(part)}


class _Pruned(ast.NodeTransformer):
    """Removes the branches of `codec` that handle kinds of words, shapes or container types that are not in `used`."""

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


@dataclass(frozen=True, kw_only=True)
class Encoding:
    """How a problem's arguments and results are written."""

    inputs: Sequence[Form]
    outputs: Mapping[str, Form]
    """The form of a result by the name of its type."""
    in_order: bool = False
    """Whether dictionaries are printed sorted by key."""
    bools_as_integers: bool = False
    """Whether True and False are printed as 1 and 0."""
    single_blanks: bool = False
    """Whether results that are strings have single blanks between words and no others, and the comparison ignores
    blanks: a function's result with other blanks is then printed as a literal, and so fails."""
    many_digits: bool = False
    """Whether a number has more digits than Python reads or prints by default."""


def solution(problem: FunctionProblem, encoding: Encoding) -> str:
    """The reference solution as a program: reads the arguments, calls the function, prints its result.

    Raises LeftOut if the reference solution does not compile, or defines a name that a function of `codec` has.
    """
    inputs, outputs, in_order = encoding.inputs, encoding.outputs, encoding.in_order
    functions = codec_source(*inputs, *outputs.values(), optional=("sort_entries",) if in_order else ())
    names = {node.name for node in ast.parse(functions).body if isinstance(node, ast.FunctionDef)}
    taken = names & {name for node in ast.walk(_parsed(problem)) if (name := getattr(node, "name", None))}
    if taken:
        raise LeftOut(
            "the reference solution defines a name of the functions that read and write values",
            ", ".join(sorted(taken)),
        )
    reads = ", ".join(f"read_value({form!r}, lines)" for form in inputs)
    lines = [
        problem.reference.rstrip(),
        "",
        *(["from ast import literal_eval"] if LITERAL in _texts((*inputs, *outputs.values())) else []),
        "import sys",
        *(["sys.set_int_max_str_digits(0)"] if encoding.many_digits else []),
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
    if encoding.bools_as_integers:
        lines.append("result = int(result) if isinstance(result, bool) else result")
    if len(outputs) == 1:
        lines.append(f"form = {next(iter(outputs.values()))!r}")
    else:
        lines.append(f"form = {dict(outputs)!r}[type(result).__name__]")
    lines.append('print("\\n".join(write_value(form, result)))')
    return "\n".join(lines) + "\n"


def probe(problem: FunctionProblem, cases: Sequence[tuple[Any, ...]], backwards: bool = False) -> str:
    """A program that reads a number, calls the function with the arguments `cases[number]`, and prints `repr(result)`.

    `backwards`: sets are iterated in reverse wherever their order may matter.
    """
    source = problem.reference.rstrip()
    if backwards:
        source = _BACKWARDS + ast.unparse(_Backwards().visit(_parsed(problem)))
    result = f"{problem.entry_point}(*cases[int(input())])"
    shown = f"bool({result})" if problem.oracle.kind == "truth" else result
    digits = "import sys\nsys.set_int_max_str_digits(0)\n"
    return f"{source}\n\n{digits}cases = {list(cases)!r}\nresult = {shown}\n{_PLAIN}print(repr(result))\n"


LITERAL_MARK = "# arguments as a tuple of Python\n"
"""First line of the input of a test that only functions are run on; the arguments follow as a Python literal."""


def literal_input(arguments: tuple[Any, ...]) -> str:
    """The standard input of a test that only functions are run on, not whole programs."""
    return f"{LITERAL_MARK}{arguments!r}\n"


def function_main(problem: FunctionProblem, encoding: Encoding) -> str:
    """The part of a program after `source = ...`: it runs the function that the solution in `source` defines.

    The function may be a method of a class Solution. What the solution itself prints is lost. A result of another
    type than the reference solution's, such as a tuple in the place of a list or text in the place of a number, has
    another text, unless both are equal numbers; see also `FunctionProblem.tuples_are_lists`. A solution that ends the
    program fails.

    The source is executed as a constant of the program, in a form that the sandbox recognises, so that the inputs of a
    plain solution may share a process.
    """
    optional = ["result_text"]
    optional += ["sort_entries"] if encoding.in_order else []
    optional += ["mark_literal"] if "str" in encoding.outputs else []
    functions = codec_source(*encoding.inputs, *encoding.outputs.values(), optional=optional)
    reads = ", ".join(f"read_value({form!r}, lines)" for form in encoding.inputs)
    result = "bool(result)" if problem.oracle.kind == "truth" else "result"
    if problem.tuples_are_lists:
        result = "list(result) if isinstance(result, tuple) else result"
    if encoding.in_order:
        result = f"sort_entries({result})"
    forms = repr(dict(encoding.outputs))
    printed = f"result_text({forms}, {result}{', single_blanks=True' if encoding.single_blanks else ''})"
    if "str" in encoding.outputs:
        printed = f"mark_literal({forms}, {result}, {printed})"
    # Loading `ast` takes longer than most tests, so it is loaded only for tests with a literal.
    always = LITERAL in _texts((*encoding.inputs, *encoding.outputs.values()))
    literal = "from ast import literal_eval\n"
    return f"""{literal if always else ""}from io import StringIO
import sys

sys.set_int_max_str_digits(0)
{functions}

text = sys.stdin.read()
if text.startswith({LITERAL_MARK!r}):
{"" if always else "    " + literal}    arguments = literal_eval(text[{len(LITERAL_MARK)}:])
else:
    lines = iter(text.removesuffix("\\n").split("\\n"))
    arguments = [{reads}]
output, sys.stdin, sys.stdout = sys.stdout, StringIO(), StringIO()
names = {{}}
try:
    exec(compile(source, "solution.py", "exec"), names)
    function = names.get({problem.entry_point!r}) or names["Solution"]().{problem.entry_point}
    result = function(*arguments)
except SystemExit as stop:
    raise RuntimeError("the solution ended the program") from stop
sys.stdout = output
print({printed}, end="")
"""


def function_program(source: str, main: str) -> str:
    """A program that runs the function in `source`; `main` is what `function_main` returned."""
    return f"source = {source!r}\n".replace("`", "\\x60") + main


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
