"""Suites that attack: nothing outside the sandbox changes, and nothing is called passed that did not."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path

import pytest

from agent.repository.checks import Checker, Report, TestVerdict
from agent.repository.checks.base import NoBase, establish
from sandbox import Limits
from tests.agent.repository.checks.conftest import Open

pytestmark = pytest.mark.bubblewrap
TEST = "def test_a():\n    pass\n\n\ndef test_b():\n    assert False\n"
LIMITS = Limits(cpu_s=3, wall_s=20, memory_mb=512, output_bytes=1 << 18, processes=32)
FORGED = {
    "writes the report and leaves": """
        import os
        def pytest_collection_finish(session):
            path = session.config.option.xmlpath
            with open(path, "w") as file:
                file.write('<testsuites><testsuite>')
                for item in session.items:
                    file.write(f'<testcase classname="test_x" name="{item.name}"/>')
                file.write('</testsuite></testsuites>')
            os._exit(0)
        """,
    "turns every outcome into a pass": """
        import pytest
        @pytest.hookimpl(hookwrapper=True)
        def pytest_runtest_makereport(item, call):
            outcome = yield
            outcome.get_result().outcome = "passed"
        """,
    "runs no test": """
        import _pytest.python
        _pytest.python.Function.runtest = lambda self: None
        """,
    "tells only the hooks": """
        import pytest
        @pytest.hookimpl(tryfirst=True)
        def pytest_runtest_logreport(report):
            report.outcome = "passed"
        """,
    "ends with success in the middle": """
        import pytest
        def pytest_runtest_teardown(item):
            pytest.exit("done", returncode=0)
        """,
    "has no assertions": """
        import builtins, sys
        def pytest_collection_finish(session):
            sys.modules["os"]._exit(0)
        """,
}


@pytest.mark.parametrize("name", FORGED)
async def test_forged_verdicts_are_no_passes(opened: Open, name: str) -> None:
    checker = await opened({"conftest.py": FORGED[name], "test_x.py": TEST})
    report = await checker.run({})
    assert not report.finished and report.trouble
    assert "test_x.py::test_b" not in report.passed
    with_luck = {"test_x.py::test_a"} if "middle" in name else set()
    assert report.passed <= with_luck


async def test_a_suite_whose_verdicts_are_forged_is_no_base(opened: Open) -> None:
    checker = await opened({"conftest.py": FORGED["runs no test"], "test_x.py": TEST})
    with pytest.raises(NoBase, match="has to fail"):
        await establish(checker)


async def test_nothing_outside_changes(opened: Open, tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("here")
    server = await asyncio.start_server(_refuse, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    attacks = f"""
        import os, shutil, signal, socket, subprocess
        for path in ({str(tmp_path)!r}, os.path.dirname(__file__), os.path.expanduser("~"), "/etc", "/tmp", "/env"):
            shutil.rmtree(path, ignore_errors=True)
        for pid in (1, os.getppid(), -1):
            try:
                os.kill(pid, signal.SIGKILL if pid != -1 else signal.SIGCONT)
            except OSError:
                pass
        for host in ("127.0.0.1", "1.1.1.1"):
            try:
                socket.create_connection((host, {port}), timeout=1).sendall(b"x")
            except OSError:
                pass
        """
    checker = await opened({"conftest.py": attacks, "test_x.py": TEST}, limits=LIMITS)
    report = await checker.run({})
    server.close()
    assert report.passed == frozenset() and CONNECTED == []
    assert victim.read_text() == "here" and (checker.place.directory / "test_x.py").read_text() == TEST
    await _still_works(checker)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attack", "verdict"),
    [
        ("import os\nfor _ in range(500):\n    try:\n        os.fork()\n    except OSError:\n        pass\n", None),
        ("import os\nwhile True:\n    os.write(2, b'x' * 65536)\n", None),
        ("x = []\nwhile True:\n    x.append(bytearray(1 << 24))\n", None),
        ("while True:\n    pass\n", TestVerdict.TIMED_OUT),
    ],
)
async def test_what_exhausts_the_limits_is_ended(opened: Open, attack: str, verdict: TestVerdict | None) -> None:
    checker = await opened({"test_a.py": attack, "test_x.py": "def test_a(): pass\n"}, limits=LIMITS)
    report = await checker.run({}, ["test_a.py"])
    assert report.passed == frozenset()
    if verdict is not None:
        assert report.tests["test_a.py"].verdict == verdict
    await _still_works(checker)


async def _still_works(checker: Checker) -> None:
    report: Report = await checker.run({"conftest.py": None, "test_ok.py": b"def test_ok(): pass\n"}, ["test_ok.py"])
    assert report.passed == {"test_ok.py::test_ok"}, report.trouble


CONNECTED: list[str] = []


async def _refuse(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    CONNECTED.append(str(writer.get_extra_info("peername")))
    writer.close()


def test_the_server_that_must_not_be_reached_can_be_reached_from_here() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), timeout=5).close()
