"""`cure-agent sandbox selftest` succeeds if hostile programs are stopped and innocent ones are not, else fails."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import pytest
from click.testing import CliRunner, Result

from sandbox import Sandbox, SandboxError, Verdict, open_sandbox
from sandbox.selftest import canary as watch
from sandbox.selftest import innocent
from sandbox.selftest.command import selftest
from sandbox.selftest.host import CANARY
from sandbox.selftest.hostile import Hostile, program
from sandbox.selftest.programs import PROGRAMS
from sandbox.selftest.trial import Examiner, Mode
from tests.sandbox.conftest import BACKENDS
from tests.sandbox.test_commands import cure_agent

ONE = program("one", "prints a number", "print(1)", stdout=b"1\n", exit_code=0)
FIELDS = {"name", "tries", "mode", "verdict", "reason", "held", "why", "seconds"}


@pytest.fixture(scope="module", params=BACKENDS)
def kind(request: pytest.FixtureRequest, require: Callable[[str, str], NoReturn]) -> str:
    backends: list[dict[str, Any]] = json.loads(cure_agent("status", "--json").stdout)["backends"]
    backend = next(backend for backend in backends if backend["name"] == request.param)
    if not backend["usable"]:
        require(request.param, f"{backend['detail']}; {backend['remedy']}")
    return str(request.param)


def selftest_of(monkeypatch: pytest.MonkeyPatch, kind: str, *programs: Hostile) -> Result:
    """The outcome of the command with these programs as the hostile set."""
    for name in list(PROGRAMS):
        monkeypatch.delitem(PROGRAMS, name)
    for hostile in programs:
        monkeypatch.setitem(PROGRAMS, hostile.name, hostile)
    return CliRunner().invoke(selftest, ["--sandbox", kind, "--json"])


def test_a_sandbox_that_holds_exits_0_with_a_table(kind: str) -> None:
    done = cure_agent("selftest", "--sandbox", kind, "--only", "kills_everything", "--only", "plain_growth")
    lines = done.stdout.decode().splitlines()
    assert done.returncode == 0 and done.stderr == b""
    assert [line.split()[0] for line in lines if line.startswith(("kills_everything", "plain_growth"))] != []
    assert "FAILED" not in done.stdout.decode()
    assert "2 hostile programs in " in done.stdout.decode() and "all held" in done.stdout.decode()


def test_json_has_every_program_in_both_modes(kind: str) -> None:
    done = cure_agent("selftest", "--sandbox", kind, "--only", "exits_7_at_once", "--json")
    report: dict[str, Any] = json.loads(done.stdout)
    assert (done.returncode, report["backend"], report["held"], report["total"], report["failed"]) == (
        0,
        kind,
        True,
        1,
        [],
    )
    assert report["isolation"].startswith(kind)
    assert [(row["name"], row["mode"], row["verdict"], row["held"], row["why"]) for row in report["programs"]] == [
        ("exits_7_at_once", mode, "crash", True, "") for mode in ("default", "strict")
    ]
    assert all(set(row) == FIELDS and row["seconds"] > 0 for row in report["programs"])


def test_it_fails_when_a_program_got_away_with_something(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = [
        replace(ONE, name="verdict", verdicts=(Verdict.TIMEOUT,)),
        replace(ONE, name="output", stdout=b"2\n"),
        replace(ONE, name="exit code", exit_code=1),
        replace(ONE, name="signal", signal=9),
        replace(ONE, name="reason", reason="cpu"),
        replace(ONE, name="second input", source="print(input()[:1])"),
        replace(ONE, name="leftover", look="print('here')"),
    ]
    done = selftest_of(monkeypatch, kind, *wrong, ONE)
    report = json.loads(done.stdout)
    assert (done.exit_code, report["held"], report["total"]) == (1, False, 8)
    assert report["failed"] == [hostile.name for hostile in wrong]
    whys = {row["name"]: row["why"] for row in report["programs"] if row["mode"] == "default"}
    assert "ok instead of timeout" in whys["verdict"] and "another output" in whys["output"]
    assert "exit code 0 instead of 1" in whys["exit code"] and "the next program found" in whys["leftover"]
    assert whys["second input"].startswith("input 1: another output")
    assert whys["one"] == ""


def test_it_fails_when_an_innocent_program_suffers(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spoilt = replace(innocent.PROGRAMS[0], name="spoilt", expected={b"3\n1 2 3\n": b"7\n"})
    monkeypatch.setattr(innocent, "PROGRAMS", (*innocent.PROGRAMS, spoilt))
    done = selftest_of(monkeypatch, kind, ONE)
    assert done.exit_code == 1
    assert "an innocent execution afterwards, spoilt, went wrong" in json.loads(done.stdout)["programs"][0]["why"]


def test_the_failures_stand_in_the_table(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PROGRAMS, "wrong", replace(ONE, name="wrong", stdout=b"2\n"))
    done = CliRunner().invoke(selftest, ["--sandbox", kind, "--only", "wrong"])
    assert done.exit_code == 1
    assert "FAILED (default)" in " ".join(done.stdout.split()) and "FAILED against wrong" in " ".join(
        done.stdout.split()
    )


def test_there_are_ten_innocent_executions() -> None:
    assert 2 + sum(len(innocent_program.expected) for innocent_program in innocent.PROGRAMS) == 10


def test_outside_a_jail_nothing_runs() -> None:
    done = cure_agent("selftest", "--sandbox", "none")
    assert (done.returncode, done.stdout) == (2, b"") and b"in a jail only" in done.stderr


async def test_outside_a_jail_nothing_runs_whoever_asks() -> None:
    async def opener() -> Sandbox:
        return await open_sandbox("none", slots=1)

    with watch.canary() as watched, pytest.raises(SandboxError, match="in a jail only"):
        await Examiner(opener, watched).trial(ONE, Mode.STRICT)


def test_an_unknown_program_names_the_nearest() -> None:
    done = cure_agent("selftest", "--only", "fork_bomp")
    assert done.returncode == 2 and b"fork_bomb" in done.stderr


def test_without_any_sandbox_it_exits_6(tmp_path: Path) -> None:
    done = cure_agent("selftest", "--json", PATH=str(tmp_path), DOCKER_HOST="unix:///nonexistent.sock")
    assert (done.returncode, done.stdout) == (6, b"") and b"apt-get install bubblewrap" in done.stderr


def test_the_canary_tells_of_harm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "SHARED", (str(tmp_path),))
    with watch.canary() as watched:
        assert watched.harm() == ""
        (tmp_path / "hostile1").touch()
        assert watched.harm() == f"files appeared on the host: {tmp_path}/hostile1"
        (tmp_path / "hostile1").unlink()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(f"\0{CANARY}")
            assert "socket" in watched.harm()
        assert watched.harm() == ""
        watched.file.write_text("x")
        assert "file of the host" in watched.harm()
        watched.file.write_bytes(watch.CONTENT)
        watched.process.send_signal(signal.SIGKILL)
        watched.process.wait()
        assert "process of the host" in watched.harm()
