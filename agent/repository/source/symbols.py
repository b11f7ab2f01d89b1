"""Symbols of a source file: what is defined where, as values without a path."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, field
from typing import Literal

Kind = Literal["module", "class", "function", "method", "variable"]


@dataclass(frozen=True)
class Symbol:
    """A definition, or a file's code outside of definitions.

    `name` is qualified: `Class.method`, `outer.inner`; empty for the code of a module. A variable is a statement that
    assigns names at the module's level, and has the first of them. Lines count from 1; `first` is the line of the first
    decorator, and both ends are included. The code of a module has the lines of the whole file. `doc` is the first line
    of the docstring, or empty.
    """

    kind: Kind
    name: str
    first: int
    last: int
    _: KW_ONLY
    signature: str = ""
    decorators: tuple[str, ...] = ()
    doc: str = ""
    defines: tuple[str, ...] = ()
    """Sorted names that others can reach through it: of a module or class the names assigned and defined at its level,
    of a method the attributes that it sets on its instance, of a variable all names that its statement assigns."""
    uses: tuple[str, ...] = ()
    """Sorted names in the code, outside of strings and comments and of definitions that are symbols of their own in a
    class or module; a name after a dot has a dot in front, `self.x` is listed as `self` and `.x`."""

    @property
    def last_name(self) -> str:
        """The name without the classes and functions around it."""
        return self.name.rpartition(".")[2]

    @property
    def parent(self) -> str:
        """The name of the class or function around it, empty at the module's level."""
        return self.name.rpartition(".")[0]


@dataclass(frozen=True)
class Import:
    """One name that an import statement binds. `module` keeps the leading dots of relative imports; `name` is empty for
    `import module`, and `*` where everything is imported.
    """

    module: str
    name: str
    bound: str
    line: int


@dataclass(frozen=True)
class Parsed:
    """What was found in one file: symbols in the order of their first lines, the code of the module in front.

    `terms` has the counts of terms in their texts, packed as by `term_counts.packed`. `broken` are the first and last
    lines of regions that could not be parsed.
    """

    symbols: tuple[Symbol, ...] = ()
    imports: tuple[Import, ...] = ()
    terms: bytes = field(default=b"", repr=False)
    broken: tuple[tuple[int, int], ...] = ()

    def symbol(self, name: str) -> Symbol | None:
        """The symbol of this qualified name, the last one where a name is defined again; None where there is none."""
        return next((s for s in reversed(self.symbols) if s.name == name), None)

    def at(self, line: int) -> Symbol:
        """The innermost symbol that contains a line; the code of the module where no other does. Raises IndexError for
        a file without symbols.
        """
        inside = [s for s in self.symbols if s.first <= line <= s.last]
        return min(inside, key=lambda s: s.last - s.first) if inside else self.symbols[0]
