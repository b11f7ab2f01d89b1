"""The runner refuses to start anywhere but as PID 1 of a PID namespace, for its clean-up is kill(-1)."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sandbox.runner import frames
from sandbox.runner.jobs import Jail
from sandbox.runner.serve import REFUSED
from sandbox.slot import boot_command, boot_payload


def test_it_refuses_to_start_outside_a_pid_namespace() -> None:
    started = subprocess.run(
        boot_command(sys.executable, None, ("/tmp",)),
        input=boot_payload() + frames.program_frame(1, b"print(1)", frames.Limits(1, 1, 1 << 28, 1 << 20, 4)),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert started.returncode == REFUSED
    assert started.stdout == b""
    assert b"must be PID 1" in started.stderr


def test_nothing_that_can_kill_all_is_made_outside_a_pid_namespace() -> None:
    with pytest.raises(RuntimeError, match="PID namespace"):
        Jail(None, ["/tmp"])


def test_result_frames_that_do_not_add_up_are_refused() -> None:
    head = frames.RESULT_HEAD.pack(1, 0, 0, 0, frames.NONE, 0.5, 1.5, 100, 2, 1, 3)
    result = frames.read_result(head + b"hmeout")
    assert (result.reason, result.stderr_tail, result.stdout) == ("hm", b"e", b"out")
    assert (result.exit_code, result.signal) == (0, None)
    for payload in (b"", head, head + b"hmeou", head + b"hmeout!", head[:8] + b"\xff" + head[9:] + b"hmeout"):
        with pytest.raises(ValueError, match="result frame"):
            frames.read_result(payload)
