"""Runs a small trusted program several times in PID 1 before any other program runs.

The program runs alone, as in a fork of its own, and on several inputs that share a process. This fills the
interpreter's caches and specialises the runner's code, so that later executions share these memory pages and do not
copy them in order to change them.
"""

from __future__ import annotations

import marshal
import os
import types
from contextlib import suppress
from typing import NoReturn

from sandbox.runner import program
from sandbox.runner.frames import Limits
from sandbox.runner.records import SharedRecords
from sandbox.runner.report import Report
from sandbox.runner.shared import SharedProgram
from sandbox.runner.surroundings import Library

ROUNDS = 20
"""Rounds, each with a run of both kinds; CPython needs fewer to specialise code."""
INPUTS = 2
LIMITS = Limits(cpu_s=1, wall_s=1, memory=0, output=1 << 16, processes=1)
INPUT = b"3 x\n1 2 3\n4 5\n"
PROGRAM = """
import sys
from collections import Counter, defaultdict, deque
class Node:
    def __init__(self, value):
        self.value = value
    def __lt__(self, other):
        return self.value < other.value
def solve(numbers):
    seen, best, queue = {}, defaultdict(list), deque()
    for i, number in enumerate(numbers):
        seen[number] = seen.get(number, 0) + 1
        best[i % 2].append(str(number))
        queue.append((i, number))
    queue.popleft()
    return sum(numbers), max(seen), ' '.join(best[0]), len(queue), sorted(Node(n) for n in numbers)[0].value
if __name__ == "__main__":
    n, word = input().split()
    a = list(map(int, sys.stdin.readline().split()))
    rest = [int(x) for x in sys.stdin.read().split()]
    print(*solve(a + rest), sep=' ')
    print(f'{n} {word.upper()} {Counter(word)[word]:d}', '%d' % int(n), 3.5, min(a, default=0), a[1:], set(rest))
    sys.stdout.write('\\n'.join(map(str, range(3))) + '\\n')
"""


class _Done(BaseException):
    pass


def warm_up(report: Report, library: Library) -> None:
    """Run the program; standard streams must be placeholder files, which are empty again afterwards.

    Raises RuntimeError where the program did not run to its end.
    """
    for turn in range(ROUNDS):
        code = compile(PROGRAM, program.FILE, "exec", dont_inherit=True)
        _run_alone(marshal.dumps(code), report, bool(turn % 2))
        _run_shared(code, report, library)


def _run_alone(code: bytes, report: Report, quiet: bool) -> None:
    interpreter = program.Interpreter()
    interpreter.install()
    os.pwrite(0, INPUT, 0)
    with suppress(_Done):
        program.run(code, interpreter, report, quiet, _stop)
    for fd in (0, 1, 2):
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)


def _run_shared(code: types.CodeType, report: Report, library: Library) -> None:
    inputs, results = os.memfd_create("inputs"), os.memfd_create("results")
    try:
        os.write(inputs, INPUT * INPUTS)
        table = [(index, len(INPUT)) for index in range(INPUTS)]
        SharedProgram(code, library, LIMITS, report).run(inputs, table, results, 0, 0)
        sent = SharedRecords(results, 0, list(range(INPUTS)))
        sent.advance()
        if sent.count != INPUTS:
            raise RuntimeError("the program that warms up the runner was not plain")
    finally:
        os.close(inputs)
        os.close(results)
        # `SharedProgram` has put a method here. A child that replaced it would free it, and so copy memory pages.
        library.builtins["open"] = open


def _stop(status: int) -> NoReturn:
    if status:
        raise RuntimeError("the program that warms up the runner failed")
    raise _Done
