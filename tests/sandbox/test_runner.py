"""The runner refuses to start unless it is PID 1 of a PID namespace, because its clean-up is kill(-1)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.pool.connection import boot_command, boot_payload
from sandbox.pool.slot import MODULES, read_results
from sandbox.runner import confine, frames
from sandbox.runner.jail import Jail
from sandbox.runner.serve import REFUSED
from sandbox.runner.verdict import OomKills


def test_it_refuses_to_start_outside_a_pid_namespace() -> None:
    started = subprocess.run(
        boot_command(sys.executable, None, ("/tmp",)),
        input=boot_payload(MODULES)
        + frames.job_frame(1, b"print(1)", frames.Limits(1, 1, 1 << 28, 1 << 20, 4), False, [(0, b"")]),
        capture_output=True,
        timeout=20,
        check=False,
    )
    assert started.returncode == REFUSED
    assert started.stdout == b""
    assert b"must be PID 1" in started.stderr


def test_it_ends_where_nobody_sends_it_anything() -> None:
    command = [word.replace("PATIENCE_S = 60.0", "PATIENCE_S = 0.1") for word in boot_command(sys.executable, None, ())]
    assert "PATIENCE_S = 0.1" in command[-2]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as started:
        # Its standard input stays open.
        assert started.wait(20) == 0


def test_nothing_that_can_kill_all_is_made_outside_a_pid_namespace() -> None:
    with pytest.raises(RuntimeError, match="PID namespace"):
        Jail(None, ["/tmp"])


def test_the_clean_up_itself_kills_nothing_outside_a_pid_namespace(monkeypatch: pytest.MonkeyPatch) -> None:
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: killed.append((pid, number)))
    with pytest.raises(RuntimeError, match="PID 1"):
        confine.kill_all_others()
    assert killed == []


def test_malformed_results_are_refused() -> None:
    judged = frames.RECORD_HEAD.pack(frames.JUDGED, 7, 3)
    judged += frames.JUDGED_BODY.pack(0, 0, frames.NONE, 0.5, 1.5, 100, 2, 1, 3) + b"hmeout"
    shared = frames.RECORD_HEAD.pack(frames.SHARED, 7, 4) + frames.SHARED_BODY.pack(0.1, 0.2, 50, 0, 1, 2) + b"eok"
    (number, first), (_, second) = read_results(judged + shared)
    assert (number, first.index, first.verdict) == (7, 3, "ok")
    assert (first.reason, first.stderr_tail, first.stdout, first.shared) == ("hm", b"e", b"out", False)
    assert (first.exit_code, first.signal) == (0, None)
    assert (second.index, second.verdict, second.exit_code, second.stdout, second.shared) == (
        4,
        "ok",
        0,
        b"ok",
        True,
    )
    assert read_results(b"") == []
    wrong_verdict = judged[: frames.RECORD_HEAD.size] + b"\xff" + judged[frames.RECORD_HEAD.size + 1 :]
    with pytest.raises(ValueError, match="verdict 255"):
        read_results(wrong_verdict)
    for payload in (judged[:5], judged[:-1], judged + b"!", b"\x09" + judged[1:]):
        with pytest.raises(ValueError, match=r"record|contradict"):
            read_results(payload)


def test_kills_for_want_of_memory_are_counted_in_both_forms_of_control_groups(tmp_path: Path) -> None:
    for name, text in (("memory.events", "low 0\noom 3\noom_kill {}\n"), ("oom_control", "under_oom 0\noom_kill {}\n")):
        events = tmp_path / name
        events.write_text(text.format(2))
        kills = OomKills((str(tmp_path / "absent"), str(events)))
        assert not kills.rose()
        events.write_text(text.format(3))
        assert kills.rose() and not kills.rose()
    assert not OomKills((str(tmp_path / "absent"),)).rose()
