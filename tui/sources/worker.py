"""A solve in a child process: its run folder is followed, and it takes orders through a pipe."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from agent.errors import RunError
from agent.runs.state import RunState
from tui.job import Order, SolveJob, said_of, to_order_line
from tui.sources.followed import FollowedSource

COMMAND = (sys.executable, "-P", "-m", "tui.solving")
"""-P: packages of the folder one stands in, such as a `tui` of its own, are not taken for those of this project."""
MOST_WORDS = 300


class WorkerSource:
    """A solve that this UI started. It ends with the UI, however that ends; its run can then be continued."""

    def __init__(self, job: SolveJob) -> None:
        """Start the process. Raises RunError when this fails."""
        self._job = job
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed in close)
        try:
            self._process = subprocess.Popen(
                COMMAND,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            self._errors.close()
            raise RunError(f"cannot start a process for the solve: {error.strerror}") from error
        assert self._process.stdin is not None and self._process.stdout is not None, "both are pipes"
        self._orders, self._messages = self._process.stdin.fileno(), self._process.stdout.fileno()
        os.set_blocking(self._orders, False)
        os.set_blocking(self._messages, False)
        self._unsent, self._unread = job.to_line(), b""
        self._followed: FollowedSource | None = None
        self._empty = RunState()
        self._paused = False
        self._failed = ""
        self._ended = False
        self.doing = "Starting"
        """The step under way before the first event, in words."""
        self._send()

    @property
    def name(self) -> str:
        """Id of the run; empty while it has no folder yet."""
        return self._followed.name if self._followed else ""

    @property
    def state(self) -> RunState:
        """The state after the events that were read so far."""
        return self._followed.state if self._followed else self._empty

    @property
    def is_live(self) -> bool:
        """Whether the process runs."""
        return not self._ended

    @property
    def controls(self) -> WorkerSource:
        """The source itself takes the orders."""
        return self

    @property
    def is_paused(self) -> bool:
        """Whether the process was told to pause and not yet to go on."""
        return self._paused and self.is_live

    @property
    def trouble(self) -> str:
        """What ended the solve, in words; empty while nothing did."""
        return self._failed or (self._followed.trouble if self._followed else "")

    def text(self, blob: str) -> str:
        """The text with this sha256. Raises RunError when it is missing or damaged."""
        if self._followed is None:
            raise RunError("the run has no folder yet")
        return self._followed.text(blob)

    def pause(self) -> None:
        """Let no new request and no new execution start."""
        self._paused = True
        self._order("pause")

    def go_on(self) -> None:
        """End the pause."""
        self._paused = False
        self._order("go on")

    def stop(self) -> None:
        """End the solve as Ctrl-C does."""
        self._order("stop")

    def poll(self) -> bool:
        """Whether anything changed, after folding what is new. A process that ended is noticed before the last events
        are read, so that none is missed."""
        if self._ended:
            return self._followed.poll() if self._followed else False
        code = self._process.poll()
        self._send()
        heard = self._listen()
        changed = self._followed.poll() if self._followed else False
        if code is None or changed:
            return heard or changed
        self._ended = True
        if not self._failed and self.state.result is None:
            self._failed = self._end_in_words(code)
        return True

    def close(self) -> None:
        """Stop the process, without waiting for its end, and free what is held."""
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]  # both pipes are there
        self._orders = self._messages = -1  # the numbers may soon be those of other files
        if self._followed:
            self._followed.close()

    def wait(self, seconds: float) -> bool:
        """Whether the process has ended within so many seconds after `close`."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _order(self, order: Order) -> None:
        self._unsent += to_order_line(order)
        self._send()

    def _send(self) -> None:
        """Write as much as the pipe takes; the rest is written by the next poll."""
        with contextlib.suppress(OSError):
            while self._unsent:
                self._unsent = self._unsent[os.write(self._orders, self._unsent) :]

    def _listen(self) -> bool:
        """Whether the process said something."""
        with contextlib.suppress(OSError):
            while data := os.read(self._messages, 1 << 16):
                self._unread += data
        *lines, self._unread = self._unread.split(b"\n")
        for said in map(said_of, lines):
            match said.kind:
                case "starting":
                    self.doing = said.words
                case "failed":
                    self._failed = said.words
                case "folder":
                    self._follow(Path(said.words))
        return bool(lines)

    def _follow(self, folder: Path) -> None:
        try:
            self._followed = FollowedSource(folder)
        except RunError as error:
            self._failed = str(error)

    def _end_in_words(self, code: int) -> str:
        """Why a process that said nothing has ended without a result, with its last words."""
        if code == 130:
            return "stopped before the run began"
        how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._errors.seek(0, os.SEEK_SET)
        lines = [line.strip() for line in self._errors.read().decode(errors="replace").splitlines() if line.strip()]
        last = f": {lines[-1][:MOST_WORDS]}" if lines else ""
        again = f"; `cure-agent resume {self.name}` continues it" if self.name else ""
        return f"the process that solves ended with {how}{last}{again}"
