"""The programs that may run several inputs in one process."""

from __future__ import annotations

import sys

import pytest

from sandbox.runner.executed import executed_by
from sandbox.runner.plain import FORBIDDEN, MODULES, imports_of, reachable_modules

EXECUTES = "names = {}\nexec(compile(text, 'part.py', 'exec'), names)\nprint(names['f'](input()))"
PLAIN = {
    "input_and_print": "n = int(input())\nprint(n * 2)",
    "stdin_and_imports": "import sys, math\nfrom collections import deque as d\nfor line in sys.stdin: print(line)",
    "main_guard": "def main():\n    print(1)\nif __name__ == '__main__':\n    main()",
    "open_0": "print(sum(map(int, open(0).read().split())))",
    "recursion_limit": "import sys\nsys.setrecursionlimit(10**6)\ninput = sys.stdin.readline",
    "private_and_mangled_names": "class A:\n    def __init__(self):\n        self._x = 1\n        self.__y = 2\nA()",
    "operators_and_super": "class A(list):\n    def __lt__(self, o): return super().__len__() < len(o)",
    "named_tuple": "from collections import namedtuple\nP = namedtuple('P', 'x y')\nprint(P(1, 2)._replace(x=3))",
    "dataclass": "from dataclasses import dataclass\n@dataclass(order=True)\nclass P:\n    x: int\nprint(P(1))",
    "annotated": "x: int = 1\nclass A:\n    y: str = 'a'\n    def f(self, z: int) -> None: pass",
    "parts_of_modules": "from io import StringIO\ndef f():\n    from ast import literal_eval as read",
    "executed_text": f"text = {'def f(n):  # __file__' + chr(10) + '    return n'!r}\n{EXECUTES}",
    "executed_text_with_an_error": f"text = 'def f('\n{EXECUTES}",
    "exception": "try: 1 / 0\nexcept ZeroDivisionError as e: print(type(e).__name__)",
}
OTHERS = {
    "os": "import os",
    "import_from_a_module_that_imports_it": "from random import _os",
    "attribute_of_a_module": "import re\nre.enum.sys.modules",
    "private_name_of_a_module": "import random\nrandom._os.getpid()",
    "threads": "from threading import Thread",
    "late_import": "def f():\n    import subprocess\nf()",
    "dynamic_import": "__import__('os')",
    "eval": "eval('1')",
    "getattr": "getattr(int, 'x')",
    "class_of": "().__class__.__base__.__subclasses__()",
    "globals_of_a_function": "def f(): pass\nf.__globals__",
    "through_a_format": "'{0.__class__}'.format(1)",
    "name_in_a_constant": "from operator import itemgetter\nx = '__globals__'",
    "attrgetter": "from operator import attrgetter",
    "match_on_an_attribute": "match 1:\n    case int(__class__=c): print(c)",
    "frame_of_a_generator": "g = (x for x in [])\ng.gi_frame",
    "frame_of_an_exception": "try: 1 / 0\nexcept Exception as e: e.__traceback__.tb_frame",
    "finaliser": "class A:\n    def __del__(self): print(1)",
    "modules": "import sys\nsys.modules",
    "descriptor": "import sys\nsys.stdin.fileno()",
    "sleep": "import time\ntime.sleep(1)",
    "builtins": "__builtins__",
    "clock_of_the_process": "import time\ntime.process_time()",
    "clock_by_number": "import time\ntime.clock_gettime(2)",
    "overloads": "from typing import get_overloads",
    "enumeration_of_another_module": "from enum import global_enum",
    "members_of_an_enumeration": "import re\nre.RegexFlag._member_map_['x'] = 1",
    "annotations_of_a_function": "import heapq\nheapq.merge.__annotations__['x'] = 1",
    "module_with_such_parts": "import io",
    "other_parts_of_it": "from io import StringIO, FileIO",
    "all_of_it": "from ast import *",
    "executed_text_that_reaches_further": f"text = 'import os'\n{EXECUTES}",
    "executed_text_that_executes": f"text = 'exec(x)'\n{EXECUTES}",
    "executed_text_that_changes": f"text = 'x = 1'\ntext += input()\n{EXECUTES}",
    "executed_text_that_is_read": f"text = input()\n{EXECUTES}",
    "executed_twice": f"text = 'x = 1'\n{EXECUTES}\nexec(input())",
    "executed_in_a_function": f"text = 'x = 1'\ndef g():\n    names = {{}}\n    {EXECUTES.splitlines()[1]}\ng()",
    "in_a_nested_function": "def f():\n    def g():\n        return lambda: vars()\n    return g",
}


def imports(source: str) -> frozenset[str] | None:
    return imports_of(compile(source, "main.py", "exec"), reachable_modules(), executed_by(source.encode()))


@pytest.mark.parametrize("name", PLAIN)
def test_ordinary_solutions_are_plain(name: str) -> None:
    assert imports(PLAIN[name]) is not None


@pytest.mark.parametrize("name", OTHERS)
def test_whatever_could_reach_further_is_not(name: str) -> None:
    assert imports(OTHERS[name]) is None


def test_it_tells_what_a_program_imports_wherever_it_does() -> None:
    many = "\n".join(f"x{n} = {n}" for n in range(300))
    source = f"import math\n{many}\ndef f():\n    from collections.abc import Sized\n    import json as j"
    assert imports(source) == {"math", "collections.abc", "json"}


def test_modules_of_the_list_hold_no_way_out_that_is_not_forbidden() -> None:
    for name in MODULES - {"__future__"}:
        __import__(name)
    reachable = reachable_modules()
    for name in MODULES - {"__future__"}:
        for attribute, value in vars(sys.modules[name]).items():
            if isinstance(value, type(sys)) and attribute not in MODULES and not attribute.startswith("__"):
                assert attribute in reachable | FORBIDDEN, (name, attribute)
