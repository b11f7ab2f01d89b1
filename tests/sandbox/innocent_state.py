"""Innocent programs that change the state of their interpreter, with the inputs each is run on, by name.

On each input the program must find everything as in a new interpreter, whatever the program did on the inputs before.
"""

FOUR = (b"1\n", b"2\n", b"1\n", b"2\n")

PATCHES = {
    "constant": ("import math", "math.pi", "3"),
    "function": ("import heapq", "heapq.heappush", "None"),
    "new_name": ("import math", "math.tau_half", "1"),
    "added_to": ("import string", "string.ascii_lowercase", "'abc'"),
    "class": ("import collections", "collections.Counter.x", "1"),
    "class_of_an_import": ("from collections import Counter", "Counter.x", "1"),
    "class_method": ("from fractions import Fraction", "Fraction.limit_denominator", "None"),
    "abstract_class": ("import abc", "abc.ABC.x", "1"),
    "number_class": ("import numbers", "numbers.Number.x", "1"),
    "enum_class": ("import enum", "enum.Enum.extra", "1"),
    "random_class": ("import random", "random.Random.x", "1"),
    "template": ("import string", "string.Template.delimiter", "'%'"),
    "encoder": ("import json", "json.JSONEncoder.item_separator", "'; '"),
    "encoder_escapes": ("import json.encoder", "json.encoder.ESCAPE_DCT['a']", "'b'"),
    "function_attribute": ("import heapq", "heapq.merge.calls", "1"),
    "deepcopy_attribute": ("import copy", "copy.deepcopy.calls", "1"),
    "list_of_a_module": ("import calendar", "calendar.mdays[2]", "30"),
    "class_of_a_module": ("import calendar", "calendar.Calendar.x", "1"),
    "wrapper": ("import textwrap", "textwrap.TextWrapper.x", "1"),
    "error_class": ("import statistics", "statistics.StatisticsError.x", "1"),
    "user_list": ("import collections", "collections.UserList.x", "1"),
    "mapping": ("import collections.abc", "collections.abc.Mapping.x", "1"),
    "field_class": ("import dataclasses", "dataclasses.Field.x", "1"),
    "operator": ("import operator", "operator.add", "operator.sub"),
    "wrapper_names": ("import functools", "functools.WRAPPER_ASSIGNMENTS", "()"),
    "system": ("import sys", "sys.mine", "1"),
    "implementation": ("import sys", "sys.implementation.mine", "1"),
    "builtin": ("import builtins", "builtins.len", "None"),
    "new_builtin": ("import builtins", "builtins.mine", "1"),
    "environment": ("import os", "os.environ['MINE']", "'1'"),
    "own_class": ("class A: pass", "A.x", "1"),
    "own_function": ("def f(): pass", "f.x", "1"),
    "stream": ("import sys", "sys.stdout.mine", "1"),
    "typing_flag": ("import typing", "typing.TYPE_CHECKING", "True"),
    "type_of_an_instance": ("from collections import Counter", "type(Counter()).x", "1"),
    "base_of_a_class": ("import collections\nclass A(collections.UserDict): pass", "A.mro()[1].x", "1"),
    "mapping_of_a_submodule": ("import collections, typing", "collections.abc.Mapping.x", "1"),
    "module_of_a_module": ("import statistics", "statistics.math.pi", "3"),
    "another_module_of_a_module": ("import calendar", "calendar.datetime.MINYEAR", "3"),
    "base_through_its_order": ("from fractions import Fraction", "Fraction.mro()[1].x", "1"),
    "method_attribute": ("from fractions import Fraction", "Fraction.limit_denominator.x", "1"),
    "instance_of_a_module": ("import calendar", "calendar.month_name.format", "'x'"),
    "flag_class": ("import re", "re.RegexFlag.x", "1"),
    "alias": ("import math\nfor m in [math]: pass", "m.pi", "3"),
}
"""What to import, what to set, and the value to set."""

_SEEN = "{0}\ntry: print({1} == {2})\nexcept (AttributeError, KeyError) as e: print(type(e).__name__)\n"

STATE: dict[str, tuple[str, tuple[bytes, ...]]] = {
    **{
        f"patched_{name}": (_SEEN.format(*patch) + "{1} = {2}\nprint(input())".format(*patch), FOUR)
        for name, patch in PATCHES.items()
    },
    "submodule_nobody_imported": ("import collections\nprint(collections.abc.Mapping, input())", FOUR),
    "added_to_in_place": ("import string\nstring.digits += 'x'\nprint(string.digits, input())", FOUR),
    "patched_in_a_for": ("import math\nprint(math.pi)\nfor math.pi in 1, 2: pass\nprint(math.pi, input())", FOUR),
    "patched_in_a_tuple": ("import math\nprint(math.pi)\nmath.pi, x = 1, 2\nprint(math.pi, input())", FOUR),
    "patched_in_a_function": (
        "import math\ndef f(m): m.pi = 3\nprint(math.pi); f(math); print(math.pi, input())",
        FOUR,
    ),
    "patched_by_setattr": ("import math\nprint(math.pi); setattr(math, 'pi', 3); print(math.pi, input())", FOUR),
    "patched_by_its_dictionary": ("import math\nprint(math.pi); vars(math)['pi'] = 3; print(math.pi, input())", FOUR),
    "deleted": ("import math\nprint(math.pi); del math.pi\nprint(hasattr(math, 'pi'), input())", FOUR),
    "deleted_from_a_class": (
        "import collections\ncollections.Counter.total; del collections.Counter.total; print(input())",
        FOUR,
    ),
    "print_replaced": (
        "import builtins\nwrite = print\nbuiltins.print = lambda *a: write('!', *a)\nprint(input())",
        FOUR,
    ),
    "input_replaced": ("import sys\nsys.stdin.readline()\ninput = lambda: 'own'\nprint(input())", FOUR),
    "list_appended": ("import calendar\ncalendar.mdays.append(1); print(len(calendar.mdays), input())", FOUR),
    "path_appended": ("import sys\nprint(len(sys.path) > 20)\nsys.path.extend('x' * 30); print(input())", FOUR),
    "path_replaced": ("import sys\nprint(len(sys.path) > 20)\nsys.path = ['x'] * 30; print(input())", FOUR),
    "module_registered": ("import sys\nprint('mine' in sys.modules)\nsys.modules['mine'] = sys; print(input())", FOUR),
    "module_removed": ("import sys, json\nprint('json' in sys.modules)\nsys.modules.pop('json'); print(input())", FOUR),
    "abstract_registered": (
        "import collections.abc\nclass A: pass\nprint(isinstance(A(), collections.abc.Sequence))\n"
        "collections.abc.Sequence.register(A); print(isinstance(A(), collections.abc.Sequence), input())",
        FOUR,
    ),
    "globals": (
        "seen = []\nseen.append(input()); print(seen)\ntry: total\nexcept NameError: total = 0\n"
        "total += 1; print(total)",
        FOUR,
    ),
    "mutable_default": ("def f(x, seen=[]): seen.append(x); return seen\nprint(f(input()), f(2))", FOUR),
    "class_attribute": ("class A:\n  seen = []\n  n = 0\nA.seen.append(input()); A.n += 1; print(A.seen, A.n)", FOUR),
    "instance_counter": (
        "import itertools\nclass A: ids = itertools.count()\nprint(next(A.ids), next(A.ids), input())",
        FOUR,
    ),
    "closure": (
        "def make():\n  n = 0\n  def step():\n    nonlocal n\n    n += 1\n    return n\n  return step\n"
        "f = make()\nf(); print(f(), input())",
        FOUR,
    ),
    "lru_cache": (
        "import functools\n@functools.lru_cache(None)\ndef f(n): print('called', n); return n\n"
        "f(1); f(1); f(int(input()))\nprint(f.cache_info())",
        FOUR,
    ),
    "cached_property": (
        "import functools\nclass A:\n  @functools.cached_property\n  def x(self): print('made'); return 1\n"
        "a = A(); a.x; a.x; print(input())",
        FOUR,
    ),
    "seeded_random": (
        "import random\nrandom.seed(5)\nprint(random.random(), random.sample(range(99), 4), input())",
        FOUR,
    ),
    "own_random": (
        "import random\nr = random.Random(int(input()))\nprint(r.random(), r.gauss(0, 1), r.choice('abc'))",
        FOUR,
    ),
    "gauss_after_seed": ("import random\nrandom.seed(int(input()))\nprint(random.gauss(0, 1))", FOUR),
    "decimal_precision": (
        "import decimal\nprint(decimal.Decimal(1) / 3)\ndecimal.getcontext().prec = 5\n"
        "print(decimal.Decimal(1) / 3, input())",
        FOUR,
    ),
    "decimal_star": (
        "from decimal import *\nprint(Decimal(1) / 3)\ngetcontext().prec = int(input()) + 1\nprint(Decimal(1) / 3)",
        FOUR,
    ),
    "decimal_rounding": (
        "from decimal import Decimal, getcontext, ROUND_UP\nprint(Decimal('0.15').quantize(Decimal('0.1')))\n"
        "getcontext().rounding = ROUND_UP\nprint(Decimal('0.11').quantize(Decimal('0.1')), input())",
        FOUR,
    ),
    "decimal_flags": (
        "from decimal import Decimal, getcontext, Inexact\nprint(getcontext().flags[Inexact]); Decimal(1) / 3\n"
        "print(getcontext().flags[Inexact], input())",
        FOUR,
    ),
    "decimal_traps": (
        "from decimal import Decimal, getcontext, DivisionByZero\nprint(getcontext().traps[DivisionByZero])\n"
        "getcontext().traps[DivisionByZero] = False\nprint(Decimal(1) / 0, input())",
        FOUR,
    ),
    "decimal_exponents": (
        "from decimal import Decimal, getcontext\nprint(Decimal(10) ** 50)\n"
        "getcontext().Emax = 9; getcontext().capitals = 0\nprint(Decimal('1e5'), input())",
        FOUR,
    ),
    "decimal_local": (
        "import decimal\nwith decimal.localcontext() as c:\n  c.prec = 3\n  print(decimal.Decimal(1) / 3)\n"
        "print(decimal.Decimal(1) / 3, input())",
        FOUR,
    ),
    "decimal_local_left_open": (
        "import decimal\nprint(decimal.Decimal(1) / 3)\ndef g():\n  with decimal.localcontext() as c:\n"
        "    c.prec = 3\n    yield\nit = g(); next(it); print(decimal.Decimal(1) / 3, input())",
        FOUR,
    ),
    "recursion_limit": ("import sys\nprint(sys.getrecursionlimit()); sys.setrecursionlimit(5000 + int(input()))", FOUR),
    "recursion_limit_unseen": (
        "import sys\ndef f(n): return n and f(n - 1)\ntry: f(3000); print('deep')\n"
        "except RecursionError: print('limited')\nsys.setrecursionlimit(5000); f(3000); print(input())",
        FOUR,
    ),
    "recursion_limit_lowered": (
        "import sys\ndef f(n): return n and f(n - 1)\nf(900); print(input())\nsys.setrecursionlimit(100)",
        FOUR,
    ),
    "digit_limit": (
        "import sys\nprint(sys.get_int_max_str_digits())\nsys.set_int_max_str_digits(0)\n"
        "print(len(str(10 ** 9999)), input())",
        FOUR,
    ),
    "digit_limit_unseen": (
        "import sys\ntry: print(len(str(10 ** 9999)))\nexcept ValueError: print('limited')\n"
        "sys.set_int_max_str_digits(0)\nprint(input())",
        FOUR,
    ),
    "switch_interval": ("import sys\nprint(sys.getswitchinterval())\nsys.setswitchinterval(1)\nprint(input())", FOUR),
    "trace_set": ("import sys\nsys.settrace(lambda *a: print('traced'))\ndef f(): pass\nf(); print(input())", FOUR),
    "displayhook": (
        "import sys\nprint(sys.displayhook is sys.__displayhook__)\nsys.displayhook = print\nprint(input())",
        FOUR,
    ),
    "stdout_kept_replaced": ("import io, sys\nprint(input())\nsys.stdout = io.StringIO()", FOUR),
    "stdin_kept_replaced": ("import io, sys\nprint(input())\nsys.stdin = io.StringIO('own')", FOUR),
    "stdin_is_an_iterator": ("import sys\nprint(input())\nsys.stdin = iter([])", FOUR),
    "streams_kept_none": ("import sys\nprint(input())\nsys.stdin = sys.stderr = None", FOUR),
    "streams_deleted": ("import sys\nprint(input())\ndel sys.stdin, sys.stderr", FOUR),
    "stdin_kept_closed": ("import sys\nprint(input())\nsys.stdin.close()", FOUR),
    "stdin_buffer_kept_closed": ("import sys\nprint(input())\nsys.stdin.buffer.close()", FOUR),
    "stdout_kept_closed": ("import sys\nprint(input())\nsys.stdout.close()", FOUR),
    "stdin_half_read": ("print(input())", tuple(b"%d\n" % n + b"rest\n" * 5000 for n in range(4))),
    "stdin_half_decoded": (
        "import sys\nprint(repr(sys.stdin.read(1)))",
        (b"\xc3", b"a", b"\xa4", "ä".encode(), b"\r", b"\n"),
    ),
    "stdout_not_flushed": ("import sys\nsys.stdout.buffer.write(b'a')\nsys.stdout.write(input())", FOUR),
    "stdout_attribute": (
        "import sys\nprint(hasattr(sys.stdout, 'write2'))\nsys.stdout.write2 = 1\nprint(input())",
        FOUR,
    ),
    "stdin_readline_replaced": ("import sys\nprint(sys.stdin.readline())\nsys.stdin.readline = lambda: 'own'", FOUR),
    "environment": (
        "import os\nprint(os.environ.get('MINE'))\nos.environ['MINE'] = input(); os.putenv('MINE2', 'x')",
        FOUR,
    ),
    "directory": (
        "import os\nprint(os.path.exists('d'))\n"
        "os.mkdir('d'); os.chdir('d'); print(os.path.basename(os.getcwd()), input())",
        FOUR,
    ),
    "file": ("import os\nprint(os.path.exists('left'))\nopen('left', 'w').write(input())", FOUR),
    "file_mode": ("import os\nprint(os.umask(0))\nprint(input())", FOUR),
    "warnings_registry": ("import warnings\nfor _ in range(2): warnings.warn('once ' + input()[:0])", (b"1\n1\n",) * 3),
    "warnings_filter": ("import warnings\nwarnings.warn('told')\nwarnings.simplefilter('error')\nprint(input())", FOUR),
    "deprecation": ("import re\nprint(re.sub('(?s)a(?i)' if input() == '9' else 'a', 'b', 'a'))", FOUR),
    "expressions_purged": ("import re\nprint(re.findall('\\\\d', input())); re.purge()", FOUR),
    "many_expressions": ("import re\nfor n in range(600): re.compile('a' * (n % 7) + str(n))\nprint(input())", FOUR),
    "locale": (
        "import locale\nprint(locale.setlocale(locale.LC_ALL))\nlocale.setlocale(locale.LC_ALL, 'C')\nprint(input())",
        FOUR,
    ),
    "first_weekday": (
        "import calendar\nprint(calendar.firstweekday())\ncalendar.setfirstweekday(6)\n"
        "print(calendar.month(2024, 2), input())",
        FOUR,
    ),
    "calendar_instance": (
        "import calendar\nprint(calendar.month(2024, 2))\ncalendar.c.firstweekday = 6\n"
        "print(calendar.month(2024, 2), input())",
        FOUR,
    ),
    "time_zone": (
        "import os, time\nprint(time.tzname)\nos.environ['TZ'] = 'EST5'; time.tzset(); print(time.tzname, input())",
        FOUR,
    ),
    "daemon_thread_left": (
        "import threading, time\ndef late(): time.sleep(0.05); print('late')\n"
        "threading.Thread(target=late, daemon=True).start()\nprint(input())",
        FOUR,
    ),
    "threads_counted": (
        "import threading\nprint(threading.active_count())\n"
        "threading.Thread(target=threading.Event().wait, daemon=True).start()\nprint(input())",
        FOUR,
    ),
    "signal_handler": (
        "import signal\nprint(signal.getsignal(signal.SIGTERM))\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(input())",
        FOUR,
    ),
    "signals_blocked": (
        "import signal\nprint(signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM]))\nprint(input())",
        FOUR,
    ),
    "alarm": (
        "import signal, time\nn = int(input())\nsignal.alarm(1) if n == 1 else time.sleep(1.2)\nprint(n)",
        (b"1\n", b"2\n"),
    ),
    "atexit": ("import atexit\natexit.register(print, 'bye', input())", FOUR),
    "collector_off": (
        "import gc\nprint(gc.isenabled(), gc.get_threshold())\ngc.disable(); gc.set_threshold(5)\nprint(input())",
        FOUR,
    ),
    "file_left_open": (
        "kept = open('f', 'w+')\nkept.write(input()); kept.seek(0); print(kept.read(), kept.fileno() < 10)",
        FOUR,
    ),
    "descriptors_left_open": ("import os\nkept = [os.dup(0) for _ in range(20)]\nprint(max(kept) < 40, input())", FOUR),
    "generator_left": (
        "def g():\n  try: yield 1\n  finally: print('closed')\nit = g(); next(it); print(input())",
        FOUR,
    ),
    "generator_in_a_cycle": (
        "def g():\n  try: yield 1\n  finally: print('closed', name)\nname = input()\n"
        "it = g(); next(it); ring = [it]; ring.append(ring)\ndel it, ring\nprint('end')",
        FOUR,
    ),
    "generator_in_a_cycle_collected_later": (
        "def g():\n  try: yield 1\n  finally: print('closed', name)\nmany = [[n] for n in range(100_000)]\n"
        "name = input()\nit = g(); next(it); ring = [it]; ring.append(ring)\nprint('end')",
        FOUR,
    ),
    "generator_in_a_class": (
        "def g(n):\n  try: yield 1\n  finally: print('closed', n)\nclass A: it = g(input())\nnext(A.it); print('end')",
        FOUR,
    ),
    "generator_in_a_function": (
        "def g(n):\n  try: yield 1\n  finally: print('closed', n)\ndef f(it=g(input())): return next(it)\n"
        "f(); print('end')",
        FOUR,
    ),
    "generator_in_a_module": (
        "import sys\ndef g(n):\n  try: yield 1\n  finally: print('closed', n)\n"
        "sys.mine = g(input()); next(sys.mine); print('end')",
        FOUR,
    ),
    "generator_expression_left": ("it = (x for x in range(9)); print(next(it), sum(x for x in it), input())", FOUR),
    "generator_left_with_nothing_to_do": ("def g():\n  while True: yield 1\nit = g(); print(next(it), input())", FOUR),
    "generator_that_raises": ("def g():\n  try: yield 1\n  finally: 1 / 0\nit = g(); next(it); print(input())", FOUR),
    "generator_that_yields_on": (
        "def g():\n  while True:\n    try: yield 1\n    except GeneratorExit: print('again')\n"
        "it = g(); next(it); print(input())",
        FOUR,
    ),
    "coroutine_never_awaited": ("async def f(): pass\nf()\nprint(input())", FOUR),
    "destructor": ("class A:\n  def __del__(self): print('gone', n)\na = A(); n = input()\nprint('end')", FOUR),
    "destructor_of_a_class_attribute": (
        "class A:\n  def __del__(self): print('gone')\nA.one = A(); print(input())",
        FOUR,
    ),
    "destructor_in_a_cycle": ("class A:\n  def __del__(self): print('gone')\na = A(); a.me = a\nprint(input())", FOUR),
    "destructor_in_a_lost_cycle": (
        "class A:\n  def __del__(self): print('gone')\na = A(); a.me = a; del a\nprint(input())",
        FOUR,
    ),
    "destructors_in_order": (
        "class A:\n  def __init__(self, n): self.n = n\n  def __del__(self): print('gone', self.n)\n"
        "_b, a, c = A('b'), A('a'), A('c')\nmany = [A(n) for n in range(3)]\nprint(input())",
        FOUR,
    ),
    "destructor_in_a_module": (
        "import sys\nclass A:\n  def __del__(self): print('gone')\nsys.mine = A(); print(input())",
        FOUR,
    ),
    "destructor_that_raises": ("class A:\n  def __del__(self): 1 / 0\na = A(); print(input())", FOUR),
    "destructor_after_an_error": (
        "class A:\n  def __del__(self): print('gone')\ndef f(): a = A(); 1 / 0\nprint(input()); f()",
        FOUR,
    ),
    "destructor_after_exit": (
        "import sys\nclass A:\n  def __del__(self): print('gone')\na = A(); print(input()); sys.exit(3)",
        FOUR,
    ),
    "error_kept": ("try: 1 / 0\nexcept ZeroDivisionError as e: kept = e\nprint(repr(kept), input())", FOUR),
    "error_told": (
        "import sys\nprint(sys.exc_info())\ntry: 1 / 0\nexcept ZeroDivisionError: print(sys.exc_info()[0], input())",
        FOUR,
    ),
    "error_on_some": ("print(1 / (2 - int(input())))", FOUR),
    "error_then_last": ("import sys\nprint(hasattr(sys, 'last_value'))\nprint(1 / (2 - int(input())))", FOUR),
    "exit_on_some": ("import sys\nn = int(input())\nprint(n)\nif n == 2: sys.exit(4)", FOUR),
    "memory_in_cycles": ("a = [bytearray(90 << 20)]\na.append(a)\ndel a\nprint(input())", (*FOUR, *FOUR)),
    "memory_caught_after_cycles": (
        "a = [bytearray(90 << 20)]\na.append(a)\ndel a\ntry: b = bytearray(120 << 20); print('fits', input())\n"
        "except MemoryError: print('full', input())",
        FOUR,
    ),
    "memory_kept": ("a = bytearray(150 << 20)\nprint(len(a), input())", FOUR),
    "memory_in_small_pieces": ("a = [[n] for n in range(1_000_000)]\nprint(len(a), input())", FOUR),
    "output_of_nearly_the_limit": ("print('x' * 1_000_000 + input())", FOUR),
    "messages_of_nearly_the_limit": ("import sys\nprint('x' * 1_000_000 + input(), file=sys.stderr)", FOUR),
    "interned": ("import sys\na = sys.intern('ab' + input()); print(a is sys.intern('ab' + a[2:]))", FOUR),
    "named_tuples": (
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\nprint(P(1, input()), P.__module__)",
        FOUR,
    ),
    "enumerations": (
        "import enum\nclass E(enum.Enum):\n  A = enum.auto()\n  B = enum.auto()\n"
        "print(list(E), E(int(input()) % 2 + 1))",
        FOUR,
    ),
    "dispatch": (
        "import functools\n@functools.singledispatch\ndef f(x): return 'any'\nprint(f(1))\n@f.register\n"
        "def _(x: int): return 'int'\nprint(f(1), input())",
        FOUR,
    ),
    "subclasses_counted": (
        "import collections\nclass A(collections.UserList): pass\n"
        "print(len(collections.UserList.__subclasses__()), input())",
        FOUR,
    ),
    "subclasses_of_own": ("class A: pass\nclass B(A): pass\nprint(A.__subclasses__(), input())", FOUR),
    "names_dropped": ("import collections\nprint(sorted(k for k in globals() if k[0] != '_'), input())", FOUR),
    "dataclasses_of_one_name": (
        "from dataclasses import dataclass, field\n@dataclass(order=True)\nclass P:\n  x: int\n"
        "  y: list = field(default_factory=list)\np = P(int(input())); p.y.append(p.x); print(p, P(1) < P(2))",
        FOUR,
    ),
    "processor_time_used": (
        "import time\nx = 0\nwhile time.process_time() < 0.3: x += 1\nprint(x > 1000, input())",
        FOUR,
    ),
    "processor_time_since_start": (
        "import time\nstart = time.process_time()\nwhile time.process_time() < start + 0.1: pass\n"
        "print(time.process_time() < 0.29, input())",
        FOUR,
    ),
    "seconds_of_one_second": (
        "import time\nend = time.process_time() + 0.6\nwhile time.process_time() < end: pass\nprint(input())",
        FOUR,
    ),
    "executed_text": (
        "text = 'import math\\nseen = []\\ndef f(n):\\n  seen.append(n)\\n  math.pi += n\\n"
        "  return seen, math.pi, __name__'\n"
        "names = {}\nexec(compile(text, 'part.py', 'exec'), names)\nprint(names['f'](int(input())), len(names))",
        FOUR,
    ),
    "executed_text_that_raises": (
        "text = 'def f(n):\\n  return 1 // n'\nnames = {}\nexec(compile(text, 'part.py', 'exec'), names)\n"
        "print(names['f'](int(input()) - 1))",
        FOUR,
    ),
    "executed_text_with_an_error": (
        "print(input())\ntext = 'def f(n:'\nnames = {}\nexec(compile(text, 'part.py', 'exec'), names)",
        FOUR,
    ),
    "prints_elsewhere": (
        "import sys\nfrom io import StringIO\nout, sys.stdout = sys.stdout, StringIO()\nprint(input())\n"
        "sys.stdout = out\nprint(1)",
        FOUR,
    ),
    "reads_a_literal": ("from ast import literal_eval\nprint(literal_eval('[1, (2,)]'), input())", FOUR),
    "star_imports": ("from math import *\nfrom heapq import *\nprint(pi, heappop([3]), input())\npi = 3", FOUR),
    "shadowed_builtins": ("print(sum([1]))\nsum = max = 0\nlist = 5\nprint(sum, list, input())", FOUR),
    "deleted_globals": ("x = input()\ndel x\nprint(sorted(k for k in globals() if k[0] != '_'))", FOUR),
    "reads_ahead": (
        "import sys\nlines = iter(sys.stdin)\nprint(next(lines))",
        tuple(b"%d\n2\n3\n" % n for n in range(4)),
    ),
    "buffered_output_of_several_kinds": (
        "import sys\nw = sys.stdout.write\nw('a'); print('b'); w(input()); sys.stdout.flush(); w('c')",
        FOUR,
    ),
}
