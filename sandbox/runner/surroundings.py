"""State that a plain program could change for its next input: modules, classes, functions, and what these hold.

`sandbox.runner.plain` says which programs are plain.
"""

from __future__ import annotations

import _thread
import builtins
import collections
import sys
import types
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sandbox.runner.plain import FORBIDDEN, MODULES, changed_attributes, names_of, reachable_modules

IMMUTABLE = 1 << 8
"""Py_TPFLAGS_IMMUTABLETYPE: a class whose attributes cannot be set."""

SIMPLE = (types.FunctionType, types.MethodType, types.ModuleType)
CONTAINERS = (list, dict, set, bytearray, collections.deque)
DESCRIBED = frozenset(("__name__", "__qualname__", "__doc__", "__module__", "__annotations__", "__type_params__"))
"""Attributes that functions, and partly classes, do not keep in their dictionary."""

Namespace = types.MappingProxyType[str, Any]


class _Module(NamedTuple):
    """What a plain program can reach through a module."""

    namespaces: list[Namespace]
    """Attributes of the module, of its public functions and classes, and of their methods."""
    instances: list[dict[str, Any]]
    """Attributes of other public objects, all of them compared: setting a property may change another."""
    values: list[tuple[str, Any]]
    """(name, container) for the module's public CONTAINERS, and for all CONTAINERS in its public classes."""
    definitions: list[Any]
    """Public functions and classes of the module, and functions of these classes."""


class Library:
    """An inventory of the modules that plain programs may import, made before any program runs.

    Looking at an object changes its reference count, which after a fork copies the object's memory page. So as much as
    possible is looked at before the fork.
    """

    def __init__(self) -> None:
        self._modules: dict[str, _Module] = {}
        for name in MODULES:
            if name in sys.modules:
                self._add(sys.modules[name])
        self.builtins = dict(vars(builtins))
        """A copy of the builtins for programs that share a process; these programs may change the copy."""
        self.reachable = reachable_modules()
        """Names that no plain program may use, see `reachable_modules`."""

    def _add(self, module: types.ModuleType) -> None:
        namespaces: list[Namespace] = [types.MappingProxyType(vars(module))]
        instances: list[dict[str, Any]] = []
        values: list[tuple[str, Any]] = []
        definitions: list[Any] = []
        for attribute, value in list(vars(module).items()):
            # A plain program can name nothing that begins with an underscore or is forbidden.
            if attribute.startswith("_") or attribute in FORBIDDEN or attribute in MODULES:
                continue
            if isinstance(value, CONTAINERS):
                values.append((attribute, value))
            elif isinstance(value, type):
                if not value.__flags__ & IMMUTABLE:
                    methods = [method for method in vars(value).values() if isinstance(method, types.FunctionType)]
                    namespaces += [vars(value), *(types.MappingProxyType(vars(method)) for method in methods)]
                    values += [pair for pair in vars(value).items() if isinstance(pair[1], CONTAINERS)]
                    definitions += [value, *methods]
            elif isinstance(value, SIMPLE):
                namespaces.append(types.MappingProxyType(vars(value)))
                if isinstance(value, types.FunctionType):
                    definitions.append(value)
            elif hasattr(value, "__dict__"):
                instances.append(vars(value))
        self._modules[module.__name__] = _Module(namespaces, instances, values, definitions)

    def within_reach(self, imports: Iterable[str], names: frozenset[str]) -> dict[str, _Module]:
        """The modules that a program can reach: `sys`, its imports, and modules that these hold under `names`."""
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


class Surroundings:
    """The state that one program can change, as it was before the program ran.

    The program's instructions show the names of all attributes that it can set. Attributes of these names are compared;
    of the other attributes of modules, classes and functions only the number is compared.
    """

    def __init__(self, codes: Sequence[types.CodeType], imports: frozenset[str], library: Library) -> None:
        """`codes` are the program's code, and that of a text that it executes."""
        names = frozenset[str]().union(*map(names_of, codes))
        changed = frozenset[str]().union(*map(changed_attributes, codes))
        modules = library.within_reach(imports, names)
        self._values: list[tuple[Any, Any]] = []
        self._namespaces: list[Namespace] = []
        self._described: list[tuple[Any, str, Any]] = []
        for module in modules.values():
            self._values += [(value, value.copy()) for name, value in module.values if name in names]
            if changed:
                self._namespaces += module.namespaces
                self._values += [(attributes, attributes.copy()) for attributes in module.instances]
            for name in changed & DESCRIBED:
                self._described += [(found, name, getattr(found, name, None)) for found in module.definitions]
        self._sizes = [len(space) for space in self._namespaces]
        self._bound = [(space, name, space[name]) for space in self._namespaces for name in changed if name in space]
        self._digits = sys.get_int_max_str_digits()
        self._random = sys.modules["random"] if modules.keys() & {"random", "statistics"} else None
        self._decimal = sys.modules["decimal"] if modules.keys() & {"decimal", "fractions", "statistics"} else None

    def restore(self) -> None:
        """Reset the state that a plain program may change: digit limit, random generator, decimal context."""
        sys.set_int_max_str_digits(self._digits)
        if self._random is not None:
            self._random.seed(0)
        if self._decimal is not None:
            self._decimal.setcontext(self._decimal.Context())

    def unchanged(self) -> bool:
        """Whether all state that `restore` does not reset is as it was before the program ran."""
        return (
            not _thread._count()
            and all(now == before for now, before in self._values)
            and [len(space) for space in self._namespaces] == self._sizes
            and all(space.get(name, self) is value for space, name, value in self._bound)
            and all(getattr(found, name, None) is value for found, name, value in self._described)
        )
