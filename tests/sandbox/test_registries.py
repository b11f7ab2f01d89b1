"""Objects that the standard library shares among its users: plain programs cannot reach them, or changes are noticed.

The inputs of a plain program may share a process.
"""

from __future__ import annotations

import json
import subprocess
import sys
import types
from collections.abc import Iterator

import pytest

from sandbox.runner.plain import FORBIDDEN, MODULES, WRITERS, reachable_modules
from sandbox.runner.surroundings import CONTAINERS, Library, Surroundings

DEPTH = 5
"""Most names in the path to an object that is looked at, that of the module included."""

for _name in MODULES - {"__future__"}:
    __import__(_name)


def containers(path: tuple[str, ...], holder: object, seen: set[int]) -> Iterator[tuple[tuple[str, ...], object]]:
    """Path and value of every container that a plain program can name, from `holder` on."""
    if id(holder) in seen or len(path) > DEPTH:
        return
    seen.add(id(holder))
    if isinstance(holder, CONTAINERS):
        yield path, holder
    named = isinstance(holder, types.ModuleType) and holder.__name__.partition(".")[0] not in MODULES
    if named or not hasattr(holder, "__dict__"):
        return
    hidden = FORBIDDEN | reachable_modules()
    for name, value in list(vars(holder).items()):
        if isinstance(name, str) and name not in hidden and not name.startswith("__"):
            yield from containers((*path, name), value, seen)


REACHABLE = {
    ".".join(path): value
    for name in sorted(MODULES - {"__future__"})
    for path, value in containers((name,), sys.modules[name], set())
}


@pytest.mark.parametrize("path", REACHABLE)
def test_every_container_of_the_library_that_a_program_can_name_is_compared(path: str) -> None:
    first = next(path[: len(name)] for name in sorted(MODULES, key=len, reverse=True) if path.startswith(f"{name}."))
    code = compile(f"import {first}\n{path}", "main.py", "exec")
    surroundings = Surroundings((code,), frozenset((first,)), Library())
    assert any(value is REACHABLE[path] for value, _ in surroundings._values)


def test_there_are_such_containers() -> None:
    assert {"calendar.mdays", "calendar.HTMLCalendar.cssclasses"} <= REACHABLE.keys()


# Calls every public function of the modules with a class, an enumeration, a protocol and a function, also as a
# decorator that is called first, and reports those that have set an attribute of their argument or of `math`.
WRITING = """
import enum, importlib, json, math, sys
modules, forbidden = json.loads(sys.argv[1])

def samples():
    class Sample:
        def method(self): pass
        def __lt__(self, other): return True
    class Marks(enum.IntEnum):
        __module__ = 'math'
        mark = 7
    from typing import Protocol
    class Shape(Protocol):
        def method(self): ...
    def function(x: int = 1): 'text'
    return Sample, Marks, Shape, function

def state(thing):
    described = [repr(getattr(thing, name, None)) for name in ('__name__', '__doc__', '__module__', '__annotations__')]
    methods = [sorted(vars(found)) for found in list(vars(thing).values()) if hasattr(found, '__code__')]
    return sorted(vars(thing)), described, methods

def constants():
    return sorted(vars(math))

found = set()
for name in modules:
    module = importlib.import_module(name)
    for attribute, function in list(vars(module).items()):
        if attribute.startswith('_') or attribute in forbidden or isinstance(function, type) or not callable(function):
            continue
        for nth in range(4):
            for call in (lambda x: function(x), lambda x: function()(x), lambda x: function(x, len),
                         lambda x: function(len)(x)):
                thing = samples()[nth]
                before = state(thing), constants()
                try:
                    call(thing)
                except BaseException:
                    pass
                if (state(thing), constants()) != before:
                    found.add(attribute)
sys.__stdout__.write(json.dumps(sorted(found)))
"""


def test_every_function_of_the_library_that_writes_to_its_argument_is_known() -> None:
    modules = sorted(MODULES - {"__future__", "sys"})

    def writing(forbidden: frozenset[str]) -> set[str]:
        arguments = json.dumps([modules, sorted(forbidden)])
        command = [sys.executable, "-I", "-c", WRITING, arguments]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
        return set(json.loads(done.stdout[done.stdout.rindex("[") :]))

    assert {"update_wrapper", "final", "total_ordering", "dataclass"} <= writing(FORBIDDEN) <= WRITERS.keys()
    assert "global_enum" in writing(FORBIDDEN - {"global_enum"})
