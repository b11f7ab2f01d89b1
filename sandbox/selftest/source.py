"""Sources that are hard to read or to compile, or that are no program at all."""

from __future__ import annotations

from typing import Any

from sandbox.protocol import Limits, Verdict
from sandbox.selftest.hostile import Hostile

CRASH = (Verdict.CRASH,)
COMPILE_ERROR = "compile error"
LARGE = Limits(cpu_s=4, wall_s=15, memory_mb=512)


def _source(name: str, tries: str, source: str, verdicts: tuple[Verdict, ...] = (Verdict.OK,), **other: Any) -> Hostile:
    return Hostile(name=name, tries=tries, source=source, verdicts=verdicts, **other)


def _broken(name: str, tries: str, source: str) -> Hostile:
    return _source(name, tries, source, CRASH, stdout=b"", reason=COMPILE_ERROR)


PROGRAMS: tuple[Hostile, ...] = (
    _broken("parentheses", "opens a hundred thousand parentheses", "(" * 100_000),
    _broken("brackets_that_backtrack", "nests brackets that a parser tries in many ways", "{(" * 90 + "x"),
    _broken("minus_signs", "negates two hundred thousand times", "x = " + "-" * 200_000 + "1"),
    _broken("lambdas", "nests a hundred thousand lambdas", "x = " + "lambda: " * 100_000 + "1"),
    _broken("a_null", "has a null character in its source", "print(1)\0print(2)"),
    _broken("bad_syntax", "is no program", "def f(:\n  pass"),
    _broken("bad_utf8", "is not UTF-8", "print('\udcff\udcfe')"),
    _broken("unknown_encoding", "names an encoding that does not exist", "# coding: hostile\nprint(1)"),
    _broken("encoding_that_runs", "names an encoding that is no text encoding", "# coding: zlib_codec\nprint(1)"),
    _broken("huge_number", "writes a number with a million digits", "x = " + "9" * 1_000_000),
    _broken(
        "deep_blocks", "nests blocks deeper than the compiler allows", "".join(" " * n + "if 1:\n" for n in range(200))
    ),
    _source(
        "folds_constants",
        "lets the compiler compute a large power",
        "x = ((1 << 40) ** 60000)\nprint(1)",
        stdout=b"1\n",
    ),
    _source(
        "folds_many_constants",
        "lets the compiler compute large constants many times",
        "".join(f"a{n} = 'x' * 4000 + '{n}', (1 << 4000) * {n}\n" for n in range(2000)) + "print(1)",
        limits=LARGE,
        stdout=b"1\n",
    ),
    _source(
        "many_warnings", "makes the compiler warn ten thousand times", "0 is 0\n" * 10_000 + "print(1)", stdout=b"1\n"
    ),
    _source("nested_lists", "nests lists ninety deep", "[" * 90 + "]" * 90 + "\nprint('ok')", stdout=b"ok\n"),
    _source(
        "nested_calls",
        "nests calls of a function that does not exist",
        "f(" * 99 + ")" * 99,
        CRASH,
        exit_code=1,
        reason="NameError",
    ),
    _source(
        "large_list",
        "is a list of a hundred thousand numbers",
        f"x = [{', '.join(map(str, range(100_000)))}]\nprint(len(x))",
        stdout=b"100000\n",
        limits=LARGE,
    ),
    _source(
        "twenty_megabytes",
        "is twenty megabytes long",
        f"# {'x' * (12 << 20)}\nx = '{'y' * (8 << 20)}'\nprint(len(x))",
        stdout=b"8388608\n",
        limits=LARGE,
    ),
    _source(
        "many_statements",
        "is eighty thousand statements",
        "x = 1\n" * 80_000 + "print(x)",
        stdout=b"1\n",
        limits=LARGE,
    ),
    _source(
        "own_source",
        "opens the file that `__file__` names as its source",
        "print(__file__)\nopen(__file__)",
        CRASH,
        exit_code=1,
    ),
    _source("byte_order_mark", "begins with a byte order mark", "\ufeffprint('ok')", stdout=b"ok\n"),
)
