"""Which functions the fixes of the repository benchmark change, and which of them a fix needs.

A function is changed where its code differs between the buggy and the fixed release, comments and docstrings aside; a
function inside of a function belongs to the outer one. A changed function is needed where the fixed file with the old
text of this function alone does not pass the tests. A fix of which no function is needed alone needs all.

    python benchmarks/repository_targets.py /work/bench --python /work/benchvenv/bin/python

The first argument is the folder that `rebuild.py build` of the benchmark filled; the interpreter has what the suites
need. Prints JSON, which `benchmarks/repository_tasks/targets.json` keeps; takes some minutes.
"""

from __future__ import annotations

import argparse
import ast
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
DATA = Path(__file__).parents[2] / "shared" / "data" / "repo_bench"
SDISTS = Path("~/.cache/repo_bench").expanduser()


def functions(source: str) -> dict[str, Function]:
    """Functions and methods by their qualified names, without those inside of functions."""
    return dict(_functions(ast.parse(source).body, ""))


def _functions(body: list[ast.stmt], around: str) -> Iterator[tuple[str, Function]]:
    for node in body:
        if isinstance(node, Function):
            yield around + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node.body, f"{around}{node.name}.")
        else:
            for block in ("body", "orelse", "handlers", "finalbody"):
                parts = getattr(node, block, [])
                yield from _functions([part for part in parts if isinstance(part, ast.stmt)], around)


def code(function: Function) -> str:
    """What a function does, without places and docstrings."""
    copy = ast.parse(ast.unparse(function))
    for node in ast.walk(copy):
        if isinstance(node, Function | ast.ClassDef) and ast.get_docstring(node) is not None:
            node.body[0] = ast.Pass()
    return ast.dump(copy)


def changed(old: str, new: str) -> list[str]:
    """Names of functions of both texts that differ."""
    before, after = functions(old), functions(new)
    return [name for name in before if name in after and code(before[name]) != code(after[name])]


def with_old(old: str, new: str, name: str) -> str:
    """The new text with the old lines of one function."""
    before, after = functions(old)[name], functions(new)[name]
    lines = new.splitlines(keepends=True)
    lines[_first(after) - 1 : after.end_lineno] = old.splitlines(keepends=True)[_first(before) - 1 : before.end_lineno]
    return "".join(lines)


def _first(function: Function) -> int:
    return min(node.lineno for node in (function, *function.decorator_list))


def solved(bench: Path, task: str, file: str, text: str, python: Path) -> bool:
    """Whether the benchmark's hidden tests pass with this text of one file."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / task
        shutil.copytree(bench / task, copy, ignore=shutil.ignore_patterns(".git", "scored", ".meta"))
        (copy / "repo" / file).write_text(text)
        command = [str(python), str(DATA / "rebuild.py"), "solved", folder, task]
        return subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode == 0


def targets(bench: Path, task: dict[str, str], file: str, python: Path) -> dict[str, list[str]]:
    """Changed and needed functions of one changed file, as `path::name`."""
    old = (bench / task["id"] / "repo" / file).read_text()
    new = (SDISTS / task["package"] / task["fixed"] / file).read_text()
    names = changed(old, new)
    needed = [name for name in names if not solved(bench, task["id"], file, with_old(old, new, name), python)]
    print(task["id"], names, needed, file=sys.stderr, flush=True)
    return {
        "changed": [f"{file}::{name}" for name in names],
        "needed": [f"{file}::{name}" for name in needed or names],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("--python", type=Path, default=Path(sys.executable))
    options = parser.parse_args()
    found = {}
    for path in sorted(DATA.glob("*.json")):
        task = json.loads(path.read_text())
        (file,) = task["files_changed"]
        found[task["id"]] = targets(options.bench, task, file, options.python)
    print(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
