"""`cure-agent` in a terminal of its own: a pseudo-terminal whose output a terminal emulator reads."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pyte

MODES = {
    **{1000: "mouse", 1002: "mouse drag", 1003: "mouse motion", 1006: "mouse as SGR"},
    **{1004: "focus", 2004: "paste", 1049: "alternate screen", 2048: "resizes"},
}


@dataclass
class Terminal:
    """A pseudo-terminal in which commands run one after another."""

    state: Path
    columns: int = 100
    lines: int = 30
    written: bytes = b""
    process: subprocess.Popen[bytes] | None = None
    screen: pyte.Screen = field(init=False)

    def __post_init__(self) -> None:
        self.screen = pyte.Screen(self.columns, self.lines)
        self._stream = pyte.ByteStream(self.screen)
        self._outer, self._inner = pty.openpty()
        self.before = termios.tcgetattr(self._inner)
        self.resize(self.columns, self.lines)

    def run(self, *arguments: str, **variables: str) -> None:
        """Start `cure-agent` with these arguments in the terminal."""

        def adopt() -> None:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        environment = os.environ | {"CURE_AGENT_STATE": str(self.state), "TERM": "xterm-256color"} | variables
        command = [sys.executable, "-m", "agent", *arguments]
        ends = {"stdin": self._inner, "stdout": self._inner, "stderr": self._inner}
        self.process = subprocess.Popen(command, env=environment, preexec_fn=adopt, **ends)

    def resize(self, columns: int, lines: int) -> None:
        """Give the terminal another size, and tell the process."""
        fcntl.ioctl(self._inner, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
        self.screen.resize(lines, columns)
        if self.process is not None and self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGWINCH)

    def press(self, keys: str) -> None:
        """Type."""
        os.write(self._outer, keys.encode())

    def read(self, seconds: float = 0.05) -> None:
        """Let the emulator read what is written within so many seconds."""
        while select.select([self._outer], [], [], seconds)[0]:
            data = os.read(self._outer, 1 << 16)
            self.written += data
            # pyte has no CSI with `<`, `>` or `=`, and would print what follows.
            self._stream.feed(_known(data))

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self.screen.display)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        """Read until the condition holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.read()
            assert time.monotonic() < deadline, self.text

    def wait(self) -> int:
        """The exit code of the process, after reading all it wrote."""
        process = self.process
        assert process is not None
        self.wait_for(lambda: process.poll() is not None)
        self.read(0.2)
        return process.returncode

    def left(self) -> list[str]:
        """The modes that are still set, in words."""
        found = [words for mode, words in MODES.items() if mode << 5 in self.screen.mode]
        found += ["cursor hidden"] if self.screen.cursor.hidden else []
        return found + (["raw input"] if termios.tcgetattr(self._inner)[3] != self.before[3] else [])

    def close(self) -> None:
        """Kill what still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._outer)
        os.close(self._inner)


def _known(data: bytes) -> bytes:
    import re

    return re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b\[[0-9;]*t", b"", data)
