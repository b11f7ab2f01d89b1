"""Wraps a validator of the ICPC's format, written in Python, as a checker.

A validator is given files with input and answer and a folder for feedback. It reads the judged program's output from
standard input and accepts that output with exit status 42. `cure.table.judging` says what a checker is given and how a
checker answers.
"""

from __future__ import annotations

from collections.abc import Sequence

_CHECKER = """\
import io, json, os, sys, tempfile

asked = json.load(sys.stdin)
folder = tempfile.mkdtemp()
paths = [os.path.join(folder, name) for name in ("input", "answer")]
for path, text in zip(paths, (asked["input"], asked["expected"])):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
os.mkdir(os.path.join(folder, "feedback"))
sys.argv = ["validator", *paths, os.path.join(folder, "feedback") + os.sep, *{flags}]
sys.stdin = io.TextIOWrapper(io.BytesIO(asked["output"].encode()), encoding="utf-8")
try:
    exec(compile({source}, "validator.py", "exec"), {{"__name__": "__main__"}})
except SystemExit as ended:
    sys.exit(0 if ended.code == 42 else 1)
sys.exit(1)
"""


def checker_of(source: str, flags: Sequence[str]) -> str:
    """Source of a checker that runs the validator `source` with these flags."""
    return _CHECKER.format(source=repr(source), flags=repr(list(flags)))
