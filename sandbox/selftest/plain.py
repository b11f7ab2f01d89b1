"""Hostile programs that look plain: they name nothing suspicious, so that several inputs may share one process.

They try to change later executions in that process. The right output for every input is what the program prints when
each input has a process of its own.
"""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import SPINS, TIGHT, Hostile, program

CRASH, TIMEOUT, MEMORY, OUTPUT_LIMIT = Verdict.CRASH, Verdict.TIMEOUT, Verdict.MEMORY, Verdict.OUTPUT_LIMIT

PROGRAMS: tuple[Hostile, ...] = (
    program(
        "marks_a_module",
        "leaves an attribute on a module for its next input",
        "import math\ntry:\n    print(math.seen)\nexcept AttributeError:\n    print('new')\nmath.seen = 1\nmath.pi = 3",
        stdout=b"new\n",
    ),
    program(
        "marks_from_a_text",
        "executes a text that leaves an attribute on a module for its next input",
        r"""
        text = "import math\ntry:\n    print(math.seen)\nexcept AttributeError:\n    print('new')\nmath.seen = 1"
        names = {}
        exec(compile(text, "part.py", "exec"), names)
        """,
        stdout=b"new\n",
    ),
    program(
        "executes_another_text",
        "executes a text, and another one under the name of the first that leaves a mark on the interpreter",
        r"""
        text = "x = 1"
        def change(text):
            match [text]:
                case [one]:
                    return one.replace("x = 1", "import sys\nprint('LEAK' in sys.path)\nsys.path.append('LEAK')")
        for text in ("x = 1", change(text)):
            names = {}
            exec(compile(text, "part.py", "exec"), names)
        """,
        stdout=b"False\n",
    ),
    program(
        "marks_a_class",
        "leaves an attribute on a class of the library for its next input",
        "import json\nprint(json.JSONEncoder.item_separator)\njson.JSONEncoder.item_separator = 'LEAK'",
        stdout=b", \n",
    ),
    program(
        "marks_a_function",
        "leaves an attribute on a function of the library for its next input",
        """
        import heapq
        try:
            print(heapq.merge.seen)
        except AttributeError:
            print('new')
        heapq.merge.seen = 1
        """,
        stdout=b"new\n",
    ),
    program(
        "marks_a_table",
        "changes a list that belongs to a module for its next input",
        "import calendar\nprint(calendar.mdays[2])\ncalendar.mdays[2] += 1",
        stdout=b"28\n",
    ),
    program(
        "marks_the_interpreter",
        "leaves marks on the interpreter's own objects for its next input",
        """
        import sys
        print(len(sys.path) < 9, 'LEAK' in sys.path, 'LEAK' in sys.warnoptions)
        try:
            print(sys.implementation.seen)
        except AttributeError:
            print('new')
        sys.path.append('LEAK')
        sys.warnoptions.append('LEAK')
        sys.implementation.seen = 1
        """,
        stdout=b"True False False\nnew\n",
    ),
    program(
        "replaces_methods",
        "replaces methods of the library's classes for its next input",
        """
        import collections, fractions, random
        print(collections.Counter('aab').most_common(1), fractions.Fraction(1, 2), random.Random(1).random() < 1)
        collections.Counter.most_common = fractions.Fraction.limit_denominator = random.Random.random = None
        """,
        stdout=b"[('a', 2)] 1/2 True\n",
    ),
    program(
        "marks_through_enumerations",
        "has the library write the members of an enumeration into another module for its next input",
        """
        import enum, math
        print(round(float(math.pi), 3))
        @enum.global_enum
        class Marks(enum.IntEnum):
            __module__ = 'math'
            pi = 7
        """,
        stdout=b"3.142\n",
    ),
    program(
        "marks_through_decorators",
        "has decorators of the library write to functions and classes of the library for its next input",
        """
        import dataclasses, functools, heapq, json, typing
        print(heapq.merge.__name__, str(json.JSONEncoder())[:13])
        def f(): pass
        functools.update_wrapper(heapq.merge, f)
        dataclasses.dataclass(json.JSONEncoder)
        typing.final(heapq.nlargest)
        """,
        stdout=b"merge <json.encoder\n",
    ),
    program(
        "marks_a_description",
        "replaces the description of a function of the library for its next input",
        "import heapq\nprint(heapq.merge.__doc__[:5])\nheapq.merge.__doc__ = 'LEAK'",
        stdout=b"Merge\n",
    ),
    program(
        "marks_an_annotation",
        "writes into the annotations of a function of the library for its next input",
        "import heapq\nprint(len(heapq.merge.__annotations__))\nheapq.merge.__annotations__['x'] = 1",
        stdout=b"0\n",
    ),
    program(
        "marks_the_overloads",
        "leaves overloads of a function in the library's table for its next input",
        """
        import typing
        def f(x): return x
        print(len(typing.get_overloads(f)))
        @typing.overload
        def f(x: int): ...
        """,
        stdout=b"0\n",
    ),
    program(
        "marks_a_class_table",
        "changes a table that belongs to a class of the library for its next input",
        "import calendar\nprint(calendar.HTMLCalendar.cssclasses[0])\ncalendar.HTMLCalendar.cssclasses[0] = 'LEAK'",
        stdout=b"mon\n",
    ),
    program(
        "reads_its_clock",
        "measures time from the start of its process, whose clock a shared process would not set back",
        """
        import time
        start = time.process_time()
        while time.process_time() < start + 0.04: pass
        print(time.process_time() < 0.075)
        """,
        stdout=b"True\n",
    ),
    program(
        "spends_random_numbers",
        "moves the state of random numbers for its next input",
        """
        import random
        random.seed(5)
        a = random.random()
        random.seed(5)
        print(a == random.random(), random.getstate()[2])
        random.gauss(0, 1)
        random.seed = None
        """,
        stdout=b"True None\n",
    ),
    program(
        "changes_arithmetic",
        "changes precision, rounding and traps of decimal numbers for its next input",
        """
        import decimal
        context = decimal.getcontext()
        print(context.prec, context.rounding, decimal.Decimal(1) / 3, any(context.flags.values()))
        context.prec = 3
        context.rounding = decimal.ROUND_UP
        context.traps[decimal.Inexact] = True
        """,
        stdout=b"28 ROUND_HALF_EVEN 0.3333333333333333333333333333 True\n",
    ),
    program(
        "changes_limits",
        "changes the interpreter's limits on recursion and digits for its next input",
        """
        import sys
        def depth(n):
            try:
                return depth(n + 1)
            except RecursionError:
                return n
        print(depth(0) < 1001, sys.get_int_max_str_digits())
        sys.setrecursionlimit(5000)
        sys.set_int_max_str_digits(0)
        """,
        stdout=b"True 4300\n",
    ),
    program(
        "replaces_its_streams",
        "replaces and closes its streams for its next input",
        """
        import sys
        print(sys.stdin.readline() != '')
        sys.stdout.flush()
        sys.stdin.close()
        sys.stdout.close()
        sys.stdin = sys.stdout = sys.stderr = None
        """,
        stdout=b"True\n",
    ),
    program(
        "keeps_what_it_read",
        "keeps its input where its next input could find it",
        """
        import sys
        line = sys.stdin.readline()
        if line:
            for holder in (sys, sys.implementation):
                try:
                    print(holder.kept)
                except AttributeError:
                    holder.kept = line
        print('done')
        """,
        stdout=b"done\n",
    ),
    program(
        "speaks_late",
        "leaves a generator in a cycle, which prints when garbage is collected during the next input",
        """
        def late():
            try:
                me = yield
                yield
            finally:
                print('LATE')
        print('x')
        for _ in range(20):
            g = late()
            next(g)
            g.send(g)
        print('y')
        del g
        x = [[] for _ in range(100)]
        """,
        # CPython collects cycles after every few hundred allocations, those before the program included, and when it
        # ends. The runner may omit the collection at the end, but not let it run during the next input.
        stdout=tuple(
            b"x\n" + b"LATE\n" * before + b"y\n" + b"LATE\n" * after
            for before in range(21)
            for after in range(21 - before)
        ),
    ),
    program(
        "annotations_that_run",
        "hides code in annotations and has the library evaluate it",
        """
        import dataclasses, typing
        @dataclasses.dataclass
        class A:
            x: "print('evaluated')" = 1
        print(A())
        """,
        stdout=b"A(x=1)\n",
    ),
    program(
        "plain_spin",
        "loops for ever on every input",
        "n = int(input().split()[0][:1] == '1')\nwhile True: n += 1",
        TIMEOUT,
        reason="cpu",
        limits=SPINS,
    ),
    program(
        "plain_growth", "fills memory on every input", "a = []\nwhile True: a.append([0] * 1000)", MEMORY, limits=TIGHT
    ),
    program(
        "plain_flood", "prints for ever on every input", "line = input()\nwhile True: print(line * 100)", OUTPUT_LIMIT
    ),
    program(
        "plain_recursion",
        "recurses too deep on every input",
        "def f(n): return f(n + 1)\nprint('a')\nf(0)",
        CRASH,
        stdout=b"a\n",
        exit_code=1,
        reason="RecursionError",
    ),
    program(
        "plain_hoard",
        "keeps half of the memory it may have with a library for its next input",
        """
        import collections
        try:
            print(len(collections.hoard))
        except AttributeError:
            print('none')
        collections.hoard = [0] * (6 << 20)
        """,
        stdout=b"none\n",
    ),
    program(
        "plain_crash",
        "fails on every input, with output before",
        "print('partial')\nprint(1 // (len(input()) * 0))",
        CRASH,
        stdout=b"partial\n",
        exit_code=1,
        reason="ZeroDivisionError",
    ),
)
