"""Executions of generated programs are equal whether inputs share a process or not."""

from __future__ import annotations

import textwrap

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import Execution, Job, Sandbox
from tests.sandbox.outside import inside

pytestmark = pytest.mark.asyncio(loop_scope="session")

SIMPLE = (
    "print(n, total, seen, names)",
    "total += n",
    "seen.append(n)",
    "names[n] = names.get(n, 0) + 1",
    "n = int(input())",
    "line = sys.stdin.readline(); print(repr(line))",
    "print(sys.stdin.read())",
    "for line in sys.stdin: print(line.split()); break",
    "sys.stdout.write('w')",
    "print('x', end='', flush=True)",
    "print('message', n, file=sys.stderr)",
    "print(random.random(), random.randint(0, 9), random.sample(range(9), 3))",
    "random.seed(n)",
    "random.shuffle(seen)",
    "sys.setrecursionlimit(200 + abs(n) % 900)",
    "print(down(150 + 100 * (n % 9)))",
    "decimal.getcontext().prec = 3 + n % 5",
    "print(Decimal(1) / 7)",
    "print(Fraction(n, 6), Counter(seen), deque(seen, 2), defaultdict(int, names))",
    "heapq.heappush(seen, n)",
    "print(heapq.nsmallest(2, seen), bisect.bisect(sorted(seen), n))",
    "print(fib(abs(n) % 90), fib.cache_info())",
    "print(remember(n))",
    "Box.count += 1; Box.items.append(n); print(Box.count, Box.items, Box(n))",
    "print(json.dumps({'a': [n, None]}), json.loads('[1, 2.5]'))",
    "print(re.findall(r'\\d+', str(seen)), re.sub('1', 'one', str(n)))",
    "print(f'{n:>5}|{math.pi:.3f}|{math.gcd(n, 12)}', string.ascii_lowercase)",
    "print(list(itertools.islice(numbers, 2)))",
    "numbers = count(n); next(numbers)",
    "left = steps(n); print(next(left))",
    "print(statistics.mean([n, 2]), datetime.date(2024, 1, 1 + n % 9), copy.deepcopy(seen))",
    "print(Colour.RED, Point(n, 2), sorted({str(n), 'b', 'c'}), hash('a'))",
    "sys.stdout = io_like",
    "print = quiet",
    "sum = max; print(sum([1, 2]))",
    "del total",
    "math.pi = 3",
    "Counter.extra = 1; print(hasattr(Counter, 'extra'))",
    "calendar.mdays[2] = 30 + n; print(calendar.mdays[:4])",
    "print(calendar.mdays[2], math.pi, 10 ** 20 + n)",
    "raise KeyError(n)",
    "1 / (n - 1)",
    "assert n != 2, n",
    "sys.exit(n)",
    "exit()",
    "big = [0] * 2_000_000",
    "for i in range(20_000): total += i",
    "x: int = n",
    "print(time.process_time() < 5, time.clock_gettime(time.CLOCK_PROCESS_CPUTIME_ID) < 5)",
    "functools.update_wrapper(heapq.merge, down); print(heapq.merge.__name__)",
    "json.JSONEncoder.__doc__ = heapq.merge.__doc__ = str(n); print(str(json.JSONEncoder.__doc__)[:3])",
    "typing.final(json.JSONEncoder); print(len(typing.get_overloads(down)))",
    "dataclasses.dataclass(Quiet); print(Quiet())",
    "functools.total_ordering(textwrap.TextWrapper); heapq.merge.__annotations__['n'] = n",
    "print(textwrap.TextWrapper.x if hasattr(textwrap.TextWrapper, 'x') else heapq.merge.__annotations__)",
    "calendar.HTMLCalendar.cssclasses[0] = str(n); print(calendar.HTMLCalendar.cssclasses)",
    "print(calendar.HTMLCalendar.cssclasses[0], heapq.merge.__name__, sorted(typing.EXCLUDED_ATTRIBUTES)[:1])",
    "print(sorted(k for k in Box.__dict__ if k[0] != '_'))",
)

PREAMBLE = """
import bisect, calendar, copy, dataclasses, datetime, decimal, enum, functools, heapq, itertools, json, math, random, re
import statistics, string, sys, textwrap, time, typing
from collections import Counter, defaultdict, deque, namedtuple
from decimal import Decimal
from fractions import Fraction
from itertools import count

n, total, seen, names, numbers = 1, 0, [], {}, count()
Point = namedtuple("Point", "x y")

class Colour(enum.Enum):
    RED = 1

class Box:
    count, items = 0, []
    def __init__(self, x): self.x = x
    def __repr__(self): return f"Box({self.x})"

class Quiet:
    closed = False
    def write(self, text): pass
    def flush(self): pass

io_like = Quiet()

def quiet(*args, **options): pass
def down(depth): return depth and 1 + down(depth - 1)
def remember(x, kept=[]): kept.append(x); return kept

@functools.lru_cache(None)
def fib(k): return k if k < 2 else fib(k - 1) + fib(k - 2)

def steps(k):
    try: yield k; yield k + 1
    finally: sys.stdout.write(f"left {k}\\n")
"""

simple = st.sampled_from(SIMPLE)
block = st.lists(simple, min_size=1, max_size=3).map("\n".join)


def indented(text: str) -> str:
    return textwrap.indent(text, "    ")


compound = st.one_of(
    simple,
    block.map(lambda body: f"if n > 1:\n{indented(body)}"),
    block.map(lambda body: f"for n in 0, 1:\n{indented(body)}"),
    block.map(lambda body: f"try:\n{indented(body)}\nexcept Exception as error: print(type(error).__name__, error)"),
    block.map(lambda body: f"try:\n{indented(body)}\nfinally: print('finally')"),
    block.map(lambda body: f"with decimal.localcontext():\n{indented(body)}"),
)
programs = st.lists(compound, min_size=1, max_size=7).map(lambda parts: PREAMBLE + "\n".join(parts) + "\n")
texts = st.lists(st.integers(-2, 9), max_size=4).map(lambda numbers: "".join(f"{n}\n" for n in numbers).encode())


async def executions(sandbox: Sandbox, job: Job) -> list[Execution]:
    return sorted([execution async for execution in sandbox.run([job])], key=lambda execution: execution.index)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(source=programs, inputs=st.lists(texts, min_size=2, max_size=5))
async def test_programs_of_any_statements_run_alike_in_both_modes(
    source: str, inputs: list[bytes], sandbox: Sandbox
) -> None:
    strict, default = [
        await executions(sandbox, Job("program", source, tuple(inputs), strict=mode)) for mode in (True, False)
    ]
    assert [inside(execution) for execution in default] == [inside(execution) for execution in strict]
    assert [execution.reason for execution in default] == [execution.reason for execution in strict]
