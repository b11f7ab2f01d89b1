"""What `python main.py` does without a sandbox, for programs that are known to be harmless."""

from __future__ import annotations

import functools
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from sandbox import Execution, Verdict

ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "PYTHONHASHSEED": "0"}
OWN_FRAME = re.compile(rb"  (File \"main\.py\"|\[Previous line repeated)")


@dataclass(frozen=True)
class Seen:
    """The observable behaviour of a program."""

    stdout: bytes
    messages: bytes
    """Standard error without source lines, frames of other files, and addresses; of this, the last thousand bytes."""
    exit_code: int | None
    signal: int | None


@functools.cache
def outside(source: str, stdin: bytes) -> Seen:
    """The behaviour of a program without a sandbox, in a new interpreter.

    The directory holds the program and its standard input alone.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "main.py").write_bytes(source.encode(errors="surrogatepass"))
        (folder / "stdin").write_bytes(stdin)
        with (folder / "stdin").open("rb") as file:
            done = subprocess.run(
                [sys.executable, "-s", "-B", "main.py"],
                stdin=file,
                capture_output=True,
                cwd=folder,
                env=ENVIRONMENT,
                check=False,
            )
        stdout, stderr = (text.replace(bytes(folder) + b"/", b"") for text in (done.stdout, done.stderr))
    ended = done.returncode >= 0
    code = done.returncode
    return Seen(stdout, _messages(stderr), code if ended else None, None if ended else -code)


def inside(execution: Execution) -> Seen:
    """The behaviour that an execution in a sandbox shows."""
    assert execution.verdict == (Verdict.OK if execution.exit_code == 0 else Verdict.CRASH), execution
    return Seen(execution.stdout, _messages(execution.stderr_tail), execution.exit_code, execution.signal)


def _messages(stderr: bytes) -> bytes:
    lines = stderr.splitlines(keepends=True)
    kept = [line for line in lines if not line.startswith(b" ") or OWN_FRAME.match(line)]
    return re.sub(rb"0x[0-9a-f]+", b"0x", b"".join(kept))[-1000:]
