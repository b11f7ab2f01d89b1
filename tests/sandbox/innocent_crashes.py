"""Programs that raise an exception on some or all of their inputs, and some that catch it, by name, with the inputs."""

FOUR = (b"1\n", b"2\n", b"3\n", b"4\n")
ODD = "n = int(input())\nif n % 2: "

CRASHES: dict[str, tuple[str, tuple[bytes, ...]]] = {
    "raises_for_some": (f"print('a')\n{ODD}print([][n])\nprint('b')", FOUR),
    "raises_for_all": ("print(input())\nassert False, input", FOUR),
    "raises_what_it_defined": (
        f"class Bad(ValueError):\n  def __str__(self): return f'is {{self.args[0] / 2}}'\n{ODD}raise Bad(n)\nprint(n)",
        FOUR,
    ),
    "raises_what_cannot_be_told": (
        f"class Bad(Exception):\n  def __str__(self): return 1 / 0\n{ODD}raise Bad(n)",
        FOUR,
    ),
    "raises_in_turn": ("try: int(input() + 'x')\nexcept ValueError as e: raise KeyError('worse') from e", FOUR),
    "raises_while_handling": ("try: int(input() + 'x')\nexcept ValueError: [][0]", FOUR),
    "raises_several": ("raise ExceptionGroup('many', [ValueError(1), TypeError(int(input()))])", FOUR),
    "raises_with_a_note": ("e = ValueError('bad')\ne.add_note('see ' + input())\nraise e", FOUR),
    "raises_deep_down": ("def f(n):\n  return 1 // n if n < 1 else f(n - 1)\nf(300 + int(input()))", FOUR),
    "raises_in_a_generator": (
        "def g():\n  try:\n    yield 1\n  finally:\n    print('closed')\nx = g()\nnext(x)\n"
        f"{ODD}raise ValueError(n)\nprint(n)",
        FOUR,
    ),
    "raises_through_a_generator": ("def g():\n  yield 1 // (int(input()) - 2)\nprint(list(g()))", FOUR),
    "raises_after_other_errors": (
        f"import sys\nprint('careful', file=sys.stderr)\n{ODD}sys.stderr.write('unfinished '); {{}}[n]\nprint(n)",
        FOUR,
    ),
    "raises_under_another_name": ("É = type('É', (Exception,), {})\nraise É('ü' + input())", FOUR),
    "raises_without_a_name": (f"{ODD}raise type('', (Exception,), {{}})(n)\nprint(n)", FOUR),
    "raises_with_errors_elsewhere": (f"import io, sys\nsys.stderr = io.StringIO()\n{ODD}raise ValueError(n)", FOUR),
    "raises_with_output_elsewhere": (
        f"import io, sys\nsys.stdout = io.StringIO()\nprint('x')\n{ODD}raise ValueError(n)",
        FOUR,
    ),
    "prints_what_has_no_bytes": (f"{ODD}print('\\ud800')\nprint(n)", FOUR),
    "raises_and_leaves_a_mark": (
        "import random, sys\nsys.setrecursionlimit(5000)\nrandom.seed(n := int(input()))\nprint(random.random())\n"
        "if n % 2: raise ValueError(n)",
        FOUR,
    ),
    "recurses_without_end": (f"def f(): return f()\n{ODD}f()\nprint(n)", FOUR),
    "catches_that_a_file_is_not_there": ("try: open('nowhere')\nexcept Exception as e: print(e.args, input())", FOUR),
    "reads_past_the_end": ("a = input(), input()\nprint(a)", (b"1\n2\n", b"1\n", b"", b"3\n4\n5\n")),
    "exits_after_catching": (
        "try:\n  {}[input()]\nexcept KeyError as e:\n  print(repr(e))\n  raise SystemExit",
        FOUR,
    ),
}
