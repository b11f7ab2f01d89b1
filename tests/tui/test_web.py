"""`cure-agent tui --web`: a page on this machine's own address."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest


def test_the_screens_are_served_to_this_machine_alone_and_it_is_said(tmp_path: Path) -> None:
    pytest.importorskip("textual_serve")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "agent", "tui", "--web", "--port", str(port)]
    served = subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, env=os.environ | {"CURE_AGENT_STATE": str(tmp_path)}
    )
    try:
        page = ""
        for _ in range(600):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
                    page = answer.read().decode()
                break
            except urllib.error.URLError:
                time.sleep(0.1)
        assert "textual" in page
        listening = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        addresses = {row[1] for row in listening if row[3] == "0A" and row[1].endswith(f":{port:04X}")}
        assert addresses == {f"0100007F:{port:04X}"}
    finally:
        served.send_signal(signal.SIGINT)
        _, errors = served.communicate(timeout=60)
    assert f"http://127.0.0.1:{port}, for browsers of this machine alone" in errors.decode()
