"""Merges imports and constants that stand beside rewritten definitions into their module."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence

from agent.repository.edit.code import Code
from agent.repository.edit.definitions import Defined, comments_above, definitions
from agent.repository.edit.draft import Draft
from agent.repository.edit.elision import elides
from agent.repository.edit.imports import ImportedName, bound_names, imports_of, used_names, with_imports
from agent.repository.edit.scan import scan
from agent.repository.edit.text_file import TextFile

_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import, ast.ImportFrom, ast.Pass)


def merge_statements(draft: Draft, path: str, code: Code, names: Sequence[str]) -> None:
    """Add to the module what the definitions called `names`, out of `code`, need of the statements around them.

    Imports that the module has are skipped; a name that it binds differently is imported inside the functions that use
    it. A constant replaces the one of its name, or is added where the definitions use it. All else, such as example
    calls, is left out. Without `names` every import and each constant that the module has counts as needed.
    """
    used = _used(draft.read(path), names) if names else None
    _merge_constants(draft, path, code, names, used)
    bound = bound_names(draft.read(path))
    wanted: list[ImportedName] = []
    for each in dict.fromkeys(imports_of(code.tree.body)):
        future = each.module == "__future__"
        if each.name == "*" or _is_own(path, each) or not (future or used is None or each.bound in used):
            continue
        present = bound.get(each.bound)
        if present is None or (each.module not in {was.module for was in present} and _submodule(each, present)):
            wanted.append(each)
        elif present and not any(_agrees(was, each) for was in present):
            _import_inside(draft, path, each, names)
    if wanted:
        draft.write(path, with_imports(draft.read(path), wanted), None if names else "")
        draft.note(f"imports added: {', '.join(each.bound for each in wanted)}")


def _used(file: TextFile, names: Collection[str]) -> frozenset[str]:
    """Names that the definitions called `names` use."""
    import textwrap

    parts = [file.plain[each.first - 1 : each.last] for each in definitions(file.plain) if each.name in names]
    return frozenset().union(*(used_names(textwrap.dedent("\n".join(part))) for part in parts))


def _is_own(path: str, each: ImportedName) -> bool:
    """Whether the import takes a name from the module itself."""
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return bool(each.name) and not each.module.startswith(".") and ("." + dotted).endswith("." + each.module)


def _agrees(was: ImportedName, new: ImportedName) -> bool:
    """Whether both imports take the same name from modules whose last names are equal."""
    return was.name == new.name and was.module.rpartition(".")[2] == new.module.rpartition(".")[2]


def _submodule(new: ImportedName, present: Collection[ImportedName]) -> bool:
    """Whether the import loads a submodule of a package that is imported already, as `import os.path` does."""
    return not new.name and not new.alias and "." in new.module and all(not was.name for was in present)


def _import_inside(draft: Draft, path: str, each: ImportedName, names: Sequence[str]) -> None:
    """Import the name inside the new functions that use it, since the module binds it to something else."""
    file = draft.read(path)
    for function in reversed(list(_functions(file, names))):
        body = [line for line in scan(file.plain).logical if function.head_last < line.first <= function.last]
        part = file.plain[function.first - 1 : function.last]
        if not body or each.bound not in _used(TextFile(tuple(part)), [function.short]):
            continue
        docstring = body[0].text.lstrip("rRuU").startswith(('"', "'"))
        at = body[0].last if docstring else body[0].first - 1
        file = file.with_lines(at + 1, at, [body[0].indent + each.code])
        draft.note(f"import inside {function.name}: {each.bound}")
    draft.write(path, file, None)


def _functions(file: TextFile, names: Sequence[str]) -> Iterator[Defined]:
    """The functions called `names`, and the methods of the classes called so."""
    every = definitions(file.plain)
    kinds = {each.name: each.kind for each in every}
    for each in every:
        inside = any((each.name + ".").startswith(name + ".") for name in names)
        if inside and each.kind == "function" and kinds.get(each.owner) != "function":
            yield each


def _merge_constants(draft: Draft, path: str, code: Code, names: Sequence[str], used: frozenset[str] | None) -> None:
    """Replace or add the constants that the code assigns at its top and the definitions use."""
    file = draft.read(path)
    present = _assigned(file.text)
    defined = {each.short for each in code.outer}
    for statement in code.tree.body:
        name = _target(statement)
        if name is None:
            if not isinstance(statement, _DEFINITIONS) and not _known(statement, file):
                draft.note("statements outside of definitions left out")
            continue
        old = present.get(name)
        if old and ast.dump(old) == ast.dump(statement):
            continue
        needed = name in used if used is not None else old is not None
        if not needed or used_names(ast.unparse(statement)) & defined or not (old or names):
            draft.note(f"assignment left out: {name}")
            continue
        lines = list(code.lines[statement.lineno - 1 : statement.end_lineno])
        if any(elides(line) for line in lines):
            continue
        file = _with_constant(file, old, lines, names)
        draft.write(path, file, name if not names else None)
        draft.note(f"constant {'changed' if old else 'added'}: {name}")
        present = _assigned(file.text)


def _with_constant(file: TextFile, old: ast.stmt | None, lines: list[str], names: Sequence[str]) -> TextFile:
    if old:
        return file.with_lines(old.lineno, old.end_lineno or old.lineno, lines)
    outer = {name.partition(".")[0] for name in names}
    first = next(each for each in definitions(file.plain) if each.name in outer)
    at = comments_above(file.plain, first.first)
    return file.with_lines(at, at - 1, [*lines, "", ""])


def _assigned(source: str) -> dict[str, ast.stmt]:
    """The assignments at the top of a module by their targets, where each is assigned once."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    pairs = [(name, each) for each in body if (name := _target(each))]
    names = [name for name, _ in pairs]
    return {name: each for name, each in pairs if names.count(name) == 1}


def _target(statement: ast.stmt) -> str | None:
    """The only name that an assignment sets; None for any other statement."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target: ast.expr = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        target = statement.target
    else:
        return None
    return target.id if isinstance(target, ast.Name) else None


def _known(statement: ast.stmt, file: TextFile) -> bool:
    """Whether the module has this statement at its top, too, or the statement is text."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        return True
    if isinstance(statement, ast.If | ast.Try) and all(
        isinstance(inner, ast.Import | ast.ImportFrom | ast.Pass) for inner in [*statement.body, *statement.orelse]
    ):
        return True
    try:
        return any(ast.dump(each) == ast.dump(statement) for each in ast.parse(file.text).body)
    except (SyntaxError, ValueError, RecursionError):
        return False
