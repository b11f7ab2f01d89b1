"""Structure of Python files by tree-sitter: also of files with syntax errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from agent.repository.source.outline import Assigned, Definition, Outline, Parser, Span
from agent.repository.source.symbols import Import

if TYPE_CHECKING:
    from tree_sitter import Node

_DEFINITIONS = {"function_definition", "class_definition", "decorated_definition"}
_LEAVES = {"expression_statement", "return_statement", "comment", "pass_statement", "raise_statement"}
_IMPORTS = {"import_statement", "import_from_statement", "future_import_statement"}


def tree_sitter_parser() -> Parser:
    """A parser by the tree-sitter wheels. Raises ImportError where they are not installed."""
    import tree_sitter
    import tree_sitter_python

    language = tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language()))

    def parse(data: bytes, offset: int, line: int) -> Outline:
        root = language.parse(data).root_node
        walk = _SyntaxWalk(data, offset, line)
        inner, assigned = walk.level(root)
        lines = max(data.count(b"\n") + (not data.endswith(b"\n")), 1)
        doc = walk.doc(root)
        at = offset, offset
        module = Definition("module", "", line + 1, line + lines, at, doc=doc, inner=inner, assigned=assigned)
        return Outline(module, tuple(walk.imports), tuple(walk.broken(root)))

    return parse


@dataclass
class _SyntaxWalk:
    """Places in a piece of a file, and the imports found in it so far."""

    data: bytes
    offset: int
    line: int
    imports: list[Import] = field(default_factory=list)

    def span(self, node: Node) -> Span:
        return self.offset + node.start_byte, self.offset + node.end_byte

    def text(self, node: Node) -> str:
        return self.data[node.start_byte : node.end_byte].decode("utf-8", "replace")

    def lines(self, node: Node) -> tuple[int, int]:
        return self.line + node.start_point[0] + 1, self.line + _last(node).end_point[0] + 1

    def doc(self, block: Node | None) -> Span | None:
        first = next((part for part in block.named_children if part.type != "comment"), None) if block else None
        if first is None or first.type != "expression_statement" or first.named_child_count != 1:
            return None
        string = first.named_children[0]
        found = string.type in ("string", "concatenated_string") and not _formatted(string)
        return self.span(string) if found else None

    def level(self, block: Node) -> tuple[tuple[Definition, ...], tuple[Assigned, ...]]:
        """The definitions and assignments of a block, those in its compound statements included."""
        inner: list[Definition] = []
        assigned: list[Assigned] = []
        for node in _statements(block):
            if node.type in _DEFINITIONS:
                inner += self.definition(node)
            elif names := tuple(self.text(name) for name in _assigned_names(node)):
                assigned.append(Assigned(names, *self.lines(node)))
            elif node.type in _IMPORTS:
                self.imports += self.imported(node)
        return tuple(inner), tuple(assigned)

    def definition(self, node: Node) -> Iterator[Definition]:
        """The definition; none where an error left it without a name or a body."""
        decorators = [part for part in node.named_children if part.type == "decorator"]
        bare = node.child_by_field_name("definition") if node.type == "decorated_definition" else node
        name = bare.child_by_field_name("name") if bare else None
        body = bare.child_by_field_name("body") if bare else None
        if bare is None or name is None or body is None:
            return
        first, last = self.lines(node)
        inner, assigned = self.level(body)
        yield Definition(
            kind="class" if bare.type == "class_definition" else "function",
            name=self.text(name),
            first=first,
            last=last,
            head=(self.offset + bare.start_byte, self.offset + body.start_byte),
            decorators=tuple(self.span(part.named_children[0]) for part in decorators if part.named_children),
            doc=self.doc(body),
            inner=inner,
            assigned=assigned,
        )

    def imported(self, node: Node) -> Iterator[Import]:
        at = self.line + node.start_point[0] + 1
        origin = node.child_by_field_name("module_name")
        future = node.type == "future_import_statement"
        module = "__future__" if future else self.text(origin) if origin else ""
        module = "".join(module.split())
        for part in node.named_children:
            if part.type == "wildcard_import":
                yield Import(module, "*", "*", at)
        for part in node.children_by_field_name("name"):
            alias = part.child_by_field_name("alias")
            named = part.child_by_field_name("name") if alias else part
            name = "".join(self.text(named).split()) if named else ""
            if node.type == "import_statement":
                yield Import(name, "", self.text(alias) if alias else name.partition(".")[0], at)
            else:
                yield Import(module, name, self.text(alias) if alias else name, at)

    def broken(self, node: Node) -> Iterator[tuple[int, int]]:
        if node.is_error or node.is_missing:
            yield self.line + node.start_point[0] + 1, self.line + node.end_point[0] + 1
        elif node.has_error:
            for part in node.children:
                yield from self.broken(part)


def _last(node: Node) -> Node:
    """The last part of a node that is no comment: the grammar counts comments below a block to the block."""
    while node.child_count and node.type not in _LEAVES:
        last = next((part for part in reversed(node.children) if part.type != "comment"), None)
        if last is None:
            return node
        node = last
    return node


def _formatted(string: Node) -> bool:
    """Whether a string is no constant text: an f-string, or bytes."""
    if string.type == "concatenated_string":
        return any(_formatted(part) for part in string.named_children)
    start = string.children[0].text or b"" if string.child_count else b""
    return bool(set(start.lower()) & set(b"fbt"))


def _statements(block: Node) -> Iterator[Node]:
    """The statements of a block and of its compound statements, without what is inside of definitions."""
    for node in block.named_children:
        yield node
        kind = node.type
        if kind in _DEFINITIONS or kind in _LEAVES or kind in _IMPORTS:
            continue
        if kind.endswith(("_statement", "_clause", "block")) or kind == "ERROR":
            yield from _statements(node)


def _assigned_names(node: Node) -> Iterator[Node]:
    if node.type == "type_alias_statement":
        left = node.child_by_field_name("left")
        yield from _identifiers(left) if left else ()
    elif node.type == "expression_statement" and node.named_child_count:
        part: Node | None = node.named_children[0]
        while part is not None and part.type == "assignment":
            left = part.child_by_field_name("left")
            yield from _target_names(left) if left else ()
            part = part.child_by_field_name("right")


def _target_names(target: Node) -> Iterator[Node]:
    if target.type == "identifier":
        yield target
    elif target.type in ("pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"):
        for part in target.named_children:
            yield from _target_names(part)


def _identifiers(node: Node) -> Iterator[Node]:
    """The first identifier below a node."""
    while node.type != "identifier" and node.named_child_count:
        node = node.named_children[0]
    if node.type == "identifier":
        yield node
