"""Innocent programs about standard streams, exits and recursion, with the inputs each is run on, by name."""

BINARY = bytes(range(256)) * 8192
LINES = b"one\ntwo\nthree\n"
ENDINGS = (b"", b"a", b"a\n", b"a\n\n", b"\n", b"a\r\nb\r\n", b"a\rb", b"\0\n\0", b"\xef\xbb\xbfa\n", b"a\xff\xfeb\n")

EXITS = [
    "0",
    "1",
    "2",
    "120",
    "255",
    "256",
    "257",
    "-1",
    "2**31",
    "None",
    "''",
    "'bad'",
    "'b\\u00e4d'",
    "True",
    "False",
    "0.0",
    "(1, 2)",
    "[]",
    "b'x'",
    "ValueError(3)",
]

_FRAMES = "def f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
_TRY = "try: print({})\nexcept RecursionError as e: print('too deep', e)\n"
_BORDER = tuple(b"%d\n" % n for n in (10, 900, *range(989, 1001), 5000))

STREAMS: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "binary_megabytes": (
        "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read()[::-1])",
        (BINARY, b"", BINARY[1:]),
    ),
    "binary_by_pieces": (
        "import sys\nwhile piece := sys.stdin.buffer.read1(1000): sys.stdout.buffer.write(piece)",
        (BINARY[:100_000], b"", b"\r\n\0\xff"),
    ),
    "binary_readinto": (
        "import sys\nroom = bytearray(7)\nwhile n := sys.stdin.buffer.readinto(room): print(n, bytes(room[:n]))",
        (BINARY[:700], b"", b"\n"),
    ),
    "open_0": ("print(repr(open(0).read()))", (LINES, b"", b"a\r\nb")),
    "open_0_binary": ("print(open(0, 'rb').read())", ENDINGS),
    "open_0_lines": ("for line in open(0): print(repr(line))", (LINES, b"", b"a\r\nb")),
    "open_0_twice": ("print(repr(open(0, closefd=False).read()))\nprint(repr(open(0).read()))", (LINES, b"")),
    "open_1": ("open(1, 'w').write(input())", (b"x\n", b"yy")),
    "open_1_after_print": ("print('a')\nopen(1, 'w').write(input())", (b"x\n", b"yy")),
    "open_1_kept_open": ("import os\nprint('a')\nout = open(1, 'w')\nout.write(input())", (b"x\n", b"yy")),
    "open_1_with": ("with open(1, 'w') as out: print(input(), file=out)", (b"x\n", b"yy")),
    "stderr_between": (
        "import sys\nfor line in sys.stdin:\n  print(line, end='')\n  print('!', line, file=sys.stderr)\n"
        "  sys.stderr.write('?')",
        (LINES, b"", b"x"),
    ),
    "text_then_buffer": (
        "import sys\nsys.stdout.write(input() + '\\n')\nsys.stdout.buffer.write(b'raw\\n')\nprint('text')",
        (LINES, b"b\n"),
    ),
    "text_flush_buffer": (
        "import sys\nsys.stdout.write(input())\nsys.stdout.flush()\nsys.stdout.buffer.write(b'raw\\n')\nprint('text')",
        (LINES, b"b\n"),
    ),
    "text_longer_than_its_chunk_then_buffer": (
        "import sys\nsys.stdout.write('x' * 9000)\nsys.stdout.buffer.write(b'raw')\nprint(input())",
        (LINES, b"b\n"),
    ),
    "exits": (
        "import sys\nprint('before')\nsys.exit([" + ", ".join(f"({code})" for code in EXITS) + "][int(input())])",
        tuple(b"%d\n" % n for n in range(len(EXITS))),
    ),
    "exit_beyond_a_c_long": (
        "import sys; sys.exit([2**70, -(2**70), 2**63 - 1][int(input())])",
        (b"0\n", b"1\n", b"2\n"),
    ),
    "raise_system_exit": (
        "print('before')\n"
        "raise [SystemExit, SystemExit(), SystemExit(4), SystemExit('m'), SystemExit(1, 2)][int(input())]",
        tuple(b"%d\n" % n for n in range(5)),
    ),
    "exit_through_handlers": (
        "import sys\ntry:\n  try: sys.exit(int(input()))\n  except Exception: print('no')\n"
        "  finally: print('finally')\nexcept SystemExit as e: print('caught', e.code); raise",
        (b"0\n", b"3\n", b"x\n"),
    ),
    "exit_swallowed": ("try: exit(int(input()))\nexcept: print('stays')", (b"0\n", b"3\n")),
    "exit_in_a_subclass": ("class Stop(SystemExit): pass\nraise Stop(int(input()))", (b"0\n", b"3\n")),
    "quit_builtin": ("print('a'); quit(int(input()))", (b"0\n", b"3\n")),
    "exit_in_a_thread": (
        "import sys, threading\nn = int(input())\nt = threading.Thread(target=lambda: sys.exit(n))\n"
        "t.start(); t.join()\nprint('main')",
        (b"0\n", b"3\n"),
    ),
    "exit_in_atexit": ("import atexit, sys\nn = int(input())\natexit.register(lambda: sys.exit(n))", (b"0\n", b"3\n")),
    "raise_in_atexit": (
        "import atexit\nn = int(input())\natexit.register(lambda: 1 // n)\natexit.register(print, 'first')",
        (b"0\n", b"3\n"),
    ),
    "no_final_newline_out": ("print(input(), end='')", (b"a\n", b"b", b"\n")),
    "repr_of_a_line": ("print(repr(input()))", ENDINGS),
    "repr_of_all": ("import sys; print(repr(sys.stdin.read()))", ENDINGS),
    "bytes_of_all": ("import sys; print(sys.stdin.buffer.read())", ENDINGS),
    "write_it_back": ("import sys; sys.stdout.write(sys.stdin.read())", ENDINGS),
    "print_a_nul": ("print('a\\0b', repr(input()))", (b"\0\n", b"x\0y")),
    "lone_surrogate": ("print(input() + '\\udcff')", (b"a\n", b"\xff\n")),
    "no_such_character": ("print(input() + '\\ud800')", (b"a\n", b"\xff\n")),
    "very_long_line": ("a = input(); print(len(a), a[-3:], a)", (b"x" * 300_000, b"12 " * 100_000 + b"\n1", b"")),
    "many_numbers": ("print(sum(map(int, input().split())))", (b"123456789 " * 20_000, b"1", b"")),
    "prompt": ("a = input('First: '); b = input('Second:\\n'); print(a + b)", (LINES, b"1\n2", b"1\n", b"")),
    "prompt_is_not_a_string": ("print(input(5), input(None), input([1]))", (LINES, b"1\n")),
    "prompt_after_unflushed_text": (
        "import sys\nprint('a', end='')\nsys.stdout.buffer.write(b'b')\nprint(input('c'), file=sys.stderr)",
        (LINES, b""),
    ),
    "end_of_file_error": (
        "try:\n  while True: print(input())\nexcept EOFError as e: print('end', e)",
        (LINES, b"", b"\n", b"x"),
    ),
    "end_of_file_uncaught": ("while True: print(input())", (LINES, b"", b"x")),
    "reading_after_the_end": (
        "import sys\n"
        "print(repr(sys.stdin.read()), repr(sys.stdin.read()), repr(sys.stdin.readline()), list(sys.stdin))\n"
        "try: input()\nexcept EOFError: print('end')",
        (LINES, b""),
    ),
    "iterate_then_input": (
        "import sys\nfor line in sys.stdin:\n  print(repr(line))\n  break\ntry: print(repr(input()))\n"
        "except EOFError: print('end')\nprint(sys.stdin.readlines())",
        (LINES, b"x", b""),
    ),
    "input_inside_iteration": (
        "import sys\nfor line in sys.stdin:\n  try: print(repr(line), repr(input()))\n  except EOFError: print('end')",
        (LINES, b"1\n2\n3\n4", b""),
    ),
    "readlines": ("import sys; print(sys.stdin.readlines(), sys.stdin.readlines())", ENDINGS),
    "readlines_hint": ("import sys; print(sys.stdin.readlines(4), sys.stdin.readline(2), sys.stdin.read(1))", ENDINGS),
    "readline_alias": (
        "import sys\ninput = sys.stdin.readline\nprint(repr(input()), repr(input()))",
        (LINES, b"x", b""),
    ),
    "buffer_after_text": (
        "import sys\nprint(repr(sys.stdin.readline()), sys.stdin.buffer.readline())",
        (LINES, b"1\n" * 9000, b""),
    ),
    "seek_and_read_again": (
        "import sys\na = sys.stdin.read(); sys.stdin.seek(0); print(a == sys.stdin.read(), sys.stdin.seekable())",
        (LINES, b"", "ä\n".encode()),
    ),
    "tell": (
        "import sys\nprint(sys.stdin.buffer.tell()); sys.stdin.readline(); print(sys.stdin.tell())",
        (LINES, b"", "ä\n".encode()),
    ),
    "next_of_stdin": ("import sys\nprint(next(sys.stdin, None), next(sys.stdin, None))", (LINES, b"x", b"")),
    "fileinput": (
        "import fileinput\nfor line in fileinput.input(): print(fileinput.lineno(), repr(line))",
        (LINES, b""),
    ),
    "isatty": ("import sys; print(sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty())", (LINES, b"")),
    "stream_attributes": (
        "import sys\nfor s in sys.stdin, sys.stdout, sys.stderr:\n"
        "  print(s.name, s.mode, s.encoding, s.errors, s.newlines, s.line_buffering, s.write_through, "
        "s.closed, s.fileno(),\n"
        "    s.readable(), s.writable(), s is getattr(sys, '__' + s.name[1:-1] + '__'), type(s), "
        "type(s.buffer),\n    type(s.buffer.raw), s.buffer.raw.closefd, s.buffer.raw.mode, s.buffer.raw.name)",
        (LINES,),
    ),
    "streams_told": ("import sys; print(sys.stdin, sys.stdout, sys.stderr, input())", (LINES, b"x\n", b"y")),
    "buffers_told": (
        "import sys\nfor s in sys.stdin, sys.stdout, sys.stderr: print(type(s).__name__, type(s.buffer).__name__)",
        (LINES, b"x\n", b"y"),
    ),
    "streams_can": (
        "import sys\nfor s in sys.stdin, sys.stdout, sys.stderr: print(s.readable(), s.writable(), s.closed)",
        (LINES, b"x\n", b"y"),
    ),
    "writes_to_stdin": (
        "import sys\ntry: sys.stdin.write('x')\nexcept Exception as e: print(type(e).__name__, e)\nprint(input())",
        (LINES, b"x\n", b"y"),
    ),
    "reads_from_stdout": (
        "import sys\ntry: print(repr(sys.stdout.read()))\nexcept Exception as e: print(type(e).__name__, e)\n"
        "print(input())",
        (LINES, b"x\n", b"y"),
    ),
    "reads_from_the_buffer_of_stdout": (
        "import sys\ntry: print(sys.stdout.buffer.read())\nexcept Exception as e: print(type(e).__name__, e)\n"
        "print(input())",
        (LINES, b"x\n", b"y"),
    ),
    "peeks": ("import sys; print(sys.stdin.buffer.peek(2)[:2], input())", (LINES, b"x\n", b"yy")),
    "newlines_seen": (
        "import sys; sys.stdin.read(); print(repr(sys.stdin.newlines))",
        (b"a\n", b"a\r\n", b"a\r", b"a\nb\r\n", b""),
    ),
    "print_end": ("for c in input(): print(c, end='')", (LINES, b"x y\n")),
    "print_flush": ("for c in input(): print(c, flush=True)", (LINES, b"x y\n")),
    "print_separators": ("print(*input(), sep='\\n', end='.')", (LINES, b"x y\n")),
    "stdout_replaced_and_back": (
        "import io, sys\nkept, sys.stdout = sys.stdout, io.StringIO()\nprint(input())\ntext = sys.stdout.getvalue()\n"
        "sys.stdout = kept\nprint(repr(text))",
        (LINES, b"x\n"),
    ),
    "stdout_replaced_for_good": (
        "import io, sys\nprint(1)\nsys.stdout = io.StringIO()\nprint(input())",
        (LINES, b"x\n"),
    ),
    "stdin_replaced": (
        "import io, sys\nsys.stdin = io.StringIO('own\\nlines')\nprint(input(), repr(sys.stdin.read()))",
        (LINES, b""),
    ),
    "stdout_without_flush": (
        "import sys\nclass W:\n  def __init__(self, to): self.to = to\n  def write(self, s): self.to.write(s.upper())\n"
        "sys.stdout = W(sys.stdout)\nprint(input())",
        (LINES, b"x\n"),
    ),
    "stdout_without_closed": (
        "import sys\nclass W:\n  def __init__(self, to): self.to = to\n  def write(self, s): self.to.write(s.upper())\n"
        "  def flush(self): self.to.flush()\nsys.stdout = W(sys.stdout)\nprint(input())",
        (LINES, b"x\n", b"y"),
    ),
    "stderr_without_newline": ("import sys\nprint(input())\nsys.stderr.write('?')", (LINES, b"x\n", b"y")),
    "stdout_whose_flush_raises": (
        "import sys\nclass W:\n  closed = False\n  def write(self, s): sys.__stdout__.write(s)\n"
        "  def flush(self): raise ValueError('no')\nsys.stdout = W()\nprint(input())",
        (LINES, b"x\n"),
    ),
    "stdout_write_replaced": (
        "import sys\nwrite = sys.stdout.write\nsys.stdout.write = lambda s: write(s.upper())\nprint(input())",
        (b"a\n", b"b\n", b"c"),
    ),
    "stdout_reconfigured": (
        "import sys\nsys.stdout.reconfigure(encoding='latin-1', newline='\\r\\n')\nprint('\\u00e4' + input())",
        (b"a\n", b"b\n"),
    ),
    "stdin_reconfigured": (
        "import sys\nsys.stdin.reconfigure(encoding='latin-1')\nprint(repr(input()))",
        (b"\xe4\n", b"b\n"),
    ),
    "redirect_stdout": (
        "import contextlib, io\nwith contextlib.redirect_stdout(io.StringIO()) as text: print(input())\n"
        "print(repr(text.getvalue()))",
        (LINES, b"x\n"),
    ),
    "stdin_descriptor_closed": (
        "import os\nos.close(0)\ntry: input()\nexcept Exception as e: print(type(e).__name__, e)",
        (LINES, b""),
    ),
    "stdout_descriptor_closed": ("import os\nprint(input())\nos.close(1)", (LINES, b"x\n")),
    "stderr_descriptor_closed": ("import os\nprint(input())\nos.close(2)\n1 / 0", (LINES, b"x\n")),
    "stdout_closed_then_printed": ("import sys\nprint('a')\nsys.stdout.close()\nprint(input())", (LINES, b"x\n")),
    "stdin_closed_then_nothing": ("import sys\nprint(input())\nsys.stdin.close()", (LINES, b"x\n")),
    "stderr_closed_then_error": ("import sys\nsys.stderr.close()\nprint(input())\n1 / 0", (LINES, b"x\n")),
    "stderr_none_then_error": ("import sys\nsys.stderr = None\nprint(input())\n1 / 0", (LINES, b"x\n")),
    "stdout_detached": ("import sys\nout = sys.stdout.detach()\nout.write(input().encode())", (LINES, b"x\n")),
    "stdout_none_then_print": ("import sys\nsys.stdout = None\nprint(input())", (LINES, b"x\n")),
    "exception_of_its_own": ("class Odd(Exception): pass\nraise Odd(input())", (LINES, b"x\n")),
    "exception_with_a_cause": (
        "try: int(input())\nexcept ValueError as e: raise KeyError('outer') from e",
        (LINES, b"x\n", b"5\n"),
    ),
    "exception_group": ("raise ExceptionGroup(input(), [ValueError(1), KeyError(2)])", (LINES, b"x\n")),
    "exception_whose_str_raises": (
        "class Odd(Exception):\n  def __str__(self): return 1\nraise Odd(input())",
        (b"x\n",),
    ),
    "assertion": ("assert input() == 'x', 'not x'", (b"y\n", b"x\n")),
    "excepthook_replaced": (
        "import sys\nsys.excepthook = lambda kind, error, trace: print('hook', kind.__name__, error)\nint(input())",
        (b"y\n", b"5\n"),
    ),
    "excepthook_raises": ("import sys\nsys.excepthook = lambda *a: 1 / 0\nint(input())", (b"y\n", b"5\n")),
    "interrupted": ("print(input())\nraise KeyboardInterrupt('x')", (LINES, b"x\n")),
    "generator_exit_at_top": ("raise GeneratorExit(input())", (b"x\n",)),
    "recursion_at_the_border": (_FRAMES + _TRY.format("f(int(input()))"), _BORDER),
    "recursion_at_the_border_of_a_function": (
        _FRAMES + "def main():\n  " + _TRY.format("f(int(input()))").replace("\n", "\n  ") + "\nmain()",
        _BORDER,
    ),
    "recursion_at_a_border_of_its_own": (
        "import sys\nsys.setrecursionlimit(250)\n" + _FRAMES + _TRY.format("f(int(input()))"),
        tuple(b"%d\n" % n for n in (10, *range(240, 252), 400)),
    ),
    "recursion_through_c": (
        "import functools\n@functools.lru_cache(None)\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\n"
        + _TRY.format("f(int(input()))"),
        tuple(b"%d\n" % n for n in (10, *range(493, 502), 1000)),
    ),
    "recursion_of_repr": (
        "a = []\nfor _ in range(int(input())): a = [a]\n" + _TRY.format("len(repr(a))"),
        tuple(b"%d\n" % n for n in (10, *range(989, 1001))),
    ),
    "recursion_of_json": (
        "import json\nn = int(input())\n" + _TRY.format("len(str(json.dumps(json.loads('[' * n + ']' * n))))"),
        tuple(b"%d\n" % n for n in (10, *range(989, 1001))),
    ),
    "recursion_limit_too_low": (
        "import sys\ntry: sys.setrecursionlimit(int(input()))\nexcept (RecursionError, ValueError) as e: print(e)",
        (b"1\n", b"2\n", b"3\n", b"4\n", b"5\n", b"6\n", b"8\n", b"0\n"),
    ),
    "recursion_uncaught": (_FRAMES + "print('before')\nf(int(input()))", (b"10\n", b"5000\n")),
    "recursion_limit_told": ("import sys; print(sys.getrecursionlimit())", (b"",)),
    "frames_counted": (
        "import sys\nn, frame = 0, sys._getframe()\nwhile frame: n, frame = n + 1, frame.f_back\nprint(n)",
        (b"", b"x"),
    ),
    "stack_walked": ("import traceback; print([f.name for f in traceback.extract_stack()])", (b"", b"x")),
    "stack_inspected": ("import inspect; print(len(inspect.stack()), inspect.stack()[0].function)", (b"",)),
    "warning": ("import warnings; warnings.warn(input()); warnings.warn('b')", (b"a\n", b"c\n")),
    "syntax_warning": ("print(input() is 'a')", (b"a\n", b"c\n")),
    "invalid_escape": ("print('\\d', input())", (b"a\n", b"c\n")),
    "main_guard": ("if __name__ == '__main__': print(input())", (b"a\n", b"c\n")),
    "names_of_main": ("print(sorted(globals()))", (b"a\n", b"c\n")),
    "documented": (
        "'''Says what it is.'''\nprint(__doc__, __name__, __spec__, __package__, input())",
        (b"a\n", b"c\n"),
    ),
    "annotated": (
        "x: int = 5\ndef f(a: 'str') -> int: ...\nprint(__annotations__, f.__annotations__, input())",
        (b"a\n",),
    ),
    "reimports_itself": (
        "import sys, __main__\nprint(sys.modules[__name__] is __main__, __main__.__name__)",
        (b"a\n",),
    ),
    "flags": (
        "import sys; print(sys.flags.optimize, sys.flags.isolated, sys.flags.utf8_mode, sys.dont_write_bytecode)",
        (b"",),
    ),
    "integer_of_many_digits": ("n = int(input())\nprint(10 ** n)", (b"10\n", b"4299\n", b"4300\n", b"9000\n")),
    "integer_from_many_digits": ("print(int(input()) % 7)", (b"1" * 4300, b"1" * 4301, b"5\n")),
}
