"""Standard streams and exits: programs that flood, close or replace streams, or end in unusual ways."""

from __future__ import annotations

from sandbox.protocol import Verdict
from sandbox.selftest.hostile import Hostile, program

OK, CRASH, TIMEOUT, OUTPUT_LIMIT = Verdict.OK, Verdict.CRASH, Verdict.TIMEOUT, Verdict.OUTPUT_LIMIT

PROGRAMS: tuple[Hostile, ...] = (
    program("output_flood", "prints for ever", "while True: print('x' * 1000)", OUTPUT_LIMIT, reason="stdout"),
    program(
        "error_flood",
        "writes to standard error for ever",
        "import sys\nwhile True: sys.stderr.write('x' * 1000)",
        OUTPUT_LIMIT,
        reason="stderr",
    ),
    program(
        "floods_of_children",
        "lets children print for ever",
        """
        import os, time
        for _ in range(4):
            if os.fork() == 0:
                try:
                    while True: os.write(1, b'flood\\n' * 200)
                finally:
                    os._exit(0)
        for _ in range(4): os.wait()
        raise SystemExit(1)
        """,
        OUTPUT_LIMIT,
        reason="stdout",
    ),
    program(
        "sparse_output", "makes its output a terabyte long", "import os\nos.ftruncate(1, 1 << 40)", OUTPUT_LIMIT, CRASH
    ),
    program(
        "output_far_away",
        "writes one byte at a gigabyte",
        "import os\nos.lseek(1, 1 << 30, 0)\nos.write(1, b'x')",
        # The kernel refuses the write, so the output stays empty, and the refusal ends the program.
        OUTPUT_LIMIT,
        CRASH,
    ),
    program(
        "takes_back_its_output",
        "prints, then truncates what it printed",
        "import os\nprint('EVIL', flush=True)\nos.ftruncate(1, 0)\nos.lseek(1, 0, 0)\nprint('x')",
        stdout=b"x\n",
    ),
    program(
        "output_into_input",
        "prints into its standard input",
        "import os\nos.dup2(0, 1)\nprint('EVIL')",
        stdout=b"",
    ),
    program(
        "closes_everything",
        "closes all descriptors and prints",
        "import os\nos.closerange(0, 100)\nprint('x')",
        CRASH,
        stdout=b"",
        exit_code=120,
    ),
    program(
        "closes_standard_output",
        "closes its output after printing",
        "import sys\nprint('a')\nsys.stdout.close()",
        stdout=b"a\n",
    ),
    program(
        "has_no_streams",
        "removes its streams",
        "import sys\nprint('a')\nsys.stdout = sys.stdin = sys.stderr = None",
        stdout=b"a\n",
    ),
    program(
        "reads_a_closed_input",
        "closes its input and reads",
        """
        import sys
        sys.stdin.close()
        try:
            input()
        except ValueError as error:
            print(type(error).__name__)
        """,
        stdout=b"ValueError\n",
    ),
    program(
        "hostile_stream",
        "replaces its output by an object that does anything but what is asked",
        """
        import sys
        class Stream:
            def __getattr__(self, name):
                raise KeyboardInterrupt
            closed = property(lambda self: 1 / 0)
            def flush(self): raise SystemExit(0)
            def write(self, text): raise MemoryError
        sys.stdout = sys.stderr = Stream()
        raise ValueError
        """,
        CRASH,
    ),
    *(
        program(
            f"exits_{code}",
            f"exits with status {code}",
            f"import sys\nprint('a')\nsys.exit({code})",
            CRASH,
            stdout=b"a\n",
            exit_code=code,
        )
        for code in (1, 120, 255)
    ),
    program(
        "exits_7_at_once",
        "prints and leaves without cleaning up",
        "import os\nprint('hello', flush=True)\nos._exit(7)",
        CRASH,
        stdout=b"hello\n",
        exit_code=7,
    ),
    program("exits_without_flush", "leaves without flushing", "import os\nprint('hello')\nos._exit(0)", stdout=b""),
    program(
        "exits_with_words",
        "exits with a message",
        "import sys\nprint('a')\nsys.exit('bad')",
        CRASH,
        stdout=b"a\n",
        exit_code=1,
    ),
    program("exits_politely", "calls exit()", "print('a')\nexit()", stdout=b"a\n"),
    program(
        "exits_256",
        "exits with a status whose last eight bits are zero",
        "raise SystemExit(256)",
        stdout=b"",
        exit_code=0,
    ),
    program(
        "right_then_wrong",
        "prints the right answer, then fails",
        "print(sum(map(int, '1 2 3'.split())))\nraise ValueError",
        CRASH,
        stdout=b"6\n",
        exit_code=1,
        reason="ValueError",
    ),
    program(
        "patches_exit",
        "replaces what ends a process, then fails",
        "import os\nos._exit = lambda *_: None\nos.kill = os.abort = None\nraise ValueError",
        CRASH,
        exit_code=1,
    ),
    program(
        "patches_builtins",
        "replaces built-in functions",
        """
        import builtins
        for name in ('exec', 'len', 'isinstance', 'type', 'print', 'list', 'getattr', 'int', 'compile', 'open'):
            setattr(builtins, name, None)
        """,
        stdout=b"",
    ),
    program(
        "patches_modules",
        "empties the modules that end an interpreter",
        """
        import sys, atexit, signal, marshal, threading, io, os
        for module in (atexit, signal, marshal, threading, io, os, sys):
            for name in list(vars(module)):
                if not name.startswith('__'):
                    setattr(module, name, None)
        """,
        # Without sys nothing can be flushed or reported, and CPython itself ends with either verdict.
        OK,
        CRASH,
        stdout=b"",
    ),
    program(
        "lies_about_its_class",
        "fails with an exception that claims to be a MemoryError",
        """
        class E(Exception):
            __class__ = MemoryError
        raise E
        """,
        CRASH,
        exit_code=1,
    ),
    program(
        "odd_exception",
        "fails with an exception whose name and text are not fit to print",
        "raise type('A\\n\\x1b[2J\\u202e' * 5000, (Exception,), {'__str__': lambda self: 1 / 0})",
        CRASH,
        stdout=b"",
        exit_code=1,
    ),
    program(
        "audits",
        "installs hooks that refuse everything that happens afterwards",
        """
        import sys
        def refuse(*_):
            raise SystemExit(0)
        sys.addaudithook(refuse)
        sys.settrace(refuse)
        sys.setprofile(refuse)
        raise ValueError
        """,
        # A hook may turn the exception, or the report of it, into a clean exit.
        OK,
        CRASH,
        stdout=b"",
    ),
    program(
        "breaks_the_interpreter",
        "overwrites objects that the interpreter cannot do without",
        "import ctypes\nfor thing in (None, True, (), int):\n    ctypes.memset(id(thing), 255, 64)\nprint({1: 2})",
        CRASH,
    ),
)
