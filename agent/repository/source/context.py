"""What a rewrite of one symbol has to see besides its code: imports, class, callers, constants, tests."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from agent.repository.source.graph import Graph, Node, build_graph
from agent.repository.source.index import Index
from agent.repository.source.places import is_test
from agent.repository.source.symbols import Parsed, Symbol
from agent.repository.source.text import lines_of, read_text
from agent.repository.source.word_table import frequencies
from agent.repository.source.words import estimate_tokens, terms

_ATTRIBUTE = re.compile(r"\s+[A-Za-z_]\w*\s*(?::[^=]*\S|:?[^=]*=[^=].*|=)")

MOST_FILES = 60
"""Files that are searched for callers, those with the name most often first."""
MOST_CALLERS = 5
MOST_TESTS = 3
TEST_LINES = 30


@dataclass(frozen=True)
class Caller:
    """A symbol that uses another one, and the first line that does."""

    path: str
    name: str
    line: int
    code: str


@dataclass(frozen=True)
class RelatedTest:
    """An existing test, its id in pytest's form, and the beginning of its source."""

    id: str
    source: str


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is around a symbol. Texts keep the indentation of their files."""

    path: str
    symbol: Symbol
    imports: str
    """The import statements of the file."""
    siblings: str
    """For a method, the header of its class, the attributes of the class, and the signatures of the other methods; for
    a function, the signatures of the functions of its file that it uses or that use it."""
    constants: str
    """Assignments of the module that the symbol uses."""
    callers: tuple[Caller, ...]
    tests: tuple[RelatedTest, ...]

    def text(self, budget: int) -> str:
        """Everything for a prompt within so many tokens; what matters least, tests after the first, goes first."""
        callers = "\n".join(f"{each.path}:{each.line} in {each.name or 'module'}: {each.code}" for each in self.callers)
        tests = [f"# {test.id}\n{test.source}" for test in self.tests]
        parts = [
            ("Imports of the file", self.imports),
            ("Around it", self.siblings),
            ("Constants", self.constants),
            ("Used by", callers),
            *(("An existing test", test) for test in tests),
        ]
        said = ""
        for title, part in parts:
            block = f"# {title}\n{part}\n\n" if part else ""
            said += block if estimate_tokens(said + block) <= budget else ""
        return said.rstrip() + "\n" if said else ""


def context(index: Index, path: str, name: str) -> Surroundings:
    """What is around the symbol of this qualified name. Raises KeyError where the file or the symbol is not there."""
    file = index.parsed(path)
    symbol = file.symbol(name)
    if symbol is None:
        raise KeyError(f"{path}::{name}")
    lines = _lines(index, path)
    parsed = index.parsed_all(_with_name(index, path, symbol))
    users = list(_users(build_graph(parsed), path, file.symbols.index(symbol), parsed))
    callers = [_caller(index, user, symbol) for user in users if not is_test(user[0])]
    return Surroundings(
        path=path,
        symbol=symbol,
        imports=_imports(file, lines),
        siblings="\n".join(_siblings(file, symbol, lines, {number for at, number in users if at == path})),
        constants="\n".join(_constants(file, symbol, lines)),
        callers=tuple(each for each in callers if each)[:MOST_CALLERS],
        tests=tuple(_tests(index, symbol, users, parsed))[:MOST_TESTS],
    )


def _lines(index: Index, path: str) -> list[str]:
    return lines_of(index.files.read(path))


def _with_name(index: Index, path: str, symbol: Symbol) -> list[str]:
    """Python files that have the symbol's last name, or else its class's, and the file itself."""
    if not symbol.name:
        return [path]
    wanted = symbol.name.split(".")[-1 if not symbol.last_name.startswith("__") else 0]
    found = frequencies(index.words, [terms(wanted)[-1]])[0] if terms(wanted) else []
    paths = [other for other in index.python if len(found) and found[index.rows[other]] and other != path]
    return [path, *sorted(paths, key=lambda other: (-found[index.rows[other]], other))[:MOST_FILES]]


def _users(graph: Graph, path: str, number: int, parsed: Mapping[str, Parsed]) -> Iterator[Node]:
    """Symbols that use this one, the surest first; its own class does not count."""
    node = graph.nodes.index((path, number))
    uses = [(-weight, source) for source, target, weight in graph.references() if target == node]
    around = parsed[path].symbols[number].parent
    for _, source in sorted(uses):
        user = graph.nodes[source]
        symbol = parsed[user[0]].symbols[user[1]]
        if symbol.kind != "class" or (user[0], symbol.name) != (path, around):
            yield user


def _caller(index: Index, user: Node, used: Symbol) -> Caller | None:
    """The first line of the user with the name of what it uses."""
    path, number = user
    file = index.parsed(path)
    symbol = file.symbols[number]
    name = re.compile(rf"(?<!def )(?<!class )\b{re.escape(used.last_name)}\b")
    lines = _lines(index, path)
    for line in range(symbol.first, min(symbol.last, len(lines)) + 1):
        code = lines[line - 1].strip()
        mine = symbol.kind in ("function", "method") or file.at(line) is symbol
        if mine and name.search(code) and not code.startswith(("#", "import ", "from ")):
            return Caller(path, symbol.name, line, code)
    return None


def _imports(file: Parsed, lines: Sequence[str]) -> str:
    """The lines of import statements, with the further lines of those in brackets."""
    wanted: list[str] = []
    for first in sorted({found.line for found in file.imports}):
        at = first
        wanted.append(lines[at - 1])
        while at < len(lines) and ("(" in wanted[-1] or at > first) and ")" not in lines[at - 1] and at - first < 40:
            at += 1
            wanted.append(lines[at - 1])
            if ")" in wanted[-1]:
                break
    return "\n".join(wanted)


def _siblings(file: Parsed, symbol: Symbol, lines: Sequence[str], users: set[int]) -> Iterator[str]:
    outer = file.symbol(symbol.parent) if symbol.parent else None
    if outer is not None and outer.kind == "class":
        yield f"{outer.signature}:"
        inner = [other for other in file.symbols if other.parent == outer.name]
        yield from _attributes(outer, inner, lines)
        yield from (f"    {other.signature}: ..." for other in inner if other.signature and other is not symbol)
        return
    for number, other in enumerate(file.symbols):
        if other.kind == "function" and other is not symbol and (number in users or other.name in symbol.uses):
            yield f"{other.signature}: ..."


def _attributes(outer: Symbol, inner: Sequence[Symbol], lines: Sequence[str]) -> Iterator[str]:
    """The lines between the methods of a class that assign or declare an attribute."""
    code = read_text("\n".join(lines).encode()).code.decode("utf-8", "replace").split("\n")
    taken = {line for other in inner for line in range(other.first, other.last + 1)}
    for line in range(outer.first + len(outer.decorators) + 1, outer.last + 1):
        if line not in taken and _ATTRIBUTE.match(code[line - 1]):
            yield lines[line - 1]


def _constants(file: Parsed, symbol: Symbol, lines: Sequence[str]) -> Iterator[str]:
    for other in file.symbols:
        if other.kind == "variable" and not set(other.defines).isdisjoint(symbol.uses) and other is not symbol:
            code = lines[other.first - 1 : other.last]
            yield "\n".join(code if len(code) <= 12 else [*code[:10], "    ...", code[-1]])


def _tests(
    index: Index, symbol: Symbol, users: Sequence[Node], parsed: Mapping[str, Parsed]
) -> Iterator[RelatedTest]:  # fmt: skip
    """Tests that use the symbol, those that have its name in theirs first; then those that have only the name."""
    named = symbol.last_name.strip("_").lower()
    direct = [node for node in users if is_test(node[0])]
    other = [
        (path, number)
        for path in sorted(parsed)
        if is_test(path) and named
        for number, test in enumerate(parsed[path].symbols)
        if named in test.last_name.lower()
    ]
    order = sorted(direct, key=lambda node: named not in parsed[node[0]].symbols[node[1]].name.lower())
    for path, number in dict.fromkeys([*order, *other]):
        test = parsed[path].symbols[number]
        if test.last_name.startswith("test") and test.kind in ("function", "method"):
            source = _lines(index, path)[test.first - 1 : test.last]
            shown = source if len(source) <= TEST_LINES else [*source[: TEST_LINES - 1], "    ..."]
            yield RelatedTest(f"{path}::{test.name.replace('.', '::')}", "\n".join(shown))
