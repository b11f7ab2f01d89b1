"""A program in the sandbox behaves as under `python main.py`: each runs outside as well, and both are compared."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Verdict
from tests.sandbox.conftest import Execute
from tests.sandbox.innocent import PROGRAMS

pytestmark = pytest.mark.asyncio(loop_scope="session")


def outside(source: str, stdin: bytes, folder: Path) -> tuple[bytes, bytes, int]:
    """Standard output, error and return code of `python main.py`."""
    (folder / "main.py").write_bytes(source.encode(errors="surrogatepass"))
    (folder / "stdin").write_bytes(stdin)
    with (folder / "stdin").open("rb") as file:
        done = subprocess.run(
            [sys.executable, "-s", "-B", "main.py"],
            stdin=file,
            capture_output=True,
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"},
            check=False,
        )
    return done.stdout, done.stderr, done.returncode


@pytest.mark.parametrize("name", PROGRAMS)
async def test_it_behaves_as_outside(name: str, execute: Execute, tmp_path: Path) -> None:
    source, stdin = PROGRAMS[name]
    stdout, stderr, code = outside(source, stdin, tmp_path)
    inside = await execute(source, stdin, cpu_s=5)
    assert inside.stdout == stdout.replace(bytes(tmp_path) + b"/", b"")
    assert inside.exit_code == (code if code >= 0 else None)
    assert inside.signal == (-code if code < 0 else None)
    assert inside.verdict == (Verdict.OK if code == 0 else Verdict.CRASH)
    assert bool(inside.stderr_tail) == bool(stderr)


async def test_the_last_line_of_a_traceback_is_the_interpreters(execute: Execute) -> None:
    inside = await execute("def f():\n    return {}['a']\nf()")
    assert inside.stderr_tail.startswith(b'Traceback (most recent call last):\n  File "main.py", line 3, in <module>\n')
    assert inside.stderr_tail.endswith(b"KeyError: 'a'\n")
    assert inside.reason == "KeyError"


async def test_a_source_that_does_not_compile_says_so_for_every_input(execute: Execute) -> None:
    inside = await execute("x = (")
    assert (inside.verdict, inside.reason) == (Verdict.CRASH, "compile error")
    assert b"SyntaxError" in inside.stderr_tail and b"sandbox" not in inside.stderr_tail


async def test_a_nul_in_the_source_does_not_compile_whatever_the_interpreters_version_says(execute: Execute) -> None:
    """CPython before 3.11.4 runs a file up to the NUL; later ones refuse it, and so does the runner always."""
    inside = await execute("print(1)\0print(2)")
    assert (inside.verdict, inside.reason, inside.stdout) == (Verdict.CRASH, "compile error", b"")


async def test_the_same_program_gives_the_same_random_numbers(execute: Execute) -> None:
    source = "import random; print(random.random(), random.sample(range(100), 5))"
    assert (await execute(source)).stdout == (await execute(source)).stdout


async def test_forty_megabytes_go_in_and_come_out(execute: Execute) -> None:
    text = b"0123456789abcdef" * (40 << 16)
    source = "import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())"
    inside = await execute(source, text, cpu_s=10, output_bytes=50 << 20)
    assert inside.verdict == Verdict.OK
    assert inside.stdout == text
