"""`cure-agent listen`: problems that the browser extension sends are written, and solved where that is wanted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from cure.problem.file import load_problems
from tests.cure.test_companion import SENT


class Listener:
    """`cure-agent listen` in a process of its own, on a free port."""

    def __init__(self, folder: Path, arguments: Sequence[object]) -> None:
        command = [sys.executable, "-m", "agent", "listen", "--port", "0", "--to", str(folder), *map(str, arguments)]
        environment = os.environ | {"CURE_AGENT_STATE": str(folder / "state")}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        assert self.process.stderr is not None
        self.ready = self.process.stderr.readline().decode()
        self.port = int(self.ready.split(":")[1].split()[0])

    def send(self, value: object, **headers: str) -> tuple[int, str]:
        """Status and text of the answer to a problem."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=20)
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        connection.request("POST", "/", body, {"Content-Type": "application/json", **headers})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    def end(self) -> tuple[int, list[str], str]:
        """Exit code, paths that were written, and the rest of standard error, after waiting for the process to end."""
        paths, said = self.process.communicate(timeout=60)
        return self.process.returncode, paths.decode().split(), said.decode()


Listen = Callable[..., Listener]


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    started: list[Listener] = []

    def start(*arguments: object) -> Listener:
        started.append(Listener(tmp_path, arguments))
        return started[-1]

    yield start
    for listener in started:
        if listener.process.poll() is None:
            listener.process.kill()
        listener.process.communicate()


def test_each_problem_is_written_as_cures_json(listen: Listen, tmp_path: Path) -> None:
    listener = listen("--count", 3)
    other: dict[str, Any] = {**SENT, "timeLimit": 3000}
    assert [listener.send(sent) for sent in (SENT, other, SENT)] == [(200, "received\n")] * 3
    code, paths, said = listener.end()
    assert (code, paths) == (
        0,
        [str(tmp_path / name) for name in ("A.-Twice.json", "A.-Twice-2.json", "A.-Twice.json")],
    )
    assert said.count("note: A. Twice: the browser extension sends no statement") == 3
    (first,), (second,) = (load_problems(path) for path in paths[:2])
    assert first.examples[0].stdin == "5\n"
    assert (first.time_limit_s, second.time_limit_s) == (1.5, 3.0)


def test_what_is_no_problem_is_refused(listen: Listen) -> None:
    listener = listen("--count", 1)
    assert listener.send({"name": "x"}) == (400, "this is no problem in the format of competitive-companion\n")
    assert listener.send(b"{") == (400, "the request is not valid JSON\n")
    assert listener.send({**SENT, "interactive": True})[0] == 400
    assert listener.send(SENT, Origin="https://evil.example")[0] == 403
    assert listener.send(SENT, Host="evil.example")[0] == 403
    assert listener.send(SENT, Origin="moz-extension://1234", Host=f"localhost:{listener.port}")[0] == 200
    code, paths, said = listener.end()
    assert (code, len(paths)) == (0, 1)
    assert "refused: the problem is interactive" in said


def test_a_port_in_use_is_named(listen: Listen, tmp_path: Path) -> None:
    port = listen().port
    command = [sys.executable, "-m", "agent", "listen", "--port", str(port), "--to", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"cure-agent: cannot listen on 127.0.0.1:{port}: Address already in use; close the other"
    )


def test_ctrl_c_ends_it(listen: Listen) -> None:
    listener = listen()
    listener.process.send_signal(signal.SIGINT)
    code, paths, said = listener.end()
    assert (code, paths, said.strip()) == (130, [], "cure-agent: interrupted")


@pytest.mark.bubblewrap
def test_a_received_problem_is_solved_at_once(listen: Listen, tmp_path: Path) -> None:
    program = "```python\nprint(2 * int(input()))\n```"
    tests = [f"**Test Input:**\n```\n{n}\n```\n**Test Output:**\n```\n{2 * n}\n```" for n in range(8, 16)]
    answers = {"coder/*": [program], "tester/*": tests, "repair/*": [program]}
    script = tmp_path / "answers.json"
    script.write_text(
        json.dumps([{"key": key, "completions": texts, "repeat": True} for key, texts in answers.items()])
    )
    listener = listen("--count", 1, "--solve", "--", "--model", f"scripted:{script}", "--sandbox", "bubblewrap")
    listener.send(SENT)
    code, paths, said = listener.end()
    assert code == 0, said
    assert paths == [str(tmp_path / "A.-Twice.json")]
    assert (tmp_path / "A.-Twice.py").read_text() == "print(2 * int(input()))\n"
