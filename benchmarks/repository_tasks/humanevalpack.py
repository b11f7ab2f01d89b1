"""Programs of HumanEvalPack: 164 Python functions with a bug written by hand each."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.repository_tasks.cases import Case, case, defined, names_in
from benchmarks.repository_tasks.program import Program

PACKAGE = "snippets"


def read_programs(data: Path) -> list[Program]:
    """The programs of the folder `humanevalpack`, in its order."""
    lines = (data / "humanevalpack/humanevalpack-python.jsonl").read_text(encoding="utf-8").splitlines()
    return [_program(json.loads(line)) for line in lines]


def _program(row: dict[str, Any]) -> Program:
    name, heading = row["entry_point"], row["prompt"].strip("\n") + "\n"
    fixed = heading + row["canonical_solution"].strip("\n") + "\n"
    buggy = heading + row["buggy_solution"].strip("\n") + "\n"
    shown = tuple(_cases(row["example_test"], name, fixed, f"test_{name}_example"))
    hidden = tuple(_cases(row["test"], name, fixed, f"test_{name}"))
    described = row["docstring"].partition(">>>")[0].strip()
    return Program(
        "humanevalpack",
        name,
        row["task_id"].rpartition("/")[2],
        described,
        buggy,
        fixed,
        (*shown, *hidden),
        tuple(each.name for each in shown),
    )


def _cases(tests: str, module: str, source: str, prefix: str) -> Iterator[Case]:
    """Each assertion of `check` with the statements before it that it needs, as a test of its own."""
    # Row 119 has the solution, wrongly indented, in front of its tests.
    found = re.search(r"^ ?def check\(.*", tests, re.MULTILINE | re.DOTALL)
    checks = [node for node in ast.parse(found[0].strip() if found else "").body if isinstance(node, ast.FunctionDef)]
    before: list[ast.stmt] = []
    number = 0
    for statement in (node for check in checks for node in check.body):
        match statement:
            case ast.Assert(test=ast.Constant()) | ast.Expr(value=ast.Constant()):
                continue
            case ast.Assert() | ast.For():
                number += 1
                body = [*before, statement]
                used = sorted(names_in(body) & defined(source))
                imports = (f"from {PACKAGE}.{module} import {', '.join(used)}",)
                yield case(f"{prefix}_{number}", imports, body)
            case _:
                before.append(statement)
