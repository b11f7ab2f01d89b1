"""`cure-agent sandbox` from the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.sandbox.conftest import BACKENDS

ROOT = Path(__file__).parents[2]


def cure_agent(*arguments: str | Path, stdin: bytes = b"", **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from agent.command import main; main()", "sandbox", *arguments],
        input=stdin,
        capture_output=True,
        cwd=ROOT,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture(params=BACKENDS)
def kind(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> str:
    backends: list[dict[str, Any]] = json.loads(cure_agent("status", "--json").stdout)["backends"]
    backend = next(backend for backend in backends if backend["name"] == request.param)
    if not backend["usable"]:
        require(request.param, f"{backend['detail']}; {backend['remedy']}")
    return str(request.param)


def test_run_passes_output_through_and_exits_0_only_when_ok(kind: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("import sys\nprint(sum(map(int, input().split())))\nprint('note', file=sys.stderr)\n")
    done = cure_agent("run", program, "--stdin", "-", "--sandbox", kind, stdin=b"1 2 3")
    assert (done.returncode, done.stdout) == (0, b"6\n")
    assert done.stderr.startswith(b"note\nok: ")
    done = cure_agent("run", program, "--sandbox", kind)
    assert (done.returncode, done.stdout) == (1, b"")
    assert b"crash (EOFError)" in done.stderr


def test_run_obeys_its_limits(kind: str, tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("while True: pass")
    done = cure_agent("run", program, "--sandbox", kind, "--time-limit", "0.2", "--json")
    execution = json.loads(done.stdout)
    assert (done.returncode, execution["verdict"], execution["reason"]) == (1, "timeout", "cpu")
    program.write_text("bytearray(100 << 20)")
    done = cure_agent("run", program, "--sandbox", kind, "--memory", "64", "--json")
    assert json.loads(done.stdout)["verdict"] == "memory"


def test_a_missing_file_is_a_usage_error() -> None:
    done = cure_agent("run", "nothing.py")
    assert done.returncode == 2 and b"nothing.py" in done.stderr and done.stdout == b""


def test_without_any_sandbox_one_line_says_how_to_get_one(tmp_path: Path) -> None:
    nothing = {"PATH": str(tmp_path), "DOCKER_HOST": "unix:///nonexistent.sock"}
    program = tmp_path / "program.py"
    program.write_text("print(1)")
    for arguments in (["status"], ["run", program]):
        done = cure_agent(*arguments, **nothing)
        assert done.returncode == 6
        last = done.stderr.decode().splitlines()
        assert len(last) == 1 and "apt-get install bubblewrap" in last[0]
    status = json.loads(cure_agent("status", "--json", **nothing).stdout)
    assert status["chosen"] is None and not any(backend["usable"] for backend in status["backends"])


@pytest.mark.docker
def test_build_is_quick_when_the_image_exists(require: Callable[[str, str], NoReturn]) -> None:
    first = cure_agent("build")
    if first.returncode:
        require("docker", first.stderr.decode().splitlines()[-1])
    again = cure_agent("build")
    assert again.stdout == first.stdout and again.stdout.startswith(b"cure-agent-sandbox:")
    assert again.stderr == b""
