"""What one input of a plain program could change for the next: modules, classes, functions, and what they hold."""

from __future__ import annotations

import _thread
import builtins
import sys
import types
from collections.abc import Iterable
from typing import Any, NamedTuple

from sandbox.runner.plain import FORBIDDEN, MODULES, changed_attributes, names_of, reachable_modules

IMMUTABLE = 1 << 8
"""Py_TPFLAGS_IMMUTABLETYPE: a class whose attributes nobody can set."""

SIMPLE = (types.FunctionType, types.MethodType, types.ModuleType)

Namespace = types.MappingProxyType[str, Any]


class _Module(NamedTuple):
    """What a plain program gets at through a module."""

    namespaces: list[Namespace]
    """Of the module, its public functions and classes, and their methods: what is set there is there by its name."""
    instances: list[dict[str, Any]]
    """Attributes of other public objects, which a property may change by another name."""
    values: dict[str, Any]
    """Its public lists, dictionaries and sets."""


class Library:
    """The modules that plain programs may import, taken stock of before there is a program.

    Looking at objects copies pages after a fork, for it counts references. So what can be is looked at before.
    """

    def __init__(self) -> None:
        self._modules: dict[str, _Module] = {}
        for name in MODULES:
            if name in sys.modules:
                self._add(sys.modules[name])
        self.builtins = dict(vars(builtins))
        """Of shared programs; their process may change them."""
        self.reachable = reachable_modules()
        """Names that no plain program may use, see there."""

    def _add(self, module: types.ModuleType) -> None:
        namespaces: list[Namespace] = [types.MappingProxyType(vars(module))]
        instances, values = [], {}
        for attribute, value in list(vars(module).items()):
            # What begins with an underscore, or is forbidden, no plain program can name.
            if attribute.startswith("_") or attribute in FORBIDDEN or attribute in MODULES:
                continue
            if isinstance(value, (list, dict, set)):
                values[attribute] = value
            elif isinstance(value, type):
                namespaces += _namespaces(value)
            elif isinstance(value, SIMPLE):
                namespaces.append(types.MappingProxyType(vars(value)))
            elif hasattr(value, "__dict__"):
                instances.append(vars(value))
        self._modules[module.__name__] = _Module(namespaces, instances, values)

    def within_reach(self, imports: Iterable[str], names: frozenset[str]) -> dict[str, _Module]:
        """The modules that a program with these names gets at: what it imports, and what that holds by such names."""
        reached = {"sys": self._modules["sys"]}
        frontier = [sys.modules[name] for name in imports]
        while frontier:
            module = frontier.pop()
            if module.__name__ not in reached:
                if module.__name__ not in self._modules:
                    self._add(module)
                reached[module.__name__] = self._modules[module.__name__]
                held = [vars(module).get(name) for name in names]
                frontier += [value for value in held if isinstance(value, types.ModuleType)]
        return reached


def _namespaces(kind: type) -> list[Namespace]:
    """Of a class and its methods."""
    if kind.__flags__ & IMMUTABLE:
        return []
    methods = [method for method in vars(kind).values() if isinstance(method, types.FunctionType)]
    return [vars(kind), *(types.MappingProxyType(vars(method)) for method in methods)]


class Surroundings:
    """What of all that a certain program can change, as it was before it ran.

    Its instructions say which attributes it sets, of whatever; only those, and the number of others, are looked at.
    """

    def __init__(self, code: types.CodeType, imports: frozenset[str], library: Library) -> None:
        names, changed = names_of(code), changed_attributes(code)
        modules = library.within_reach(imports, names)
        self._values: list[tuple[Any, Any]] = []
        self._namespaces: list[Namespace] = []
        for module in modules.values():
            self._values += [(value, value.copy()) for name, value in module.values.items() if name in names]
            if changed:
                self._namespaces += module.namespaces
                self._values += [(attributes, attributes.copy()) for attributes in module.instances]
        self._sizes = [len(space) for space in self._namespaces]
        self._bound = [(space, name, space[name]) for space in self._namespaces for name in changed if name in space]
        self._digits = sys.get_int_max_str_digits()
        self._random = sys.modules["random"] if modules.keys() & {"random", "statistics"} else None
        self._decimal = sys.modules["decimal"] if modules.keys() & {"decimal", "fractions", "statistics"} else None

    def restore(self) -> None:
        """Set back what a program may rightly change."""
        sys.set_int_max_str_digits(self._digits)
        if self._random is not None:
            self._random.seed(0)
        if self._decimal is not None:
            self._decimal.setcontext(self._decimal.Context())

    def unchanged(self) -> bool:
        """Whether everything else is as it was."""
        return (
            not _thread._count()
            and all(now == before for now, before in self._values)
            and [len(space) for space in self._namespaces] == self._sizes
            and all(space.get(name, self) is value for space, name, value in self._bound)
        )
