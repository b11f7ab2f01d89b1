"""Innocent programs, which do no harm, by name. Each must do in the sandbox what it does under `python main.py`."""

SUM = "print(sum(map(int, input().split())))"

PROGRAMS: dict[str, tuple[str, bytes]] = {
    "benign": (SUM, b"1 2 3 4"),
    "stdin_buffer": ("import sys; print(sys.stdin.buffer.read())", b"1 \xff\r\n2"),
    "open0": ("print(sum(map(int, open(0).read().split())))", b"1 2 3 4\n"),
    "dev_stdin": ("print(open('/dev/stdin').read().split())", b"1 2 3 4\n"),
    "os_read_idiom": (
        "import io, os\ninput = io.BytesIO(os.read(0, os.fstat(0).st_size)).readline\n" + SUM,
        b"1 2 3 4\n",
    ),
    "mixed_reading": ("import sys\nprint(input(), sys.stdin.readline(), sys.stdin.read().split())", b"1\n2\n3 4\n"),
    "os_write": ("import os; os.write(1, b'raw\\n'); print('text')", b""),
    "crlf": ("import sys; print(repr(input()), repr(sys.stdin.read()))", b"a\r\nb\r\n"),
    "no_final_newline": ("print(input(), end='')", b"a"),
    "prompt_is_output": ("input('Enter: ')", b"1\n"),
    "interleaved": (
        "import os, sys\nprint('a', flush=True); os.write(1, b'b'); sys.stdout.buffer.write(b'c'); print('d')",
        b"",
    ),
    "unicode": ("print('é∑😀', input())", "ü\n".encode()),
    "surrogate": ("print('\\ud800')", b""),
    "million_bytes": ("print('x' * 999_999)", b""),
    "many_lines": ("for i in range(20_000): print(i)", b""),
    "input_of_megabytes": ("import sys; print(len(sys.stdin.read()))", b"12345678\n" * 400_000),
    "exit_builtin": ("print('a'); exit()", b""),
    "exit_status": ("import sys; print('a'); sys.exit(3)", b""),
    "exit_255": ("raise SystemExit(-1)", b""),
    "exit_message": ("import sys; print('a'); sys.exit('bad')", b""),
    "exit_true": ("import sys; sys.exit(True)", b""),
    "exception": ("print('partial'); 1 / 0", b""),
    "end_of_input": ("input(); input()", b"1\n"),
    "keyboard_interrupt": ("raise KeyboardInterrupt", b""),
    "syntax_error": ("def f(:", b""),
    "empty": ("", b""),
    "os_exit_without_flush": ("import os; print('hello'); os._exit(0)", b""),
    "os_exit_7": ("import os; print('hello', flush=True); os._exit(7)", b""),
    "abort": ("import os; os.abort()", b""),
    "stdout_closed": ("import sys; print('a'); sys.stdout.close()", b""),
    "stdout_none": ("import sys; print('a'); sys.stdout = sys.stdin = None", b""),
    "stdin_closed": (
        "import sys\nsys.stdin.close()\ntry: input()\nexcept Exception as e: print(type(e).__name__)",
        b"",
    ),
    "all_closed": ("import os; os.closerange(0, 100); print('x')", b""),
    "atexit_output": (
        "import atexit, io, os, sys\nsys.stdout = io.StringIO()\n"
        "atexit.register(lambda: os.write(1, sys.stdout.getvalue().encode()))\nprint('via atexit')",
        b"",
    ),
    "file_never_closed": ("out = open(1, 'w', closefd=False)\nout.write('x')", b""),
    "stdout_wrapped": (
        "import io, sys\nsys.stdout = io.TextIOWrapper(io.BufferedWriter(sys.stdout.buffer))\nprint('wrapped')",
        b"",
    ),
    "atexit_order": ("import atexit\nfor i in range(3): atexit.register(print, i)\nprint('end')", b""),
    "destructor": ("class A:\n  def __del__(self): print('gone')\na = A()\nprint('end')", b""),
    "thread_joined": (
        "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print(2))).start()\nprint('main')",
        b"",
    ),
    "thread_raises": (
        "import threading\nt = threading.Thread(target=lambda: 1 / 0)\nt.start()\nt.join()",
        b"",
    ),
    "thread_big_stack": (
        "import sys, threading\nsys.setrecursionlimit(10**6)\nthreading.stack_size(1 << 27)\n"
        "def f(n): return n and 1 + f(n - 1)\n"
        "t = threading.Thread(target=lambda: print(f(50_000)))\nt.start()\nt.join()",
        b"",
    ),
    "thread_of_a_quarter_gigabyte": (
        "import threading\nthreading.stack_size(256 * 1024 * 1024)\n"
        "t = threading.Thread(target=lambda: print(int(input()) * 2))\nt.start()\nt.join()",
        b"5\n",
    ),
    "stack_limit_raised": (
        "import resource, sys\nresource.setrlimit(resource.RLIMIT_STACK, (2**27, resource.RLIM_INFINITY))\n"
        "sys.setrecursionlimit(10**6)\nprint(input())",
        b"5\n",
    ),
    "stack_without_limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_STACK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "print(resource.getrlimit(resource.RLIMIT_STACK))",
        b"",
    ),
    "deep_recursion": (
        "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and 1 + f(n - 1)\nprint(f(100_000))",
        b"",
    ),
    "recursion_error": ("def f(): f()\nf()", b""),
    "dataclass": (
        "from __future__ import annotations\nfrom dataclasses import dataclass, field\n"
        "from typing import get_type_hints\n@dataclass(order=True)\nclass N:\n  a: int = 1\n"
        "  b: list = field(default_factory=list)\n"
        "print(N(), get_type_hints(N)['a'])",
        b"",
    ),
    "pickle": ("import pickle\nclass A:\n  x = 1\nprint(pickle.loads(pickle.dumps(A())).x)", b""),
    "main_module": ("import sys, __main__\nx = 5\nprint(__main__.x, __name__, sys.argv, __file__)", b""),
    "subprocess": (
        "import subprocess, sys\n"
        "print(subprocess.run([sys.executable, '-c', 'print(5)'], capture_output=True, text=True).stdout)",
        b"",
    ),
    "shell": ("import os; print(os.system('exit 3') >> 8)", b""),
    "multiprocessing": (
        "from multiprocessing import Pool\ndef square(x): return x * x\n"
        "if __name__ == '__main__':\n  with Pool(2) as pool: print(sum(pool.map(square, [1, 2, 3])))",
        b"",
    ),
    "temporary_file": (
        "import tempfile\nwith tempfile.NamedTemporaryFile('w+') as f:\n  f.write('x'); f.seek(0); print(f.read())",
        b"",
    ),
    "asyncio": ("import asyncio\nasync def f(): await asyncio.sleep(0.01); return 7\nprint(asyncio.run(f()))", b""),
    "hash_order": ("print(hash('a'), {'a', 'b', 'c', 'd'})", b""),
    "custom_excepthook": ("import sys\nsys.excepthook = lambda *a: print('hook', a[0].__name__)\n1 / 0", b""),
    "generators_and_imports": (
        "import collections, decimal, fractions, heapq, itertools, json, math, re, statistics, string\n"
        "print(decimal.Decimal(1) / 3, fractions.Fraction(1, 3), json.dumps({'a': 1}), statistics.mean([1, 2]))",
        b"",
    ),
}
